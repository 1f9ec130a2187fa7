internal import CLLoCOTorch

/// Where a tensor's elements lie and its operations run.
public struct Device: Hashable, Sendable, CustomStringConvertible {
    /// The kinds of devices, by libtorch's names.
    public enum Kind: String, Sendable, CaseIterable {
        case cpu, cuda, mps

        var code: ctorch_device_type {
            switch self {
            case .cpu: ctorch_cpu
            case .cuda: ctorch_cuda
            case .mps: ctorch_mps
            }
        }
    }

    /// The kind of device.
    public let kind: Kind
    /// Which of several devices of the kind; 0 for the CPU.
    public let index: Int

    /// The first device of a kind by default.
    public init(_ kind: Kind, index: Int = 0) {
        self.kind = kind
        self.index = index
    }

    /// The processor.
    public static let cpu = Device(.cpu)

    /// "cpu", "cuda", "cuda:1", "mps"; nil for anything else.
    public init?(_ description: String) {
        let parts = description.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let kind = Kind(rawValue: String(parts[0])) else { return nil }
        var index = 0
        if parts.count == 2 {
            guard let given = Int(parts[1]), given >= 0, given < 128 else { return nil }
            index = given
        }
        self.init(kind, index: index)
    }

    /// Whether this libtorch and this machine can run on it.
    public var isAvailable: Bool { ctorch_device_available(kind.code) }

    /// Waits until all work given to the device is done; on the CPU that is always so.
    public func synchronize() throws(TorchError) {
        try check(ctorch_device_synchronize(kind.code, Int32(index)))
    }

    public var description: String { index == 0 ? kind.rawValue : "\(kind.rawValue):\(index)" }
}

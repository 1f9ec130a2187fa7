internal import CLLoCOTorch

/// The device that holds a tensor's elements and runs its operations.
public struct Device: Hashable, Sendable, CustomStringConvertible {
    /// A kind of device, by libtorch's name.
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
    /// The index among devices of the kind; 0 for the CPU.
    public let index: Int

    /// Creates a device; by default the first of its kind.
    public init(_ kind: Kind, index: Int = 0) {
        self.kind = kind
        self.index = index
    }

    /// The CPU.
    public static let cpu = Device(.cpu)

    /// Parses "cpu", "cuda", "cuda:1" or "mps"; nil for anything else.
    public init?(_ description: String) {
        let parts = description.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let kind = Kind(rawValue: String(parts[0])) else { return nil }
        var index = 0
        if parts.count == 2 {
            guard let parsed = Int(parts[1]), parsed >= 0, parsed < 128 else { return nil }
            index = parsed
        }
        self.init(kind, index: index)
    }

    /// Whether this libtorch and this machine support the device.
    public var isAvailable: Bool { ctorch_device_available(kind.code) }

    /// Waits until the device has finished all queued work; returns at once on the CPU.
    public func synchronize() throws(TorchError) {
        try check(ctorch_device_synchronize(kind.code, Int32(index)))
    }

    public var description: String { index == 0 ? kind.rawValue : "\(kind.rawValue):\(index)" }
}

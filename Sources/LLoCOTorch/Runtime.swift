internal import CLLoCOTorch

/// libtorch's process-wide state.
public enum Runtime {
    /// The version of libtorch that this was built against.
    public static var version: String { String(cString: ctorch_version()) }

    /// The version that the loaded libtorch says it has; nil where it says none. Another one than ``version`` may
    /// compute wrong results or crash: libtorch keeps no binary interface from version to version.
    public static var loadedVersion: String? {
        let version = String(cString: ctorch_loaded_version())
        return version.isEmpty ? nil : version
    }

    /// How many threads one operation may use.
    public static var threads: Int { Int(ctorch_threads()) }

    /// Sets how many threads one operation may use (1...4096).
    public static func setThreads(_ count: Int) throws(TorchError) {
        try check(ctorch_set_threads(Int32(clamping: count)))
    }

    /// Seeds libtorch's generators: dropout, `Tensor.randn`, `Tensor.rand`. A GPU's own is among them once a GPU was asked for.
    public static func seed(_ seed: UInt64) throws(TorchError) {
        try check(ctorch_seed(seed))
    }

    /// Whether this processor multiplies bfloat16 matrices natively; where it does not, float32 is the faster choice.
    public static var multipliesBFloat16: Bool {
        let features = ctorch_cpu_get_features()
        return features.avx512_bf16 || features.amx_bf16 || features.arm_bf16
    }

    /// The instruction sets that there are kernels for and that this processor has, best first. The last only emulates
    /// another, for tests.
    package static var kernelSets: [String] {
        (0...).lazy.map { ctorch_kernels_available($0) }.prefix { $0 != nil }.map { String(cString: $0!) }
    }

    /// The instruction set whose kernels this thread uses.
    public static var kernelSet: String { String(cString: ctorch_kernels_name()) }

    /// Runs `body` with another instruction set's kernels on this thread.
    package static func withKernels<Result>(of set: String, _ body: () throws -> Result) throws -> Result {
        let before = kernelSet
        try check(ctorch_kernels_choose(set))
        defer { _ = ctorch_kernels_choose(before) }
        return try body()
    }

    /// How many storages libtorch makes on the CPU for this thread while `body` runs: for tests of what should make none.
    package static func storagesMade(_ body: () throws -> Void) throws -> Int {
        var count: Int64 = 0
        try withoutActuallyEscaping(body) { body in
            let call = Call(body)
            try check(
                ctorch_count_storages(
                    { Unmanaged<Call>.fromOpaque($0!).takeUnretainedValue().run() },
                    Unmanaged.passUnretained(call).toOpaque(), &count))
            if let failure = call.failure { throw failure }
        }
        return Int(count)
    }

    /// A closure as C can hand it back.
    private final class Call {
        private let body: () throws -> Void
        private(set) var failure: (any Error)?

        init(_ body: @escaping () throws -> Void) {
            self.body = body
        }

        func run() {
            do { try body() } catch { failure = error }
        }
    }

    /// The processor's features that kernels are chosen by, for a report to a person.
    public static var processorFeatures: [String] {
        let features = ctorch_cpu_get_features()
        let named: [(String, Bool)] = [
            ("avx2", features.avx2), ("avx512", features.avx512), ("avx512_bf16", features.avx512_bf16),
            ("avx512_vnni", features.avx512_vnni), ("amx_bf16", features.amx_bf16), ("bf16", features.arm_bf16),
        ]
        return named.filter(\.1).map(\.0)
    }
}

/// Runs `body` without recording gradients on this thread. Calls may nest.
public func withoutGradients<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    let before = ctorch_set_grad_enabled(false)
    defer { _ = ctorch_set_grad_enabled(before) }
    return try body()
}

/// Whether operations on this thread record gradients.
public var gradientsAreRecorded: Bool { ctorch_grad_enabled() }

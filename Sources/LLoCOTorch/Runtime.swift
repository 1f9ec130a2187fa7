internal import CLLoCOTorch

/// libtorch's process-wide state.
public enum Runtime {
    /// The version of the libtorch headers that this package was built against.
    public static var version: String { String(cString: ctorch_version()) }

    /// The version that the loaded libtorch reports; nil if it reports none. A version other than ``version`` may
    /// compute wrong results or crash: libtorch's binary interface is not stable across versions.
    public static var loadedVersion: String? {
        let version = String(cString: ctorch_loaded_version())
        return version.isEmpty ? nil : version
    }

    /// The maximum number of threads of one operation.
    public static var threads: Int { Int(ctorch_threads()) }

    /// Sets the maximum number of threads of one operation (1...4096).
    public static func setThreads(_ count: Int) throws(TorchError) {
        try check(ctorch_set_threads(Int32(clamping: count)))
    }

    /// Seeds libtorch's generators (dropout, `Tensor.randn`, `Tensor.rand`), including a GPU's once the GPU was used.
    public static func seed(_ seed: UInt64) throws(TorchError) {
        try check(ctorch_seed(seed))
    }

    /// Whether this processor multiplies bfloat16 matrices natively; if not, float32 is faster.
    public static var multipliesBFloat16: Bool {
        let features = ctorch_cpu_get_features()
        return features.avx512_bf16 || features.amx_bf16 || features.arm_bf16
    }

    /// The instruction sets that have kernels and that this processor supports, best first. The last one only emulates
    /// another set, for tests.
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

    /// The number of CPU storages that libtorch allocates for this thread while `body` runs, for tests.
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

    /// A closure that C passes back as a pointer.
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

    /// The processor features that select kernels, for display.
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

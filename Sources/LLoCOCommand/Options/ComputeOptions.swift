import ArgumentParser
import Foundation
import LLoCOTorch

/// How to compute.
struct ComputeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Threads an operation may use.", discussion: "Default: one for each core."))
    var threads: Int?

    @Option(help: "The seed of everything random: training, sampling.")
    var seed: UInt64 = 0

    @Option(help: "Where to compute: cpu, cuda, cuda:1 or mps.")
    var device: String = "cpu"

    @Option(
        help: ArgumentHelp(
            "The numbers to compute in: auto, float32, bfloat16 or float16.",
            discussion: """
                auto is bfloat16 where the processor multiplies it natively, else float32, with 8 bits for what is \
                multiplied with quantized weights. Default: auto; float32 for generate, perplexity, compress and embed.
                """))
    var dtype: String?

    func validate() throws {
        if let threads, threads < 1 || threads > 4096 {
            throw ValidationError("--threads \(threads): expected 1 to 4096")
        }
        _ = try parsedDType()
        guard Device(device) != nil else {
            throw ValidationError("--device \(device): expected cpu, cuda, cuda:N or mps")
        }
    }

    /// Applies threads and seed to this process.
    func apply() throws {
        if let threads { try Runtime.setThreads(threads) }
        try Runtime.seed(seed)
    }

    /// The dtype to load in; nil leaves the choice to the device.
    ///
    /// - Parameter exact: float32 unless told otherwise, for results that other programs' are compared with
    func loadingDType(exact: Bool) throws -> DType? {
        try parsedDType() ?? (exact && dtype != "auto" ? .float32 : nil)
    }

    func parsedDType() throws -> DType? {
        guard let dtype, dtype != "auto" else { return nil }
        let known = [
            "float32": DType.float32, "f32": .float32, "bfloat16": .bfloat16, "bf16": .bfloat16,
            "float16": .float16, "f16": .float16,
        ]
        guard let parsed = known[dtype] else {
            throw ValidationError("--dtype \(dtype): expected auto, float32, bfloat16 or float16")
        }
        return parsed
    }

    func parsedDevice() throws -> Device {
        let parsed = Device(device) ?? .cpu
        guard parsed.isAvailable else {
            throw CommandError(
                "--device \(device): this libtorch and this machine have none; 'lloco doctor' says what is there")
        }
        return parsed
    }
}

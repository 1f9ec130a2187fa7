import ArgumentParser
import Foundation
import LLoCOTorch

/// The device, its threads, the seed and the dtype of a computation.
struct ComputeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Threads per operation. Default: one per core.", valueName: "n"))
    var threads: Int?

    @Option(help: ArgumentHelp("The seed for training and sampling.", visibility: .hidden))
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("cpu, cuda, cuda:1 or mps. Default: cpu.", valueName: "device"))
    var device: String?

    @Option(
        help: ArgumentHelp(
            "The dtype to compute in: auto, float32, bfloat16 or float16.",
            discussion: """
                auto is bfloat16 where the processor multiplies it natively, else float32, with 8 bits for what is \
                multiplied with quantized weights. Default: auto; float32 for generate, perplexity, compress and embed.
                """, visibility: .hidden))
    var dtype: String?

    func validate() throws {
        if let threads, SettingKey.threads.value(ofText: "\(threads)") == nil {
            throw ValidationError("--threads \(threads): expected \(SettingKey.threads.expected)")
        }
        _ = try parsedDType()
        if let device, Device(device) == nil {
            throw ValidationError("--device \(device): expected \(SettingKey.device.expected)")
        }
    }

    /// Applies threads and seed to this process.
    func apply() throws {
        if let threads = try Settings.threads(threads) { try Runtime.setThreads(threads) }
        try Runtime.seed(seed)
    }

    /// The dtype to load in; nil leaves the choice to the device.
    ///
    /// - Parameter exact: whether the default is float32, for results that are compared with other programs' results
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
        let name = try Settings.device(device)
        let parsed = Device(name) ?? .cpu
        guard parsed.isAvailable else {
            throw CommandError(
                "--device \(name): this libtorch and this machine have none; 'lloco doctor' lists the devices")
        }
        return parsed
    }
}

public import Foundation
public import LLoCOTorch

/// A LoRA adapter in PEFT's layout: `adapter_config.json` and `adapter_model.safetensors`. `adapter_model.bin` is
/// read, but never written.
public struct AdapterCheckpoint: Sendable {
    /// The two LoRA matrices of one linear layer: y = W x + scale · B (A x).
    public struct Weights: Sendable {
        /// `[r, in]`
        public var a: Tensor
        /// `[out, r]`
        public var b: Tensor

        /// Creates a pair of matrices with the same rank r.
        public init(a: Tensor, b: Tensor) {
            self.a = a
            self.b = b
        }
    }

    /// The settings in `adapter_config.json`.
    public var configuration: AdapterConfiguration
    /// The matrices of each adapted layer, in the dtype that was requested on reading.
    public var weights: [AdapterTarget: Weights]

    /// Creates an adapter from in-memory matrices, without validation.
    public init(configuration: AdapterConfiguration, weights: [AdapterTarget: Weights]) {
        self.configuration = configuration
        self.weights = weights
    }

    package static let configurationName = "adapter_config.json"
    package static let weightsName = "adapter_model.safetensors"
    static let pickledWeightsName = "adapter_model.bin"

    /// The files of the adapter in `folder`. Their digests identify the adapter.
    /// - Throws: `CheckpointError` if one of them is missing.
    public static func files(in folder: URL) throws -> [URL] {
        let folder = Folder(folder)
        guard let configuration = folder.file(configurationName) else {
            throw CheckpointError(
                .unreadable, file: folder.url.path, found: "no \(configurationName) in the folder",
                expected: "a LoRA adapter in PEFT's layout")
        }
        guard let weights = folder.file(weightsName) ?? folder.file(pickledWeightsName) else {
            throw CheckpointError(
                .unreadable, file: folder.url.path, found: "no adapter weights in the folder",
                expected: "\(weightsName) or \(pickledWeightsName)")
        }
        return [configuration, weights]
    }

    /// Reads the adapter in `folder`.
    /// - Parameter dtype: the dtype of the matrices; nil for the stored dtype.
    /// - Throws: `CheckpointError` for unsupported LoRA variants, tensors that are not LoRA matrices, and shapes that
    ///   do not fit the ranks.
    public static func read(_ folder: URL, as dtype: DType? = nil) throws -> AdapterCheckpoint {
        let files = try files(in: folder)
        let rules = try AdapterRules(json: FileBytes(mapping: files[0]))
        let tensors = try CheckpointLoader.openFile(files[1])
        return try read(rules, tensors, file: files[1].path, as: dtype)
    }

    /// Reads an adapter from the output of `encoded()`; errors call it `name`.
    /// - Throws: `CheckpointError`.
    public init(configuration: String, weights: Data, name: String, as dtype: DType? = nil) throws {
        self = try Self.read(
            AdapterRules(json: FileBytes(Array(configuration.utf8), name: name)),
            SafetensorsCheckpoint(data: weights, named: name), file: name, as: dtype)
    }

    private static func read(
        _ rules: AdapterRules, _ tensors: any Checkpoint, file: String, as dtype: DType?
    ) throws -> AdapterCheckpoint {
        func fault(_ found: String, _ expected: String) -> CheckpointError {
            CheckpointError(.mismatch, file: file, found: found, expected: expected)
        }
        var names: [AdapterTarget: (a: String?, b: String?)] = [:]
        var paths: [AdapterTarget: String] = [:]
        var adapters: Set<String?> = []
        for name in tensors.names {
            guard let key = AdapterKey(name) else {
                throw fault(
                    "the tensor \(name)",
                    "base_model.model.model.layers.N.self_attn.{q,k,v,o}_proj.lora_{A,B}.weight, "
                        + "or mlp.{gate,up,down}_proj")
            }
            adapters.insert(key.adapter)
            guard paths[key.target] ?? key.path == key.path else {
                throw fault("both \(key.path) and \(paths[key.target]!)", "layers of one model")
            }
            paths[key.target] = key.path
            var pair = names[key.target] ?? (nil, nil)
            if key.isA { pair.a = name } else { pair.b = name }
            names[key.target] = pair
        }
        guard adapters.count <= 1 else {
            let found = adapters.map { $0 ?? "(unnamed)" }.sorted().joined(separator: ", ")
            throw fault("tensors of \(adapters.count) adapters: \(found)", "tensors of one adapter")
        }
        guard !names.isEmpty else { throw fault("no tensors", "lora_A and lora_B of at least one layer") }
        let configuration = try rules.configuration(for: paths, file: file)
        var weights: [AdapterTarget: Weights] = [:]
        for (target, pair) in names {
            guard let nameA = pair.a, let nameB = pair.b else {
                throw fault("only one matrix for \(target.path)", "both lora_A and lora_B")
            }
            let (a, b) = (try tensors.shape(of: nameA), try tensors.shape(of: nameB))
            let rank = configuration.rank(of: target)
            guard !a.contains(0), !b.contains(0) else {
                throw fault(
                    "\(target.path) with A \(a) and B \(b), which are empty",
                    "non-empty matrices; with ZeRO stage 3, gather the parameters before saving")
            }
            guard a.count == 2, b.count == 2, a[0] == rank, b[1] == rank else {
                throw fault("\(target.path) with A \(a) and B \(b)", "A [\(rank), in] and B [out, \(rank)]")
            }
            weights[target] = Weights(a: try tensors.tensor(nameA, as: dtype), b: try tensors.tensor(nameB, as: dtype))
        }
        return AdapterCheckpoint(configuration: configuration, weights: weights)
    }
}

public import Foundation
import LLoCOTorch

extension AdapterCheckpoint {
    /// Writes the adapter into `folder` in the layout that PEFT and vLLM load. Creates the folder if it is missing.
    ///
    /// Each file is written atomically, the weights first. The same adapter always gives the same bytes.
    /// - Throws: `CheckpointError` if shapes do not fit the configuration or a file cannot be written; `TorchError`.
    public func write(to folder: URL) throws {
        let weightsFile = folder.appendingPathComponent(Self.weightsName)
        let tensors = try namedTensors(file: weightsFile.path)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw CheckpointError(.unwritable, file: folder.path, found: "could not create the folder")
        }
        try SafetensorsWriter.write(tensors, metadata: ["format": "pt"], to: weightsFile)
        try AtomicFile.write(Data(configuration.json.utf8), to: folder.appendingPathComponent(Self.configurationName))
    }

    /// The contents of the two files in memory, for a store such as a database.
    /// - Throws: `CheckpointError`, `TorchError`.
    public func encoded() throws -> (configuration: String, weights: Data) {
        let tensors = try namedTensors(file: Self.weightsName)
        return (configuration.json, try SafetensorsWriter.data(tensors, metadata: ["format": "pt"]))
    }

    private func namedTensors(file: String) throws -> [String: Tensor] {
        func fault(_ found: String, _ expected: String) -> CheckpointError {
            CheckpointError(.mismatch, file: file, found: found, expected: expected)
        }
        try configuration.validate(file: file)
        var tensors: [String: Tensor] = [:]
        for (target, weights) in weights {
            let rank = configuration.rank(of: target)
            let (a, b) = (weights.a.shape, weights.b.shape)
            guard configuration.names(target), a.count == 2, b.count == 2, a[0] == rank, b[1] == rank else {
                throw fault(
                    "\(target.path) with A \(a) and B \(b)", "a target module with A [\(rank), in] and B [out, \(rank)]"
                )
            }
            tensors[AdapterKey.name(target, isA: true)] = weights.a
            tensors[AdapterKey.name(target, isA: false)] = weights.b
        }
        guard !tensors.isEmpty else { throw fault("an adapter without weights", "weights of at least one layer") }
        return tensors
    }
}

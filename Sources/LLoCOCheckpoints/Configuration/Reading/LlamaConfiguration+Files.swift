public import Foundation

extension LlamaConfiguration {
    /// Reads the configuration of an open checkpoint: from the parsed metadata of a GGUF file, otherwise as
    /// ``init(at:)``.
    /// - Throws: `CheckpointError`.
    public init(of checkpoint: any Checkpoint, at url: URL) throws {
        if let checkpoint = checkpoint as? GGUFCheckpoint {
            try self.init(gguf: checkpoint)
        } else {
            try self.init(at: url)
        }
    }

    /// Reads the configuration of the model at `url`: a GGUF file, a Hugging Face folder, a `config.json`, or a folder
    /// with one GGUF file.
    ///
    /// In a folder, the EOS ids of `generation_config.json` are added to those of `config.json`: only there do chat
    /// models list the end of a turn.
    /// - Throws: `CheckpointError`.
    public init(at url: URL) throws {
        guard Folder.exists(url) else {
            let file = try FileBytes(mapping: url)
            let isGGUF = file.count >= 4 && Array(file[0..<4]) == Array("GGUF".utf8)
            self = isGGUF ? try LlamaConfiguration(gguf: GGUFCheckpoint(file)) : try LlamaConfiguration(json: file)
            return
        }
        let folder = Folder(url)
        guard let config = folder.file("config.json") else {
            let hasGGUF = (try? CheckpointLoader.onlyGGUF(in: folder)) != nil
            guard hasGGUF else {
                throw CheckpointError(
                    .unreadable, file: url.path, found: "no config.json in the folder",
                    expected: "a Hugging Face folder or one .gguf file")
            }
            self = try LlamaConfiguration(gguf: GGUFCheckpoint(CheckpointLoader.onlyGGUF(in: folder)))
            return
        }
        self = try LlamaConfiguration(json: FileBytes(mapping: config))
        if let generation = folder.file("generation_config.json") {
            let file = try FileBytes(mapping: generation)
            let reader = ConfigurationReader(file: file, object: try file.jsonObject())
            for id in try reader.integers("eos_token_id") where !eosTokenIDs.contains(id) { eosTokenIDs.append(id) }
            try validate(in: file)
        }
    }
}

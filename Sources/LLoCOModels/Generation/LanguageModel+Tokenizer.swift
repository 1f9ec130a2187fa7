public import Foundation
public import LLoCOCheckpoints
public import LLoCOTokenizers

extension LanguageModel {
    /// Loads a model's tokenizer; nil if the folder or file has none.
    ///
    /// - Parameter path: a `.gguf` file, or a folder with `tokenizer.json`, `tokenizer.model` or one `.gguf` file
    public static func tokenizer(of checkpoint: any Checkpoint, path: URL) throws -> (any Tokenizer)? {
        if let gguf = checkpoint as? GGUFCheckpoint {
            return try GGUFVocabulary(gguf).map { try TokenizerLoader.load(gguf: $0) }
        }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path.path, isDirectory: &isFolder) else { return nil }
        let folder = isFolder.boolValue ? path : path.deletingLastPathComponent()
        let names = ["tokenizer.json", "tokenizer.model"]
        guard names.contains(where: { FileManager.default.fileExists(atPath: folder.appending(path: $0).path) }) else {
            return nil
        }
        return try TokenizerLoader.load(folder: folder)
    }
}

extension GGUFVocabulary {
    /// Reads the `tokenizer.*` metadata of a GGUF file; nil if it has none.
    init?(_ checkpoint: GGUFCheckpoint) throws {
        let metadata = checkpoint.metadata
        guard let model = metadata["tokenizer.ggml.model"]?.string,
            let tokens = try metadata["tokenizer.ggml.tokens"]?.array?.strings()
        else { return nil }
        func id(_ name: String) -> Int? { metadata["tokenizer.ggml.\(name)"]?.integer }
        self.init(model: model, tokens: tokens, location: checkpoint.files.first?.path ?? "GGUF file")
        // transformers, the reference for ids, pre-tokenizes this vocabulary like GPT-2.
        pre = metadata["tokenizer.ggml.pre"]?.string.map { $0 == "smollm" ? "gpt-2" : $0 }
        scores = metadata["tokenizer.ggml.scores"]?.array?.floats() ?? []
        tokenTypes = metadata["tokenizer.ggml.token_type"]?.array?.integers() ?? []
        merges = try metadata["tokenizer.ggml.merges"]?.array?.strings() ?? []
        beginningOfText = id("bos_token_id")
        endOfText = id("eos_token_id")
        endOfTurn = id("eot_token_id")
        unknown = id("unknown_token_id")
        padding = id("padding_token_id")
        addsSpacePrefix = metadata["tokenizer.ggml.add_space_prefix"]?.bool
        addsBeginningOfText = metadata["tokenizer.ggml.add_bos_token"]?.bool
        chatTemplate = metadata["tokenizer.chat_template"]?.string
    }
}

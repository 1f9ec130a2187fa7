public import Foundation
public import Logging

/// Loads tokenizers from model files.
public enum TokenizerLoader {
    /// Loads the tokenizer in a model's folder: the first of `tokenizer.json`, `tokenizer.model` and `vocab.txt`.
    ///
    /// Other files (`tokenizer_config.json`, `special_tokens_map.json`, `chat_template.jinja`,
    /// `generation_config.json`, `added_tokens.json`) define the BOS and EOS tokens and the chat template.
    ///
    /// - Throws: ``TokenizerError`` if the tokenizer is missing, malformed or unsupported.
    public static func load(folder: URL) throws(TokenizerError) -> any Tokenizer {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue else {
            throw TokenizerError(.missing, in: folder.path, "no such folder")
        }
        let files = try TokenizerFolder(folder)
        if let root = try files.json("tokenizer.json") {
            return try load(TokenizerJSON(root, files))
        }
        if files.has("tokenizer.model") {
            return try SentencePieceTokenizer(
                files.bytes("tokenizer.model"), files, location: folder.appending(path: "tokenizer.model").path)
        }
        if files.has("vocab.txt") {
            return try WordPieceTokenizer(
                lines: files.bytes("vocab.txt"), files, location: folder.appending(path: "vocab.txt").path)
        }
        throw TokenizerError(
            .missing, in: folder.path, "no tokenizer: expected tokenizer.json, tokenizer.model or vocab.txt")
    }

    /// Creates the tokenizer of a GGUF file.
    ///
    /// - Parameter logger: receives a warning if neither the file nor its vocabulary identifies the pre-tokenizer.
    /// - Throws: ``TokenizerError`` for an inconsistent vocabulary or an unsupported kind of tokenizer.
    public static func load(
        gguf vocabulary: GGUFVocabulary, logger: Logger = Logger(label: "lloco.tokenizers")
    ) throws(TokenizerError) -> any Tokenizer {
        switch vocabulary.model {
        case "gpt2": return try ByteLevelTokenizer(vocabulary, logger: logger)
        case "llama": return try SentencePieceTokenizer(vocabulary)
        case "bert": return try WordPieceTokenizer(vocabulary)
        case let model:
            throw .unsupported(
                vocabulary.location,
                "tokenizer.ggml.model is \(TokenizerError.quoted(model)), expected gpt2, llama or bert")
        }
    }

    private static func load(_ json: TokenizerJSON) throws(TokenizerError) -> any Tokenizer {
        switch try json.kind() {
        case "BPE": return try hasSpaceSymbols(json) ? SentencePieceTokenizer(json) : ByteLevelTokenizer(json)
        case "WordPiece": return try WordPieceTokenizer(json)
        case let kind:
            throw .unsupported(
                json.location, "model.type is \(TokenizerError.quoted(kind)), expected BPE or WordPiece")
        }
    }

    /// Whether tokens contain space symbols, as in files converted from SentencePiece models.
    private static func hasSpaceSymbols(_ json: TokenizerJSON) throws(TokenizerError) -> Bool {
        if try json.model["byte_fallback"].bool() == true {
            return true
        }
        for step in try json.steps("normalizer", "normalizers") + json.steps("pre_tokenizer", "pretokenizers") {
            let type = try step["type"].string()
            if type == "Metaspace" || type == "Prepend" {
                return true
            }
        }
        return false
    }
}

public import Foundation
public import Logging

/// Makes tokenizers from the files that models come with.
public enum TokenizerLoader {
    /// The tokenizer of a model's folder: of `tokenizer.json`, else `tokenizer.model`, else `vocab.txt`.
    ///
    /// The files beside it (`tokenizer_config.json`, `special_tokens_map.json`, `chat_template.jinja`,
    /// `generation_config.json`, `added_tokens.json`) say which tokens begin and end a text and how a chat is written.
    ///
    /// - Throws: ``TokenizerError`` where there is no tokenizer, or one that is malformed or not supported.
    public static func load(folder: URL) throws(TokenizerError) -> any Tokenizer {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue else {
            throw TokenizerError(.missing, in: folder.path, "there is no such folder")
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

    /// The tokenizer of a GGUF file.
    ///
    /// - Parameter logger: hears a warning where the file does not say how words are cut, and the vocabulary does not
    ///   tell.
    /// - Throws: ``TokenizerError`` for a vocabulary that is not consistent, or of a kind that is not supported.
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

    /// Whether spaces are symbols inside the tokens, as in files made from SentencePiece models.
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

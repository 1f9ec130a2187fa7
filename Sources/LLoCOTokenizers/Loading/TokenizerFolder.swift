import Foundation
import LLoCOBase

/// A model's folder with the files that assign roles to the tokens of the vocabulary.
struct TokenizerFolder {
    /// Far above the size of any known tokenizer file.
    private static let maximumFileBytes = 1 << 29

    let url: URL

    /// `tokenizer_config.json`; an empty object if the file is missing.
    let config: JSONField

    /// `special_tokens_map.json`; an empty object if the file is missing.
    private let specialTokens: JSONField

    init(_ url: URL) throws(TokenizerError) {
        self.url = url
        config = try Self.json("tokenizer_config.json", in: url) ?? Self.emptyJSON
        specialTokens = try Self.json("special_tokens_map.json", in: url) ?? Self.emptyJSON
    }

    private static var emptyJSON: JSONField { JSONField(.object(JSONObject()), location: "") }

    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: url.appending(path: name).path) }

    /// The bytes of a file.
    func bytes(_ name: String) throws(TokenizerError) -> [UInt8] { try Self.bytes(url.appending(path: name)) }

    /// The document in a JSON file; nil if the file is missing.
    func json(_ name: String) throws(TokenizerError) -> JSONField? { try Self.json(name, in: url) }

    private static func json(_ name: String, in folder: URL) throws(TokenizerError) -> JSONField? {
        let file = folder.appending(path: name)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        let bytes = try bytes(file)
        do throws(JSONError) {
            return JSONField(try JSONParser.parse(bytes), location: file.path)
        } catch {
            throw .malformed(file.path, "not JSON: \(error.found), at byte \(error.offset)")
        }
    }

    private static func bytes(_ file: URL) throws(TokenizerError) -> [UInt8] {
        let data: Data
        do {
            // Resolved first, because the Hugging Face cache uses links and a link's own values are returned otherwise.
            let values = try file.resolvingSymlinksInPath().resourceValues(forKeys: [.fileSizeKey, .isRegularFileKey])
            guard values.isRegularFile == true else {
                throw TokenizerError(.missing, in: file.path, "not a regular file")
            }
            guard let size = values.fileSize, size <= maximumFileBytes else {
                throw TokenizerError.malformed(file.path, "larger than \(maximumFileBytes >> 20) MiB")
            }
            data = try Data(contentsOf: file)
        } catch let error as TokenizerError {
            throw error
        } catch {
            throw TokenizerError(.missing, in: file.path, "cannot be read: \(error.localizedDescription)")
        }
        return Array(data)
    }

    /// The spelling of a token by its role, such as `eos_token`.
    func token(_ role: String) throws(TokenizerError) -> String? {
        for field in [config[role], specialTokens[role]] {
            switch field.value {
            case nil: continue
            case .object: return try field["content"].string()
            default: return try field.string()
            }
        }
        return nil
    }

    /// The template in `chat_template.jinja`, otherwise the one in `tokenizer_config.json`.
    func chatTemplate() throws(TokenizerError) -> String? {
        if has("chat_template.jinja") {
            let bytes = try bytes("chat_template.jinja")
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw .malformed(url.appending(path: "chat_template.jinja").path, "not UTF-8 text")
            }
            return text
        }
        let field = config["chat_template"]
        guard case .array? = field.value else { return try field.string() }
        for element in try field.elements() ?? [] where try element["name"].string() == "default" {
            return try element["template"].string()
        }
        return nil
    }

    /// The tokens in `tokenizer_config.json` and `added_tokens.json`.
    func addedTokens() throws(TokenizerError) -> [AddedToken] {
        var tokens: [AddedToken] = []
        let decoder = config["added_tokens_decoder"]
        for (key, field) in try decoder.fields() ?? [] {
            guard let id = Int(key) else {
                throw decoder.fault("has the key \(TokenizerError.quoted(key)), expected a token id")
            }
            tokens.append(try AddedToken(id: id, field))
        }
        let known = Set(tokens.map(\.id))
        for (text, field) in try json("added_tokens.json")?.fields() ?? [] {
            let id = try field.required(field.integer())
            if !known.contains(id) {
                tokens.append(AddedToken(id: id, text: text, isSpecial: false))
            }
        }
        return tokens
    }

    /// Sets the roles that the folder's files assign.
    func complete(_ roles: inout TokenRoles, _ vocabulary: Vocabulary) throws(TokenizerError) {
        func id(_ role: String) throws(TokenizerError) -> Int? {
            guard let text = try token(role) else { return nil }
            return vocabulary.id(of: text)
        }
        roles.beginningOfText = try id("bos_token") ?? roles.beginningOfText
        roles.endOfText = try id("eos_token") ?? roles.endOfText
        roles.unknown = try id("unk_token") ?? roles.unknown
        roles.addsBeginningOfText =
            (try config["add_bos_token"].bool() ?? roles.addsBeginningOfText) && roles.beginningOfText != nil
        roles.chatTemplate = try chatTemplate() ?? roles.chatTemplate
        for id in try generationEndIDs() where id >= 0 && id < vocabulary.count {
            roles.otherEnds.insert(id)
        }
    }

    /// `eos_token_id` in `generation_config.json`, a number or a list of numbers.
    private func generationEndIDs() throws(TokenizerError) -> [Int] {
        guard let field = try json("generation_config.json")?["eos_token_id"] else { return [] }
        guard case .array? = field.value else { return try field.integer().map { [$0] } ?? [] }
        var ids: [Int] = []
        for element in try field.elements() ?? [] {
            if let id = try element.integer() {
                ids.append(id)
            }
        }
        return ids
    }
}

extension AddedToken {
    /// Reads a token from an entry of `tokenizer.json` or `tokenizer_config.json`.
    init(id: Int, _ field: JSONField) throws(TokenizerError) {
        self.id = id
        text = try field["content"].required(field["content"].string())
        isSpecial = try field["special"].bool() ?? false
        stripsLeft = try field["lstrip"].bool() ?? false
        stripsRight = try field["rstrip"].bool() ?? false
        isSingleWord = try field["single_word"].bool() ?? false
    }
}

extension Vocabulary {
    /// Creates a vocabulary from `pairs` and those of the added tokens that are not among them.
    init(
        _ pairs: [(text: String, id: Int)], adding added: [AddedToken], location: String
    ) throws(TokenizerError) {
        var base = try Vocabulary(pairs, location: location)
        var extra: [(text: String, id: Int)] = []
        for token in added where base.id(of: token.text) != token.id {
            guard !token.text.isEmpty else { throw .malformed(location, "added token \(token.id) is empty") }
            extra.append((token.text, token.id))
        }
        if extra.enumerated().allSatisfy({ $1.id == base.count + $0 }) {
            // The usual case: added tokens follow the others.
            for token in extra {
                base.append(token.text)
            }
            self = base
        } else {
            self = try Vocabulary(pairs + extra, location: location)
        }
    }
}

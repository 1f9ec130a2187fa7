import Foundation
import LLoCOTokenizers

/// The `tokenizer.*` metadata of a GGUF file, read without validation, for trusted test files.
struct GGUFMetadata {
    enum Value {
        case integer(Int)
        case float(Float)
        case bool(Bool)
        case string(String)
        case array([Value])
    }

    private(set) var values: [String: Value] = [:]
    private var data: Data
    private var offset = 0

    init(_ url: URL) throws {
        data = try Data(contentsOf: url, options: .mappedIfSafe)
        guard data.prefix(4) == Data("GGUF".utf8) else { throw CocoaError(.fileReadCorruptFile) }
        offset = 8
        _ = integer(UInt64.self)
        for _ in 0..<integer(UInt64.self) {
            let key = string()
            values[key] = value(of: integer(UInt32.self))
        }
    }

    private mutating func integer<Number: FixedWidthInteger>(_: Number.Type) -> Int {
        defer { offset += MemoryLayout<Number>.size }
        return Int(data.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Number.self) })
    }

    private mutating func string() -> String {
        let length = integer(UInt64.self)
        defer { offset += length }
        return String(decoding: data[offset..<(offset + length)], as: UTF8.self)
    }

    private mutating func value(of type: Int) -> Value {
        switch type {
        case 0: return .integer(integer(UInt8.self))
        case 1: return .integer(integer(Int8.self))
        case 2: return .integer(integer(UInt16.self))
        case 3: return .integer(integer(Int16.self))
        case 4: return .integer(integer(UInt32.self))
        case 5: return .integer(integer(Int32.self))
        case 6: return .float(Float(bitPattern: UInt32(integer(UInt32.self))))
        case 7: return .bool(integer(UInt8.self) != 0)
        case 8: return .string(string())
        case 9:
            let element = integer(UInt32.self)
            let count = integer(UInt64.self)
            return .array((0..<count).map { _ in value(of: element) })
        default: return .integer(integer(Int64.self))
        }
    }

    private func integer(_ key: String) -> Int? {
        if case .integer(let integer)? = values[key] { integer } else { nil }
    }

    private func bool(_ key: String) -> Bool? {
        if case .bool(let bool)? = values[key] { bool } else { nil }
    }

    private func string(_ key: String) -> String? {
        if case .string(let string)? = values[key] { string } else { nil }
    }

    private func strings(_ key: String) -> [String] {
        guard case .array(let values)? = values[key] else { return [] }
        return values.compactMap { if case .string(let string) = $0 { string } else { nil } }
    }

    var vocabulary: GGUFVocabulary {
        var result = GGUFVocabulary(
            model: string("tokenizer.ggml.model") ?? "", tokens: strings("tokenizer.ggml.tokens"),
            location: "test.gguf")
        result.pre = string("tokenizer.ggml.pre")
        result.merges = strings("tokenizer.ggml.merges")
        if case .array(let types)? = values["tokenizer.ggml.token_type"] {
            result.tokenTypes = types.compactMap { if case .integer(let type) = $0 { type } else { nil } }
        }
        if case .array(let scores)? = values["tokenizer.ggml.scores"] {
            result.scores = scores.compactMap { if case .float(let score) = $0 { score } else { nil } }
        }
        result.beginningOfText = integer("tokenizer.ggml.bos_token_id")
        result.endOfText = integer("tokenizer.ggml.eos_token_id")
        result.unknown = integer("tokenizer.ggml.unknown_token_id")
        result.padding = integer("tokenizer.ggml.padding_token_id")
        result.addsSpacePrefix = bool("tokenizer.ggml.add_space_prefix")
        result.addsBeginningOfText = bool("tokenizer.ggml.add_bos_token")
        result.chatTemplate = string("tokenizer.chat_template")
        return result
    }
}

public import Foundation
import LLoCOBase

/// What sentence-transformers sets beside an encoder.
public struct SentenceConfiguration: Equatable, Sendable {
    public static let fileName = "sentence_bert_config.json"
    public static let poolingName = "1_Pooling/config.json"

    /// Tokens of a text that count, the special ones included; nil where nothing is said.
    public var maximumTokens: Int?

    public init(maximumTokens: Int? = nil) {
        self.maximumTokens = maximumTokens
    }

    /// Reads a folder's `sentence_bert_config.json`; a folder without one says nothing.
    /// - Throws: `CheckpointError` where a file is malformed, or the folder's pooling is not the mean.
    public init(folder: URL) throws {
        let pooling = folder.appendingPathComponent(Self.poolingName)
        if FileManager.default.fileExists(atPath: pooling.path) {
            let file = try FileBytes(mapping: pooling)
            guard try file.jsonObject()["pooling_mode_mean_tokens"]?.bool == true else {
                throw file.fault(
                    "another pooling than the mean", expected: "pooling_mode_mean_tokens", code: .unsupported)
            }
        }
        guard let url = Folder(folder).file(Self.fileName) else { return }
        let file = try FileBytes(mapping: url)
        let reader = ConfigurationReader(file: file, object: try file.jsonObject())
        maximumTokens = try reader.optionalInteger("max_seq_length")
        if let maximumTokens, maximumTokens < 3 {
            throw file.fault("max_seq_length \(maximumTokens)", expected: "3 or more: a token between two special ones")
        }
    }
}

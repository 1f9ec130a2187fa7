public import Foundation

/// Reference values of transformers for the default models, from `smollm2.json`.
public struct DefaultModelValues: Decodable, Sendable {
    /// The token ids of a text.
    public struct Tokens: Decodable, Sendable {
        public let text: String
        public let ids: [Int]
    }

    /// The negative log-likelihood of a text.
    public struct Likelihood: Decodable, Sendable {
        /// The file name of a licence text in Debian and Ubuntu.
        let file: String
        /// The number of scored tokens.
        public let tokens: Int
        /// nats
        public let nll: Double

        /// The text's path; nil if this machine does not have it.
        public var path: String? {
            let path = "/usr/share/common-licenses/\(file)"
            return FileManager.default.fileExists(atPath: path) ? path : nil
        }
    }

    /// A greedy continuation of a prompt.
    public struct Greedy: Decodable, Sendable {
        public let prompt: String
        public let ids: [Int]
        public let text: String
    }

    /// A text's embedding.
    public struct Embedding: Decodable, Sendable {
        public let text: String
        /// Token ids, including special tokens.
        public let ids: [Int]
        public let vector: [Double]
    }

    public let tokens: [Tokens]
    public let nll: [Likelihood]
    public let greedy: [Greedy]
    public let embeddings: [Embedding]

    private static let fileName = "smollm2.json"

    /// Whether the folder `golden` contains the values.
    public static func exist(in golden: URL) -> Bool {
        FileManager.default.fileExists(atPath: golden.appending(path: fileName).path)
    }

    /// Reads the values in the folder `golden`; throws if they are missing or malformed.
    public init(in golden: URL) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: golden.appending(path: Self.fileName)))
    }
}

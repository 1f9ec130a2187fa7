public import Foundation

/// What transformers computes with the default models: `smollm2.json` among the reference values.
public struct DefaultModelValues: Decodable, Sendable {
    public struct Tokens: Decodable, Sendable {
        public let text: String
        public let ids: [Int]
    }

    public struct Likelihood: Decodable, Sendable {
        /// A licence text that Debian and Ubuntu carry, by its file's name.
        let file: String
        /// How many of the text's tokens count.
        public let tokens: Int
        /// nats
        public let nll: Double

        /// The text's file, where this machine has it.
        public var path: String? {
            let path = "/usr/share/common-licenses/\(file)"
            return FileManager.default.fileExists(atPath: path) ? path : nil
        }
    }

    public struct Greedy: Decodable, Sendable {
        public let prompt: String
        public let ids: [Int]
        public let text: String
    }

    public struct Embedding: Decodable, Sendable {
        public let text: String
        /// With the special tokens.
        public let ids: [Int]
        public let vector: [Double]
    }

    public let tokens: [Tokens]
    public let nll: [Likelihood]
    public let greedy: [Greedy]
    public let embeddings: [Embedding]

    private static let fileName = "smollm2.json"

    /// Whether the folder `golden` holds them.
    public static func exist(in golden: URL) -> Bool {
        FileManager.default.fileExists(atPath: golden.appending(path: fileName).path)
    }

    /// Reads those of the folder `golden`; throws where they are not there or are others than these.
    public init(in golden: URL) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: golden.appending(path: Self.fileName)))
    }
}

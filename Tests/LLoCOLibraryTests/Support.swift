import Foundation
import LLoCOBase
import LLoCOLibrary
import LLoCOTestSupport

/// Embeds a text as its normalized word counts in hashed dimensions, so that similar texts have similar vectors.
final class WordCountEmbedder: TextEmbedder {
    let identity: String
    let dimension: Int
    /// The number of texts of all calls.
    let seen = Counter()
    /// The number of texts after which embedding fails.
    let failsAfter: Int

    struct Failure: Error {}

    init(identity: String = "word-count", dimension: Int = 64, failsAfter: Int = .max) {
        self.identity = identity
        self.dimension = dimension
        self.failsAfter = failsAfter
    }

    func embed(_ texts: [String]) throws -> [[Float]] {
        guard seen.add(texts.count) <= failsAfter else { throw Failure() }
        return texts.map { text in
            var vector = [Float](repeating: 0, count: dimension)
            for word in text.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
                let hash = word.utf8.reduce(UInt64(14_695_981_039_346_656_037)) {
                    ($0 ^ UInt64($1)) &* 1_099_511_628_211
                }
                vector[Int(hash >> 20) % dimension] += 1
            }
            let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return norm > 0 ? vector.map { $0 / norm } : vector
        }
    }
}

extension Sample {
    static let identity = VectorIdentity(model: "model-1", compressor: "compressor-1", variant: "accumulated-4-2")

    /// A segment of four tokens and two vectors of dimension three, with bytes derived from `mark`.
    static func segment(_ index: Int, mark: UInt8 = 1) -> NewSegment {
        NewSegment(
            tokens: index * 4..<index * 4 + 4, bytes: index * 5..<index * 5 + 5,
            tokenDigest: Digest.sha256(tokens: index * 4..<index * 4 + 4), vectorCount: 2, dimension: 3,
            vectors: Data(repeating: mark &+ UInt8(truncatingIfNeeded: index), count: 12))
    }

    /// A segment with a bias of three heads, [3, 2] float32. The second head keeps only the first vector.
    static func biased(_ index: Int) -> NewSegment {
        var segment = segment(index)
        let numbers: [Float] = [Float(index), 1, 2, -.infinity, 3, -4]
        segment.bias = numbers.map { $0.bitPattern.littleEndian }.withUnsafeBytes { Data($0) }
        return segment
    }

    /// Fills every table of a library.
    static func fill(_ library: SQLiteLibrary) throws {
        let embedder = WordCountEmbedder(dimension: 24)
        for (topic, group) in [("harbour", "sea"), ("glacier", "ice"), ("lighthouse", "sea")] {
            let document = try library.upsertDocument(
                path: "/texts/\(topic).txt", group: group, text: text(topic), tokenCount: 12
            ).document
            let passages = try library.passages(of: document.id)
            try library.setEmbeddings(
                zip(passages.map(\.id), embedder.embed(passages.map(\.text))).map { (passage: $0, values: $1) },
                embedder: embedder.identity, dimension: embedder.dimension)
            for index in 0..<3 {
                let segment = topic == "lighthouse" && index == 1 ? biased(index) : segment(index)
                try library.appendSegment(segment, to: document.id, identity: identity)
            }
            try library.markComplete(document.id, identity: identity)
        }
        let run = try library.startRun(
            of: "sea", identity: identity, settings: "{}", dataDigest: "d", totalSteps: 4)
        try library.saveRun(run.id, step: 2, state: Data(repeating: 7, count: 9000), losses: [.init(step: 1, loss: 2)])
        try library.finishRun(run.id, config: "{\"r\": 8}", weights: Data(repeating: 9, count: 20_000))
        let open = try library.startRun(
            of: "ice", identity: identity, settings: "{}", dataDigest: "d", totalSteps: 4)
        try library.saveRun(open.id, step: 1, state: Data(repeating: 5, count: 9000), losses: [.init(step: 1, loss: 3)])
    }
}

import Foundation
import LLoCOLibrary

/// The computed content of a library, without times and keys, to compare two libraries.
struct LibraryContent {
    struct Segment: Hashable {
        let tokens: Range<Int>
        let bytes: Range<Int>
        let digest: String
    }

    struct Document: Hashable {
        let name: String
        let group: String
        let text: String
        let segments: [Segment]
        /// bfloat16 bytes of all vectors
        private(set) var vectors: Data
        let passages: [String]
        let isFinished: Bool

        /// Whether everything but the vectors is equal, and the vectors are up to rounding: a resumed run reads more
        /// vectors at once and sums in another order.
        func agrees(with other: Document) -> Bool {
            var (own, others) = (self, other)
            (own.vectors, others.vectors) = (Data(), Data())
            return own == others && vectors.count == other.vectors.count && hasVectors(near: other.vectors)
        }

        /// Whether its vectors equal the first ones of `others` up to rounding.
        func hasVectors(near others: Data) -> Bool {
            guard vectors.count <= others.count else { return false }
            let (own, reference) = (Self.numbers(vectors), Self.numbers(others.prefix(vectors.count)))
            let distance = zip(own, reference).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            return distance <= 1e-4 * reference.reduce(0) { $0 + $1 * $1 }
        }

        private static func numbers(_ bytes: Data) -> [Double] {
            let bytes = Array(bytes)
            return stride(from: 0, to: bytes.count - 1, by: 2).map {
                Double(Float(bitPattern: UInt32(bytes[$0]) << 16 | UInt32(bytes[$0 + 1]) << 24))
            }
        }
    }

    /// The result of `SQLiteLibrary.verify`; empty for a sound file.
    let faults: [String]
    private let all: [Document]
    /// The digests of the adapters by group, newest first.
    let adapters: [String: [String]]
    let unfinishedRuns: Int
    let embeddedPassages: Int
    let passages: Int

    /// Opens the library for writing, as the next command would.
    init(of place: Workplace, file: String = "library.lloco") async throws {
        let library = try SQLiteLibrary.open(place.path(file), for: .writing)
        faults = try library.verify()
        let compressions = Dictionary(grouping: try await library.compressions(), by: \.document)
        all = try await library.documents().map { document in
            let segments = try (compressions[document.id] ?? []).flatMap { compression in
                try library.segments(of: document.id, identity: compression.identity)
            }
            var vectors = Data()
            for compression in compressions[document.id] ?? [] {
                // Reading checks the digests, also of an unfinished document.
                vectors += try library.vectors(
                    of: document.id, identity: compression.identity, segments: compression.segmentCount
                ).bytes
            }
            return Document(
                name: document.name, group: document.group, text: try library.text(of: document.id),
                segments: segments.map { Segment(tokens: $0.tokens, bytes: $0.bytes, digest: $0.tokenDigest) },
                vectors: vectors, passages: try library.passages(of: document.id).map { "\($0.bytes)" },
                isFinished: document.isComplete)
        }
        adapters = Dictionary(grouping: try await library.adapters(), by: \.group).mapValues { $0.map(\.digest) }
        unfinishedRuns = try await library.trainingRuns().count { !$0.isFinished }
        let statistics = try library.statistics()
        embeddedPassages = statistics.embeddedPassages
        passages = statistics.passages
    }

    func documents(finished: Bool? = nil) -> [String: Document] {
        Dictionary(
            uniqueKeysWithValues: all.filter { finished == nil || $0.isFinished == finished }.map { ($0.name, $0) })
    }
}

import Foundation
import LLoCOBase
import LLoCODocuments
import LLoCOLibrary
import Synchronization

/// Random passages for a library with the statistics of real ones: word frequencies by Zipf's law, and the embeddings
/// of a document near each other.
struct SyntheticPassages {
    private static let wordsPerPassage = 120
    private static let passagesPerDocument = 100
    private static let vocabularySize = 50_000
    /// The number of the most frequent words that are stop words, which questions leave out
    private static let stopWords = 150
    /// Words per question
    private static let questionWords = 6

    private let library: SQLiteLibrary
    private let embedder: any TextEmbedder
    private let words: [String]
    private var generator: SplitMix64
    private var count = 0
    private var documents = 0
    /// The words of the last passage, which the next question is about
    private var last: [Int] = []

    init(library: SQLiteLibrary, embedder: any TextEmbedder, seed: UInt64) {
        self.library = library
        self.embedder = embedder
        generator = SplitMix64(seed: seed)
        words = (0..<Self.vocabularySize).map(Self.word)
    }

    /// Adds documents until the library has `size` passages.
    mutating func grow(to size: Int, progress: (Int) -> Void) throws {
        let splitter = PassageSplitter(maximumWords: Self.wordsPerPassage, maximumPieces: .max)
        while count < size {
            let number = min(Self.passagesPerDocument, size - count)
            let text = (0..<number).map { _ in passage() }.joined(separator: "\n\n")
            let document = try library.upsertDocument(
                path: "document-\(documents)", text: text, tokenCount: number * Self.wordsPerPassage,
                splitter: splitter
            ).document.id
            let passages = try library.passages(of: document)
            let topic = vector()
            try library.setEmbeddings(
                passages.map { (passage: $0.id, values: near(topic)) }, embedder: embedder.identity,
                dimension: embedder.dimension)
            documents += 1
            count += passages.count
            progress(count)
        }
    }

    /// A question about a new passage: some of its words, without stop words.
    mutating func question() -> String {
        _ = passage()
        let telling = last.filter { $0 >= Self.stopWords }
        return telling.shuffled(using: &generator).prefix(Self.questionWords).map { words[$0] }.joined(separator: " ")
            + "?"
    }

    private mutating func passage() -> String {
        last = (0..<Self.wordsPerPassage).map { _ in
            // The logarithm of the rank is uniform: a word's frequency is inversely proportional to its rank.
            let rank = pow(Double(Self.vocabularySize), Double.random(in: 0..<1, using: &generator))
            return min(Int(rank), Self.vocabularySize) - 1
        }
        return last.map { words[$0] }.joined(separator: " ") + "."
    }

    /// A pronounceable word, unique for its rank; rarer words are longer.
    private static func word(_ rank: Int) -> String {
        let (consonants, vowels) = (Array("bcdfghklmnprstvz"), Array("aeiou"))
        var (rest, text) = (rank, "")
        repeat {
            text.append(consonants[rest % 16])
            text.append(vowels[rest / 16 % 5])
            rest /= 80
        } while rest > 0
        return text
    }

    /// A unit vector.
    private mutating func vector() -> [Float] {
        normalized((0..<embedder.dimension).map { _ in Float.random(in: -1...1, using: &generator) })
    }

    private mutating func near(_ topic: [Float]) -> [Float] {
        normalized(zip(topic, vector()).map { 0.6 * $0 + 0.8 * $1 })
    }

    private func normalized(_ values: [Float]) -> [Float] {
        let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return values.map { $0 / length }
    }
}

/// An embedder that sums the seconds of its calls.
final class TimedEmbedder: TextEmbedder {
    private let embedder: any TextEmbedder
    private let last = Mutex(0.0)

    init(_ embedder: any TextEmbedder) { self.embedder = embedder }

    var identity: String { embedder.identity }
    var dimension: Int { embedder.dimension }
    /// of `embed` and `omittedTokens`, the calls for embedding a question, since ``forget()``
    var seconds: Double { last.withLock { $0 } }

    func forget() { last.withLock { $0 = 0 } }

    func embed(_ texts: [String]) throws -> [[Float]] { try timed { try embedder.embed(texts) } }

    func embed(questions: [String]) throws -> [[Float]] { try timed { try embedder.embed(questions: questions) } }

    func omittedTokens(of text: String) -> Int { timed { embedder.omittedTokens(of: text) } }

    func omittedTokens(ofQuestion question: String) -> Int {
        timed { embedder.omittedTokens(ofQuestion: question) }
    }

    private func timed<Result>(_ body: () throws -> Result) rethrows -> Result {
        let start = ContinuousClock.now
        defer { last.withLock { $0 += start.duration(to: .now).seconds } }
        return try body()
    }
}

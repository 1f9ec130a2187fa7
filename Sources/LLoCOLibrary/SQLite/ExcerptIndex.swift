internal import Foundation
internal import GRDB
import LLoCOBase
import LLoCODocuments

/// A BM25 index of short excerpts of a few texts, for budgets that whole passages would exceed.
///
/// The full-text index of a library holds passages of 180 words. This index holds pieces of up to 28 words. It is
/// in-memory and is kept while questions are about the same texts.
package final class ExcerptIndex: Sendable {
    /// An excerpt of one of the texts.
    package struct Piece: Hashable, Sendable {
        /// The index of the text.
        package let text: Int
        /// The UTF-8 byte offsets in the text.
        package let bytes: Range<Int>

        /// Creates a piece.
        package init(text: Int, bytes: Range<Int>) {
            self.text = text
            self.bytes = bytes
        }
    }

    /// Sizes of 20, 28, 32 and 60 words and single sentences were tried on FairytaleQA's training questions. Pieces of
    /// 20 to 32 words contain the most words of the answers in 60 to 190 tokens.
    private static let splitter = PassageSplitter(maximumWords: 28, maximumPieces: 60)

    /// The maximum bytes of a whole sentence. A longer sentence is clamped to its piece.
    private static let maximumSentence = 320

    /// All pieces, in the order of the texts.
    package let pieces: [Piece]
    private let texts: [[UInt8]]
    /// The sentences of each text, UTF-8 byte offsets.
    private let sentences: [[Range<Int>]]
    private let queue: DatabaseQueue

    /// Splits texts into pieces and indexes them.
    package init(_ texts: [String]) throws {
        self.texts = texts.map { Array($0.utf8) }
        sentences = texts.map { PassageSplitter.sentences(of: $0) }
        pieces = texts.enumerated().flatMap { index, text in
            Self.splitter.split(text).map { Piece(text: index, bytes: $0) }
        }
        queue = try DatabaseQueue()
        try queue.write { db in
            try db.execute(
                sql: "CREATE VIRTUAL TABLE pieces USING fts5(text, tokenize=\"porter unicode61 remove_diacritics 2\")")
            let insert = try db.makeStatement(sql: "INSERT INTO pieces (rowid, text) VALUES (?, ?)")
            for (index, piece) in pieces.enumerated() {
                try insert.execute(arguments: [index, self.content(piece)])
            }
        }
    }

    /// The text of a piece.
    package func content(_ piece: Piece) -> String {
        String(decoding: texts[piece.text][piece.bytes], as: UTF8.self)
    }

    /// The text in a byte range of a text.
    package func content(_ bytes: Range<Int>, of text: Int) -> String {
        String(decoding: texts[text][bytes], as: UTF8.self)
    }

    /// A piece without its last word; nil if it is one word.
    package func withoutLastWord(_ piece: Piece) -> Piece? {
        let bytes = texts[piece.text][piece.bytes]
        guard let blank = bytes.lastIndex(where: Self.isBlank),
            let last = bytes[..<blank].lastIndex(where: { !Self.isBlank($0) })
        else { return nil }
        return Piece(text: piece.text, bytes: piece.bytes.lowerBound..<last + 1)
    }

    /// The range from the start of one range to the end of another; nil unless only white space separates them.
    package func joined(_ first: Range<Int>, _ second: Range<Int>, of text: Int) -> Range<Int>? {
        guard first.upperBound <= second.lowerBound else { return nil }
        let between = texts[text][first.upperBound..<second.lowerBound]
        guard between.allSatisfy(Self.isBlank) else { return nil }
        return first.lowerBound..<second.upperBound
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }

    /// The BM25 scores of the pieces that match a question, by index in ``pieces``. All scores are positive.
    package func scores(for question: String) throws -> [Int: Double] {
        guard let query = KeywordQuery(question).fullText else { return [:] }
        let rows = try queue.read { db in
            try Row.fetchAll(
                db, sql: "SELECT rowid, -bm25(pieces) AS score FROM pieces WHERE pieces MATCH ?", arguments: [query])
        }
        return Dictionary(uniqueKeysWithValues: rows.map { ($0["rowid"], max($0["score"], .leastNormalMagnitude)) })
    }

    /// The number of pieces that contain a phrase: one word or several consecutive words.
    package func frequency(of phrase: String) throws -> Int {
        guard let query = Self.query(phrase: phrase) else { return 0 }
        return try queue.read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM pieces WHERE pieces MATCH ?", arguments: [query]) ?? 0
        }
    }

    /// The score of a piece of mean length that contains each of a question's words once. Words that occur in no piece
    /// add nothing.
    package func worth(of question: String) throws -> Double {
        try KeywordQuery(question).words.reduce(0) { sum, word in
            let count = Double(try frequency(of: word))
            // SQLite's inverse document frequency.
            return count == 0 ? sum : sum + max(1e-6, log((Double(pieces.count) - count + 0.5) / (count + 0.5)))
        }
    }

    /// The full-text query for a phrase; nil if it has no words.
    private static func query(phrase: String) -> String? {
        let words = phrase.split { !$0.isLetter && !$0.isNumber }
        return words.isEmpty ? nil : "\"" + words.joined(separator: " ") + "\""
    }

    /// The sentences of pieces that contain a phrase; otherwise as ``sentences(with:limit:)``.
    package func sentences(withPhrase phrase: String, limit: Int) throws -> [Int: Range<Int>] {
        try sentences(of: Self.query(phrase: phrase), limit)
    }

    /// The sentences of the best pieces that match a text's words: UTF-8 byte offsets in the piece's text, by index in
    /// ``pieces``. A range goes from the first to the last sentence with a match and may extend beyond the piece.
    ///
    /// - Parameter limit: the maximum number of pieces, best first
    package func sentences(with words: String, limit: Int) throws -> [Int: Range<Int>] {
        try sentences(of: KeywordQuery(words).fullText, limit)
    }

    private func sentences(of query: String?, _ limit: Int) throws -> [Int: Range<Int>] {
        guard let query else { return [:] }
        let rows = try queue.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT rowid, highlight(pieces, 0, char(2), char(2)) AS marked
                    FROM pieces WHERE pieces MATCH ? ORDER BY rank, rowid LIMIT ?
                    """, arguments: [query, limit])
        }
        return Dictionary(
            uniqueKeysWithValues: rows.map { row in
                let place: Int = row["rowid"]
                return (place, sentences(of: place, marked: row["marked"]))
            })
    }

    /// The range from the first to the last sentence with a marked word. A sentence longer than the maximum is clamped
    /// to the piece.
    ///
    /// - Parameter marked: the piece's text with a byte of 2 before and after each matching word
    private func sentences(of place: Int, marked: String) -> Range<Int> {
        let piece = pieces[place]
        let bytes = texts[piece.text]
        var offset = piece.bytes.lowerBound
        var marks: [Int] = []
        for byte in marked.utf8 {
            if byte == 2, offset >= piece.bytes.upperBound || bytes[offset] != 2 {
                marks.append(offset)
            } else {
                offset += 1
            }
        }
        guard let first = marks.first, let last = marks.last else { return piece.bytes }
        func sentence(_ offset: Int) -> Range<Int> {
            let all = sentences[piece.text]
            let index = all.partitioningIndex { $0.upperBound >= offset }
            let found = index < all.count ? all[index] : piece.bytes
            return found.count <= Self.maximumSentence ? found : found.clamped(to: piece.bytes)
        }
        let (start, end) = (sentence(first + 1).lowerBound, sentence(last).upperBound)
        return start < end ? start..<end : piece.bytes
    }
}

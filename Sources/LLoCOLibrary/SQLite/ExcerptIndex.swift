internal import Foundation
internal import GRDB
import LLoCOBase
import LLoCODocuments

/// Finds the short pieces of a few texts that have a question's words, by BM25: what a context has room for where whole
/// passages would be too long.
///
/// The full-text index of a library holds passages of 180 words; this one, of pieces of 28 words at most, lives in memory
/// for as long as questions are asked about the same texts.
package final class ExcerptIndex: Sendable {
    /// A piece of one of the texts.
    package struct Piece: Hashable, Sendable {
        /// Which text
        package let text: Int
        /// UTF-8 byte offsets in it
        package let bytes: Range<Int>

        package init(text: Int, bytes: Range<Int>) {
            self.text = text
            self.bytes = bytes
        }
    }

    /// Of sizes tried on FairytaleQA's training questions (20, 28, 32, 60 words, single sentences) pieces of 20 to 32
    /// words hold the most of the answers' words in 60 to 190 tokens.
    private static let splitter = PassageSplitter(maximumWords: 28, maximumPieces: 60)

    /// In bytes: a sentence that is longer is read as far as its piece goes.
    private static let longestSentence = 320

    /// In the texts' order.
    package let pieces: [Piece]
    private let texts: [[UInt8]]
    /// Each text's, UTF-8 byte offsets
    private let sentences: [[Range<Int>]]
    private let queue: DatabaseQueue

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

    /// A piece's text.
    package func content(_ piece: Piece) -> String {
        String(decoding: texts[piece.text][piece.bytes], as: UTF8.self)
    }

    /// Some of a text's bytes.
    package func content(_ bytes: Range<Int>, of text: Int) -> String {
        String(decoding: texts[text][bytes], as: UTF8.self)
    }

    /// A piece as far as the blank before its last word; nil where it is one word.
    package func withoutLastWord(_ piece: Piece) -> Piece? {
        let bytes = texts[piece.text][piece.bytes]
        guard let blank = bytes.lastIndex(where: Self.isBlank),
            let last = bytes[..<blank].lastIndex(where: { !Self.isBlank($0) })
        else { return nil }
        return Piece(text: piece.text, bytes: piece.bytes.lowerBound..<last + 1)
    }

    /// The text from one piece's beginning to another's end, where nothing but blanks lies between them; else nil.
    package func joined(_ first: Range<Int>, _ second: Range<Int>, of text: Int) -> Range<Int>? {
        guard first.upperBound <= second.lowerBound else { return nil }
        let between = texts[text][first.upperBound..<second.lowerBound]
        guard between.allSatisfy(Self.isBlank) else { return nil }
        return first.lowerBound..<second.upperBound
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }

    /// How well pieces match a question's words: BM25, more than 0, by place in ``pieces``. Others have none of the words.
    package func scores(for question: String) throws -> [Int: Double] {
        guard let query = KeywordQuery(question).fullText else { return [:] }
        let rows = try queue.read { db in
            try Row.fetchAll(
                db, sql: "SELECT rowid, -bm25(pieces) AS score FROM pieces WHERE pieces MATCH ?", arguments: [query])
        }
        return Dictionary(uniqueKeysWithValues: rows.map { ($0["rowid"], max($0["score"], .leastNormalMagnitude)) })
    }

    /// How many pieces have a phrase: a word, or several in a row.
    package func frequency(of phrase: String) throws -> Int {
        guard let query = Self.query(phrase: phrase) else { return 0 }
        return try queue.read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM pieces WHERE pieces MATCH ?", arguments: [query]) ?? 0
        }
    }

    /// What a question's words are worth together: the score of a piece of mean length that has each of them once. Words
    /// that no piece has are worth nothing.
    package func worth(of question: String) throws -> Double {
        try KeywordQuery(question).words.reduce(0) { sum, word in
            let count = Double(try frequency(of: word))
            // As SQLite weighs words.
            return count == 0 ? sum : sum + max(1e-6, log((Double(pieces.count) - count + 0.5) / (count + 0.5)))
        }
    }

    /// What finds the words of a phrase in a row; nil where it has none.
    private static func query(phrase: String) -> String? {
        let words = phrase.split { !$0.isLetter && !$0.isNumber }
        return words.isEmpty ? nil : "\"" + words.joined(separator: " ") + "\""
    }

    /// Of pieces that have a phrase, the sentences with it; otherwise as ``sentences(with:limit:)``.
    package func sentences(withPhrase phrase: String, limit: Int) throws -> [Int: Range<Int>] {
        try sentences(of: Self.query(phrase: phrase), limit)
    }

    /// Of pieces that have some of a text's words, the sentences from the first to the last with one: UTF-8 byte offsets in
    /// their text, by place. They may go beyond the piece.
    ///
    /// - Parameter limit: pieces that are looked at, best first
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

    /// The sentences from the first to the last in which marks stand. Of a sentence that is longer than a piece only what
    /// the piece has.
    ///
    /// - Parameter marked: the piece's text with a byte of 2 before and after each word
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
            let index = all.firstPlace { $0.upperBound >= offset }
            let found = index < all.count ? all[index] : piece.bytes
            return found.count <= Self.longestSentence ? found : found.clamped(to: piece.bytes)
        }
        let (start, end) = (sentence(first + 1).lowerBound, sentence(last).upperBound)
        return start < end ? start..<end : piece.bytes
    }
}

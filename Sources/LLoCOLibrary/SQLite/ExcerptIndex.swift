internal import Foundation
internal import GRDB
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

    /// In the texts' order.
    package let pieces: [Piece]
    private let texts: [[UInt8]]
    private let queue: DatabaseQueue

    package init(_ texts: [String]) throws {
        self.texts = texts.map { Array($0.utf8) }
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

    /// The places in ``pieces`` of those that share a word with the question, best first.
    package func ranked(for question: String, limit: Int) throws -> [Int] {
        guard let query = KeywordQuery(question).fullText else { return [] }
        return try queue.read { db in
            try Int.fetchAll(
                db, sql: "SELECT rowid FROM pieces WHERE pieces MATCH ? ORDER BY rank, rowid LIMIT ?",
                arguments: [query, limit])
        }
    }
}

internal import Foundation
internal import GRDB
import LLoCOBase
public import LLoCODocuments

extension SQLiteLibrary {
    /// The stored document that a question set's line is about: by its text's digest, else by its title or id, those of
    /// `group` first.
    ///
    /// - Throws: ``LibraryError`` (``LibraryError/Code/notFound``) naming the line's document where there is none.
    public func document(for entry: QuestionDocument, in group: String) throws -> DocumentRecord {
        let digest = entry.document.map { Digest.sha256($0) }
        let found: DocumentRecord? = try read { db in
            if let digest, let match = try self.document("digest", in: [digest], preferring: group, db) { return match }
            return try self.document("name", in: Self.spellings(of: entry.title), preferring: group, db)
                ?? self.document("name", in: Self.spellings(of: entry.id), preferring: group, db)
        }
        guard let found else {
            throw LibraryError(
                .notFound, "the questions' document '\(entry.title)' is not in the library",
                hint: .addDocuments(group: group))
        }
        return found
    }

    /// The first document with one of the values in a column, those of `group` before others.
    private func document(
        _ column: String, in values: [String], preferring group: String, _ db: Database
    ) throws -> DocumentRecord? {
        let places = values.map { _ in "?" }.joined(separator: ", ")
        return try Row.fetchOne(
            db,
            sql: """
                \(Self.documentQuery) WHERE documents.\(column) IN (\(places))
                ORDER BY groups.name <> ?, documents.id LIMIT 1
                """, arguments: StatementArguments(values + [group])
        ).map(Self.document)
    }

    /// A name as it may be spelled in bytes: systems differ in whether a file's name has its accents composed.
    private static func spellings(of name: String) -> [String] {
        [name, name.precomposedStringWithCanonicalMapping, name.decomposedStringWithCanonicalMapping]
    }
}

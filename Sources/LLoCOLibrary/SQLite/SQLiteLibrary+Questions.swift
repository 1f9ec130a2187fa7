internal import Foundation
internal import GRDB
import LLoCOBase
public import LLoCODocuments

extension SQLiteLibrary {
    /// The stored document that an entry of a question set is about, matched by the digest of its text, then by title,
    /// then by id. Documents of `group` are preferred.
    ///
    /// - Throws: ``LibraryError`` (``LibraryError/Code/notFound``) that names the entry's document if none matches.
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

    /// The first document with one of the values in a column. Documents of `group` come first.
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

    /// The Unicode normalization forms of a name: file systems differ in whether they compose accents.
    private static func spellings(of name: String) -> [String] {
        [name, name.precomposedStringWithCanonicalMapping, name.decomposedStringWithCanonicalMapping]
    }
}

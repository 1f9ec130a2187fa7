import Foundation
import LLoCOBase
import LLoCODocuments

/// A folder of texts that a data set refers to by file name: NarrativeQA's stories, TriviaQA's evidence.
struct EvidenceFolder {
    let folder: URL

    init(_ folder: URL) {
        self.folder = folder
    }

    /// The `given` folder, else TriviaQA's default: `evidence` beside the folder of `file`, or beside `file`.
    init(beside file: URL, given: URL?) {
        let parent = file.absoluteURL.deletingLastPathComponent()
        let places = [parent.deletingLastPathComponent(), parent].map { $0.appending(path: "evidence") }
        folder = given ?? places.first(where: DataFolder.exists) ?? places[0]
    }

    /// The text of the file `name`, searched in `subfolders` and then in the folder itself.
    ///
    /// Files that are not UTF-8 are read as ISO-8859-1, the encoding of old Project Gutenberg books. HTML is converted
    /// to text.
    ///
    /// - Throws: `JSONFields.Fault` if the name leads out of the folder, or the file is missing or unreadable.
    func text(of name: String, in subfolders: [String] = [], limits: DataFileLimits) throws -> String {
        let shown = name.printable(limit: 120)
        guard DataFolder.isInside(name) else {
            throw JSONFields.Fault(reason: "the file name \"\(shown)\" leads out of \(folder.relativePath)")
        }
        let places =
            subfolders.map { folder.appending(path: $0).appending(path: name) } + [folder.appending(path: name)]
        guard let url = places.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
            throw JSONFields.Fault(reason: "no file \"\(shown)\" in \(folder.relativePath)")
        }
        do {
            return try Self.text(bytes(of: url, shown, limits.textBytes), path: url.relativePath)
        } catch let error as DocumentError {
            throw JSONFields.Fault(reason: error.description)
        }
    }

    private func bytes(of url: URL, _ shown: String, _ limit: Int) throws -> Data {
        let attributes = try? FileManager.default.attributesOfItem(atPath: url.resolvingSymlinksInPath().path)
        guard attributes?[.type] as? FileAttributeType == .typeRegular, let file = try? FileHandle(forReadingFrom: url)
        else { throw JSONFields.Fault(reason: "\"\(shown)\" is not a readable file") }
        defer { try? file.close() }
        guard let data = try? file.read(upToCount: limit + 1) ?? Data() else {
            throw JSONFields.Fault(reason: "\"\(shown)\" cannot be read")
        }
        guard data.count <= limit else {
            throw JSONFields.Fault(reason: "\"\(shown)\" is longer than \(limit) bytes")
        }
        return data
    }

    private static func text(_ data: Data, path: String) throws -> String {
        let reader = DocumentReader()
        let start = String(decoding: data.prefix(256), as: UTF8.self).lowercased()
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let kind: DocumentText.Kind = start.hasPrefix("<!doctype html") || start.hasPrefix("<html") ? .html : .text
        do {
            return try reader.read(data, path: path, kind: kind).text
        } catch let error as DocumentError where error.code == .encoding && !data.contains(0) {
            guard let text = String(data: data, encoding: .isoLatin1) else { throw error }
            return try reader.read(Data(text.utf8), path: path, kind: kind).text
        }
    }
}

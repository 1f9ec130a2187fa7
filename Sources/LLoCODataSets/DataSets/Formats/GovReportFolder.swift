import Foundation
import LLoCOBase

/// GovReport as its authors publish it: a folder with a JSON file a report, in `gao` and `crs`, and `split_ids` with the
/// names of each split's, `gao_valid.ids` among them. A folder of such files alone will do.
struct GovReportFolder {
    private let folder: URL
    private let split: String?
    private let limits: DataFileLimits
    private static let subsets = ["crs", "gao"]

    init(_ folder: URL, split: String?, _ limits: DataFileLimits) {
        self.folder = folder
        self.split = split
        self.limits = limits
    }

    /// Whether there are reports in `folder`.
    static func hasReports(_ folder: URL) -> Bool {
        subsets.contains { DataFolder.exists(folder.appending(path: $0)) } || !reports(in: folder).isEmpty
    }

    /// Reads every report, or those of the split. A file that cannot be read is a malformed record.
    func read(into set: inout EvaluationSetBuilder) throws {
        for file in try files() {
            let url = folder.appending(path: file)
            var id = url.lastPathComponent
            for suffix in [".gz", ".json"] where id.hasSuffix(suffix) { id = String(id.dropLast(suffix.count)) }
            var reader: any DataRecordReader = GovReportRecords(id: id)
            do {
                try set.read(JSONRecordFile(url: url, layout: .single, limits: limits), with: &reader)
            } catch let error as JSONLinesError where error.file == url.relativePath {
                try set.reject(
                    JSONFields.Fault(reason: error.reason), RecordPlace(line: error.line, number: 1), record: id,
                    in: error.file)
            }
        }
    }

    /// The reports' paths in the folder.
    private func files() throws -> [String] {
        let subsets = Self.subsets.filter { DataFolder.exists(folder.appending(path: $0)) }
        guard let split else {
            return Self.reports(in: folder)
                + subsets.flatMap { name in Self.reports(in: folder.appending(path: name)).map { "\(name)/\($0)" } }
        }
        var files: [String] = []
        var isFound = false
        for subset in subsets {
            let list = folder.appending(path: "split_ids").appending(path: "\(subset)_\(split).ids")
            guard DataFolder.isInside(split), FileManager.default.fileExists(atPath: list.path) else { continue }
            isFound = true
            let ids = try JSONLinesReader(url: list)
            while let line = try ids.next() {
                let id = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
                guard DataFolder.isInside(id) else {
                    throw ids.error(line: ids.lineNumber, "\"\(id.printable(limit: 80))\"; expected a report's id")
                }
                files.append("\(subset)/\(id).json")
            }
        }
        guard isFound else {
            throw JSONLinesError(
                file: folder.relativePath, line: nil,
                reason:
                    "no list of the split \"\(split.printable(limit: 40))\" in split_ids; expected gao_valid.ids "
                    + "or alike",
                errorCode: .notFound)
        }
        return files
    }

    private static func reports(in folder: URL) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".json") || $0.hasSuffix(".json.gz") }.sorted()
    }
}

import Foundation
import LLoCOBase

/// A reader of GovReport as published: a folder with one JSON file per report in `gao` and `crs`, and the ids of each
/// split in `split_ids`, such as `gao_valid.ids`. A flat folder of report files works too.
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

    /// Whether `folder` contains reports.
    static func hasReports(_ folder: URL) -> Bool {
        subsets.contains { DataFolder.exists(folder.appending(path: $0)) } || !reports(in: folder).isEmpty
    }

    /// Reads all reports, or those of the split. An unreadable file counts as a malformed record.
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

    /// The reports' paths relative to the folder.
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
                    "no list of the split \"\(split.printable(limit: 40))\" in split_ids; expected a file such as "
                    + "gao_valid.ids",
                errorCode: .notFound)
        }
        return files
    }

    private static func reports(in folder: URL) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".json") || $0.hasSuffix(".json.gz") }.sorted()
    }
}

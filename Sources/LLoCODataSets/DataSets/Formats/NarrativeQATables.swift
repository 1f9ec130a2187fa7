import Foundation
import LLoCOBase

/// A reader of NarrativeQA (Kočiský et al. 2018): `documents.csv`, `qaps.csv`, and the texts in `tmp/ID.content`, where
/// the published script downloads the stories, or in `third_party/wikipedia/summaries.csv`.
struct NarrativeQATables {
    private let folder: URL
    private let options: EvaluationSet.ReadingOptions
    private let limits: DataFileLimits

    /// - Parameter url: the folder or one of its tables
    init(_ url: URL, _ options: EvaluationSet.ReadingOptions, _ limits: DataFileLimits) {
        folder = DataFolder.exists(url) ? url : url.deletingLastPathComponent()
        self.options = options
        self.limits = limits
    }

    /// Whether `folder` contains the table of questions.
    static func hasTables(_ folder: URL) -> Bool {
        DataFolder.file(["qaps.csv"], in: folder) != nil
    }

    /// Whether the file is one of the tables.
    static func isTable(_ url: URL, _ limits: DataFileLimits) -> Bool {
        guard let table = try? CSVReader(url: url, byteLimit: limits.bytes) else { return false }
        return table.names.isSuperset(of: ["document_id", "set"])
    }

    /// A row of `documents.csv`.
    private struct Story {
        var id: String
        var title: String
        var kind: String
        var line: Int
        var questions: [EvaluationQuestion] = []
        /// Number of question rows so far, including malformed ones.
        var count = 0
    }

    private struct Catalog {
        var stories: [Story] = []
        /// Story indices by document id; nil for documents of another split.
        var places: [String: Int?] = [:]
    }

    /// Reads the stories with questions, in the order of `documents.csv`.
    func read(into set: inout EvaluationSetBuilder) throws {
        let documents = try table(["documents.csv"])
        var catalog = try catalog(documents, &set)
        try readQuestions(into: &catalog, &set)
        let summaries = options.narrativeText == .summaries ? try summaries(&set) : [:]
        let folder = EvidenceFolder(options.texts ?? folder.appending(path: "tmp"))
        for story in catalog.stories where !story.questions.isEmpty {
            let place = RecordPlace(line: story.line, number: 1)
            do {
                let text: String
                if options.narrativeText == .stories {
                    text = try folder.text(of: "\(story.id).content", limits: limits)
                } else if let summary = summaries[story.id] {
                    text = summary
                } else {
                    throw JSONFields.Fault(reason: "no summary of the document in summaries.csv")
                }
                try set.add(
                    EvaluationDocument(id: story.id, title: story.title, text: text, questions: story.questions), place)
            } catch let fault as JSONFields.Fault {
                let count = story.questions.count
                let skipped = count == 1 ? "its question is skipped" : "its \(count) questions are skipped"
                try set.reject(
                    JSONFields.Fault(reason: "\(fault.reason); \(skipped)"), place, record: story.id,
                    in: documents.file)
            }
        }
    }

    private func catalog(_ table: CSVReader, _ set: inout EvaluationSetBuilder) throws -> Catalog {
        var catalog = Catalog()
        var splits: Set<String> = []
        try rows(of: table, &set) { row in
            let id = try row.text("document_id")
            let split = try row.text("set")
            guard catalog.places[id] == nil else {
                throw JSONFields.Fault(
                    reason: "the document id \"\(id.printable(limit: 80))\" is already used; ids must be unique")
            }
            splits.insert(split)
            let isWanted = options.split == nil || options.split == split
            catalog.places[id] = .some(isWanted ? catalog.stories.count : nil)
            guard isWanted else { return }
            let title = try row.string("wiki_title")
            catalog.stories.append(
                Story(id: id, title: title.isEmpty ? id : title, kind: try row.string("kind"), line: row.line))
        }
        if catalog.stories.isEmpty, let split = options.split, !splits.isEmpty {
            let found = splits.sorted().prefix(8).map { $0.printable(limit: 40) }.joined(separator: ", ")
            throw JSONLinesError(
                file: table.file, line: nil,
                reason: "no document of the set \"\(split.printable(limit: 40))\"; expected one of \(found)",
                errorCode: .notFound)
        }
        return catalog
    }

    private func readQuestions(into catalog: inout Catalog, _ set: inout EvaluationSetBuilder) throws {
        try rows(of: table(["qaps.csv"]), &set) { row in
            let id = try row.text("document_id")
            guard let place = catalog.places[id] else {
                throw JSONFields.Fault(
                    reason: "unknown document id \"\(id.printable(limit: 80))\"; expected one of documents.csv")
            }
            guard let index = place else { return }
            catalog.stories[index].count += 1
            let answers = try ["answer1", "answer2"].map { try row.string($0) }
                .filter { $0.contains { !$0.isWhitespace } }
            guard !answers.isEmpty else {
                throw JSONFields.Fault(reason: "\"answer1\" and \"answer2\" are empty; expected an answer")
            }
            let kind = catalog.stories[index].kind
            catalog.stories[index].questions.append(
                EvaluationQuestion(
                    id: "\(id)-\(catalog.stories[index].count)", text: try row.text("question"), answers: answers,
                    metric: .f1, attributes: kind.isEmpty ? [:] : ["kind": kind]))
        }
    }

    private func summaries(_ set: inout EvaluationSetBuilder) throws -> [String: String] {
        var summaries: [String: String] = [:]
        try rows(of: table(["third_party/wikipedia/summaries.csv", "summaries.csv"]), &set) { row in
            summaries[try row.text("document_id")] = try row.text("summary")
        }
        return summaries
    }

    private func table(_ names: [String]) throws -> CSVReader {
        guard let url = DataFolder.file(names, in: folder) else {
            throw JSONLinesError(
                file: folder.relativePath, line: nil,
                reason: "no \(names[0]) in the folder; expected all of NarrativeQA's tables", errorCode: .notFound)
        }
        return try CSVReader(url: url, byteLimit: limits.bytes)
    }

    /// Calls `body` for each row of a table. Rows it throws for are recorded as malformed.
    private func rows(
        of table: CSVReader, _ set: inout EvaluationSetBuilder, _ body: (CSVReader.Row) throws -> Void
    ) throws {
        var number = 0
        while let result = try table.next() {
            number += 1
            switch result {
            case .fault(let fault, let line):
                try set.reject(fault, RecordPlace(line: line, number: number), record: nil, in: table.file)
            case .row(let row):
                do {
                    try body(row)
                } catch let fault as JSONFields.Fault {
                    let id = try? row.string("document_id")
                    try set.reject(fault, RecordPlace(line: row.line, number: number), record: id, in: table.file)
                }
            }
        }
    }
}

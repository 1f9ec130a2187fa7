import Foundation
import LLoCOBase

/// The format and layout of a file or folder, recognized by content.
struct RecognizedFile {
    enum Layout: Equatable {
        case json(JSONRecordFile.Layout)
        /// NarrativeQA's CSV tables.
        case tables
        /// GovReport's folder with one file per report.
        case folder
    }

    let format: DataFormat
    let layout: Layout

    /// Maximum number of records inspected to find the format; the first ones may be malformed.
    private static let maximumRecords = 100

    /// - Parameter given: the format; nil to recognize it
    /// - Throws: `JSONLinesError` if the file is unreadable or its format is unknown.
    init(_ url: URL, given: DataFormat?, limits: DataFileLimits) throws {
        if given == .needle {
            throw JSONLinesError(
                file: url.relativePath, line: nil, reason: "data of the format needle is generated, not read",
                errorCode: .invalid)
        }
        // The name `ruler` also stands for generated data: only files with the fields of RULER's own lines are read.
        let isRuler = given == .ruler
        let given = isRuler ? nil : given
        guard DataFolder.canReadTwice(url) else {
            throw JSONLinesError(
                file: url.relativePath, line: nil,
                reason: "found a pipe or device; expected a regular file, which can be read twice", errorCode: .invalid)
        }
        let layout: Layout
        var fieldNames: [String] = []
        var found: DataFormat?
        if DataFolder.exists(url) {
            layout = NarrativeQATables.hasTables(url) ? .tables : .folder
            found = layout == .tables ? .narrativeqa : GovReportFolder.hasReports(url) ? .govreport : nil
        } else {
            let elements = try JSONElementReader(
                url: url, byteLimit: limits.bytes, elementLimit: limits.recordBytes)
            switch try elements.peek() {
            case UInt8(ascii: "["): layout = .json(.list)
            case UInt8(ascii: "{"):
                let first = FirstObject(elements, of: url, limits)
                layout = .json(Self.layout(of: first, given: given))
                found = first.format
                fieldNames = first.names
            case nil:
                throw JSONLinesError(file: url.relativePath, line: nil, reason: "the file holds only white space")
            default:
                layout = .tables
                found = NarrativeQATables.isTable(url, limits) ? .narrativeqa : nil
            }
            if found == nil, given == nil, case .json(let records) = layout, [.lines, .list].contains(records) {
                let (format, names) = try Self.format(url, records, limits)
                found = format
                if !names.isEmpty { fieldNames = names }
            }
        }
        guard let format = given ?? found, !isRuler || format == .ruler else {
            throw isRuler ? Self.notRulerError(url) : Self.unknownFormatError(url, fieldNames)
        }
        guard (format == .narrativeqa) == (layout == .tables), layout != .folder || format == .govreport else {
            let expected = format == .narrativeqa ? "NarrativeQA's tables (CSV)" : "JSON"
            let kind = layout == .tables ? "no JSON" : layout == .folder ? "a folder" : "JSON"
            throw JSONLinesError(
                file: url.relativePath, line: nil,
                reason: "found \(kind); expected \(expected) for the format \(format.rawValue)",
                errorCode: .invalid)
        }
        self.format = format
        self.layout = layout
    }

    private static func notRulerError(_ url: URL) -> JSONLinesError {
        JSONLinesError(
            file: url.relativePath, line: nil,
            reason:
                "data of the format ruler is generated, or read as RULER's scripts write it: found no line with the "
                + "fields \"index\", \"input\" and \"outputs\"", errorCode: .invalid)
    }

    private static func layout(of first: FirstObject, given: DataFormat?) -> JSONRecordFile.Layout {
        switch given ?? first.format {
        // A Hugging Face row is one paper; the published file is one object of all papers.
        case .qasper where first.format != .qasper || first.holdsPapers: return .members
        case .triviaqa: return .namedList("Data")
        case .squad: return .namedList("data")
        default: return first.isWholeFile ? .single : .lines
        }
    }

    /// The format of the first record whose fields match one.
    private static func format(
        _ url: URL, _ layout: JSONRecordFile.Layout, _ limits: DataFileLimits
    ) throws -> (DataFormat?, fieldNames: [String]) {
        let file = try JSONRecordFile(url: url, layout: layout, limits: limits)
        var fieldNames: [String] = []
        while let record = try file.next(), record.number <= maximumRecords {
            guard let names = try? JSONFields(line: record.bytes).names else { continue }
            if let format = DataFormat(fields: names) { return (format, names) }
            if fieldNames.isEmpty { fieldNames = names }
        }
        return (nil, fieldNames)
    }

    private static func unknownFormatError(_ url: URL, _ fieldNames: [String]) -> JSONLinesError {
        let keys = fieldNames.prefix(8).map { "\"\($0.printable(limit: 40))\"" }.joined(separator: ", ")
        let known = DataFormat.allCases.filter { $0 != .needle }.map(\.rawValue).joined(separator: ", ")
        return JSONLinesError(
            file: url.relativePath, line: nil,
            reason: "the format is not recognised\(keys.isEmpty ? "" : " (a record with the fields \(keys))"); "
                + "expected one of \(known)", errorCode: .unsupported)
    }
}

/// The first object of a file, read only as far as needed: for Qasper, TriviaQA and SQuAD it is the whole file.
private struct FirstObject {
    var format: DataFormat?
    /// Whether the object's values are Qasper's papers.
    var holdsPapers = false
    /// Whether the object spans several lines and nothing follows it.
    var isWholeFile = false
    /// The keys read so far.
    var names: [String] = []

    init(_ elements: JSONElementReader, of url: URL, _ limits: DataFileLimits) {
        // A malformed first line must not hide the format of the other lines.
        try? read(elements, of: url, limits)
    }

    private mutating func read(_ elements: JSONElementReader, of url: URL, _ limits: DataFileLimits) throws {
        let start = elements.line
        var hasData = false
        try elements.expect("{", "an object")
        if try !elements.accept("}") {
            repeat {
                let key = try elements.key()
                names.append(key)
                if key == "Data", try elements.peek() == UInt8(ascii: "[") {
                    format = .triviaqa
                    return
                }
                // Only once, since the check reads the file from its beginning.
                if key == "data", !hasData {
                    hasData = true
                    if (try? Self.holdsArticles(url, limits)) == true {
                        format = .squad
                        return
                    }
                }
                let value = try elements.element()
                if names.count == 1, value.first == UInt8(ascii: "{"), let paper = try? JSONFields(line: value),
                    paper.has("qas") || paper.has("full_text")
                {
                    format = .qasper
                    holdsPapers = true
                    return
                }
            } while try elements.accept(",")
            try elements.expect("}", "a comma or the end of the object")
        }
        format = DataFormat(fields: names)
        isWholeFile = try elements.line > start && elements.peek() == nil
    }

    /// Whether the list `data` in the file's object begins with a SQuAD article, which has paragraphs with a context or
    /// questions. Reads only as far as needed.
    private static func holdsArticles(_ url: URL, _ limits: DataFileLimits) throws -> Bool {
        let elements = try JSONElementReader(url: url, byteLimit: limits.bytes, elementLimit: limits.recordBytes)
        return try elements.find("data") && elements.accept("[") && elements.find("paragraphs") && elements.accept("[")
            && elements.find("context", "qas")
    }
}

extension JSONElementReader {
    /// Advances to the value of the first member named in `keys`; false if there is none, or no object follows.
    fileprivate func find(_ keys: String...) throws -> Bool {
        guard try accept("{"), try peek() != UInt8(ascii: "}") else { return false }
        repeat {
            if keys.contains(try key()) { return true }
            _ = try element()
        } while try accept(",")
        return false
    }
}

extension DataFormat {
    /// The format whose records have these fields; nil if there is none.
    fileprivate init?(fields: [String]) {
        let fields = Set(fields)
        func has(_ names: String...) -> Bool { fields.isSuperset(of: names) }
        if has("meeting_transcripts") {
            self = .qmsum
        } else if has("qas", "full_text") {
            self = .qasper
        } else if has("instructions", "outputs", "input") {
            self = .leval
        } else if has("input", "qa_pairs") || has("context", "question", "answer", "doc_id") {
            self = .loogle
        } else if has("index", "input", "outputs") {
            self = .ruler
        } else if has("input", "output"), has("pid") || has("id") {
            self = .scrolls
        } else if has("input", "context", "answers") {
            self = .longbench
        } else if has("question", "context", "choice_A") {
            self = .longbenchV2
        } else if has("article", "questions") {
            self = .quality
        } else if has("document", "questions", "metadata") {
            self = .squality
        } else if has("question", "context"), has("_id") || has("supporting_facts") {
            self = .hotpotqa
        } else if has("report", "highlight") || has("report", "summary") || has("reports", "summary")
            || has("document", "summary") || has("document_sections", "summary_sections")
        {
            self = .govreport
        } else if has("questions"), has("id") || has("title") {
            self = .lloco
        } else {
            return nil
        }
    }
}

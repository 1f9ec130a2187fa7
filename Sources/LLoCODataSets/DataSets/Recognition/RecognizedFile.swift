import Foundation
import LLoCOBase

/// What a file or folder is, told by its content.
struct RecognizedFile {
    enum Layout: Equatable {
        case json(JSONRecordFile.Layout)
        /// NarrativeQA's tables
        case tables
        /// GovReport: a file a report
        case folder
    }

    let format: DataFormat
    let layout: Layout

    /// Records that are looked at before a file is of no known format: the first ones may be malformed.
    private static let records = 100

    /// - Parameter given: the format, where the caller knows it
    /// - Throws: `JSONLinesError` where the file cannot be read or is of no known format.
    init(_ url: URL, given: DataFormat?, limits: DataFileLimits) throws {
        if given == .needle {
            throw JSONLinesError(
                file: url.relativePath, line: nil, reason: "data of the format needle is generated, not read",
                errorCode: .invalid)
        }
        // Under this name data are generated: only what has the fields of RULER's own lines is read.
        let isRuler = given == .ruler
        let given = isRuler ? nil : given
        guard DataFolder.canReadTwice(url) else {
            throw JSONLinesError(
                file: url.relativePath, line: nil,
                reason: "found a pipe or device; expected a file, which is read twice", errorCode: .invalid)
        }
        let layout: Layout
        var seen: [String] = []
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
                seen = first.names
            case nil:
                throw JSONLinesError(file: url.relativePath, line: nil, reason: "the file holds only white space")
            default:
                layout = .tables
                found = NarrativeQATables.isTable(url, limits) ? .narrativeqa : nil
            }
            if found == nil, given == nil, case .json(let records) = layout, [.lines, .list].contains(records) {
                let (format, names) = try Self.format(url, records, limits)
                found = format
                if !names.isEmpty { seen = names }
            }
        }
        guard let format = given ?? found, !isRuler || format == .ruler else {
            throw isRuler ? Self.noRuler(url) : Self.unknown(url, seen)
        }
        guard (format == .narrativeqa) == (layout == .tables), layout != .folder || format == .govreport else {
            let expected = format == .narrativeqa ? "NarrativeQA's tables (CSV)" : "JSON"
            let kind = layout == .tables ? "no JSON" : layout == .folder ? "a folder" : "JSON"
            throw JSONLinesError(
                file: url.relativePath, line: nil,
                reason: "found \(kind); expected \(expected), as the format \(format.rawValue) has it",
                errorCode: .invalid)
        }
        self.format = format
        self.layout = layout
    }

    private static func noRuler(_ url: URL) -> JSONLinesError {
        JSONLinesError(
            file: url.relativePath, line: nil,
            reason:
                "data of the format ruler is generated, or read as RULER's scripts write it: found no line with the "
                + "fields \"index\", \"input\" and \"outputs\"", errorCode: .invalid)
    }

    private static func layout(of first: FirstObject, given: DataFormat?) -> JSONRecordFile.Layout {
        switch given ?? first.format {
        // A line of Hugging Face's rows is one paper; the published file is an object of all.
        case .qasper where first.format != .qasper || first.isOfPapers: return .members
        case .triviaqa: return .namedList("Data")
        case .squad: return .namedList("data")
        default: return first.isWholeFile ? .single : .lines
        }
    }

    /// The format of the first record that has the fields of one.
    private static func format(
        _ url: URL, _ layout: JSONRecordFile.Layout, _ limits: DataFileLimits
    ) throws -> (DataFormat?, seen: [String]) {
        let file = try JSONRecordFile(url: url, layout: layout, limits: limits)
        var seen: [String] = []
        while let record = try file.next(), record.number <= records {
            guard let names = try? JSONFields(line: record.bytes).names else { continue }
            if let format = DataFormat(fields: names) { return (format, names) }
            if seen.isEmpty { seen = names }
        }
        return (nil, seen)
    }

    private static func unknown(_ url: URL, _ seen: [String]) -> JSONLinesError {
        let keys = seen.prefix(8).map { "\"\($0.printable(limit: 40))\"" }.joined(separator: ", ")
        let known = DataFormat.allCases.filter { $0 != .needle }.map(\.rawValue).joined(separator: ", ")
        return JSONLinesError(
            file: url.relativePath, line: nil,
            reason: "the format is not recognised\(keys.isEmpty ? "" : " (a record with the fields \(keys))"); "
                + "expected one of \(known)", errorCode: .unsupported)
    }
}

/// What the first object of a file tells, read no further than needed: Qasper's, TriviaQA's and SQuAD's is the whole file.
private struct FirstObject {
    var format: DataFormat?
    /// Whether its values are Qasper's papers.
    var isOfPapers = false
    /// Whether the object has lines of its own and nothing follows it.
    var isWholeFile = false
    /// Its keys, as far as it was read.
    var names: [String] = []

    init(_ elements: JSONElementReader, of url: URL, _ limits: DataFileLimits) {
        // A malformed first line does not hide the format of the others.
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
                // Once: the file is read from its beginning for it.
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
                    isOfPapers = true
                    return
                }
            } while try elements.accept(",")
            try elements.expect("}", "a comma or the end of the object")
        }
        format = DataFormat(fields: names)
        isWholeFile = try elements.line > start && elements.peek() == nil
    }

    /// Whether the file's object has under `data` a list that begins with an article of SQuAD, which has paragraphs with a
    /// text or questions; no more is read than tells it.
    private static func holdsArticles(_ url: URL, _ limits: DataFileLimits) throws -> Bool {
        let elements = try JSONElementReader(url: url, byteLimit: limits.bytes, elementLimit: limits.recordBytes)
        return try elements.find("data") && elements.accept("[") && elements.find("paragraphs") && elements.accept("[")
            && elements.find("context", "qas")
    }
}

extension JSONElementReader {
    /// Goes to the value of the first of `keys` that the object at hand has; false where it has none, or is no object.
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
    /// The format whose records have these fields; nil where none has.
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

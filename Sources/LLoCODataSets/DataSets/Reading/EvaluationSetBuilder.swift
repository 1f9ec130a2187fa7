import LLoCOBase

/// A builder that collects a set's documents, questions and malformed records, and enforces unique ids.
struct EvaluationSetBuilder {
    private(set) var set: EvaluationSet
    private let file: String
    private let limits: DataFileLimits
    private var documentIDs: Set<String> = []
    private var questionIDs: Set<String> = []
    /// Document indices by the digest of their text.
    private var documentsByText: [String: Int] = [:]
    private var textBytes = 0
    private static let maximumRemarks = 20
    /// Number of remarks beyond the maximum.
    private var omittedRemarks = 0

    init(name: String, file: String, format: DataFormat, limits: DataFileLimits) {
        self.file = file
        self.limits = limits
        set = EvaluationSet(name: name, format: format)
    }

    /// Reads all records of a file.
    mutating func read(_ records: JSONRecordFile, with reader: inout any DataRecordReader) throws {
        while let record = try records.next() {
            let place = RecordPlace(
                line: record.line, number: record.number, key: record.key, isLine: records.hasLines)
            var fields: JSONFields?
            do {
                let object = try JSONFields(line: record.bytes)
                fields = object
                try reader.read(object, at: place, into: &self)
            } catch let fault as JSONFields.Fault {
                try reject(fault, place, record: record.key ?? fields?.identity, in: records.file)
            }
        }
    }

    /// Records a malformed record or question.
    mutating func reject(
        _ fault: JSONFields.Fault, _ place: RecordPlace, record: String?, in file: String? = nil
    ) throws {
        guard set.malformed.count < limits.malformed else {
            throw error(
                "more than \(limits.malformed) records are malformed; is it of the format \(set.format.rawValue)?")
        }
        set.malformed.append(
            MalformedRecord(
                file: file ?? self.file, line: place.line,
                record: record?.printable(limit: 80)
                    ?? (place.line == nil || !place.isLine ? "record \(place.number)" : nil),
                reason: fault.reason))
    }

    /// Adds a remark on the data.
    mutating func remark(_ text: String) {
        if set.remarks.count < Self.maximumRemarks {
            set.remarks.append(text)
        } else {
            omittedRemarks += 1
        }
    }

    /// The questions that `make` creates from a record's list. Questions it throws for are recorded as malformed.
    mutating func questions(
        _ list: [JSONFields], _ place: RecordPlace, of record: String,
        _ make: (_ fields: JSONFields, _ index: Int) throws -> EvaluationQuestion
    ) throws -> [EvaluationQuestion] {
        var questions: [EvaluationQuestion] = []
        for (index, fields) in list.enumerated() {
            do {
                questions.append(try make(fields, index))
            } catch let fault as JSONFields.Fault {
                try reject(fault, place, record: fields.identity ?? record)
            }
        }
        return questions
    }

    /// Adds a document. Questions with an id that is already used are recorded as malformed.
    ///
    /// - Parameter mergingEqualTexts: whether to add the questions to an existing document with the same text, so that
    ///   the text is compressed only once
    /// - Returns: the index of the document with the questions; nil if no question is left
    /// - Throws: `JSONFields.Fault` if the id is already used; `JSONLinesError` if the texts exceed the limit.
    @discardableResult
    mutating func add(
        _ document: EvaluationDocument, _ place: RecordPlace, mergingEqualTexts: Bool = false
    ) throws -> Int? {
        var document = document
        let digest = mergingEqualTexts ? document.text.map { Digest.sha256($0) } : nil
        let existing = digest.flatMap { documentsByText[$0] }
        guard existing != nil || !documentIDs.contains(document.id) else {
            throw JSONFields.Fault(
                reason: "the document id \"\(document.id.printable(limit: 80))\" is already used; ids must be unique")
        }
        var kept: [EvaluationQuestion] = []
        for question in document.questions {
            if questionIDs.insert(question.id).inserted {
                kept.append(question)
                continue
            }
            let fault = JSONFields.Fault(
                reason: "the question id \"\(question.id.printable(limit: 80))\" is already used; ids must be unique")
            try reject(fault, place, record: question.id)
        }
        // No question is left; the loop above recorded them as malformed.
        if kept.isEmpty, !document.questions.isEmpty { return nil }
        document.questions = kept
        if let existing {
            set.documents[existing].questions += kept
            return existing
        }
        documentIDs.insert(document.id)
        if let digest { documentsByText[digest] = set.documents.count }
        textBytes += document.text?.utf8.count ?? 0
        guard textBytes <= limits.bytes else {
            throw error("the texts hold more than \(limits.bytes) bytes; split the file")
        }
        set.documents.append(document)
        return set.documents.count - 1
    }

    func hasDocument(_ id: String) -> Bool { documentIDs.contains(id) }

    /// Adds a reference to the question at `index` of a document.
    mutating func add(reference: String, document: Int, question index: Int) {
        set.documents[document].questions[index].answers.append(reference)
    }

    /// Returns the finished set.
    ///
    /// - Throws: `JSONLinesError` if the set has no question.
    func finish() throws -> EvaluationSet {
        guard set.questionCount > 0 else {
            guard let first = set.malformed.first else {
                throw error("the file holds no question of the format \(set.format.rawValue)")
            }
            let count = set.malformed.count
            let records =
                count == 1 ? "its one record is malformed" : "all its \(count) records are malformed, the first"
            throw JSONLinesError(
                file: first.file, line: first.line,
                reason: "no good record of the format \(set.format.rawValue): \(records): \(first.reason)")
        }
        var set = set
        if omittedRemarks > 0 { set.remarks.append("\(omittedRemarks) more remarks of this kind") }
        return set
    }

    /// An error about the whole file.
    func error(_ reason: String, line: Int? = nil, hint: ErrorHint? = nil) -> JSONLinesError {
        JSONLinesError(file: file, line: line, reason: reason, hint: hint)
    }
}

extension JSONFields {
    /// The record's id, in any format.
    fileprivate var identity: String? {
        ["id", "_id", "question_unique_id", "question_id", "QuestionId", "set_unique_id", "article_id"].lazy
            .compactMap { label($0) }.first
    }
}

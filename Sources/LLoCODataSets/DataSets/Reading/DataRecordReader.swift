import LLoCOBase

/// A converter of one format's records into documents and questions.
protocol DataRecordReader {
    /// Adds the contents of `record` to `set`.
    ///
    /// A single malformed question is passed to ``EvaluationSetBuilder/reject(_:_:record:)``; the others are kept.
    ///
    /// - Throws: `JSONFields.Fault` if the whole record is malformed.
    mutating func read(_ record: JSONFields, at place: RecordPlace, into set: inout EvaluationSetBuilder) throws
}

/// The position of a record in its file.
struct RecordPlace {
    /// Line number, from 1; nil if the format has no lines.
    var line: Int?
    /// Index of the record in the file, from 1.
    var number: Int
    /// The record's key, if the file is an object of records.
    var key: String?
    /// Whether each record is one line, so that the line number identifies it.
    var isLine = true
}

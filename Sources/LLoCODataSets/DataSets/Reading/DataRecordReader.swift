import LLoCOBase

/// Makes documents and questions of one format's records.
protocol DataRecordReader {
    /// Adds what `record` holds.
    ///
    /// - Throws: `JSONFields.Fault` where the record as a whole is malformed; a single question that is goes to
    ///   ``EvaluationSetBuilder/reject(_:_:record:)``, and the others are kept.
    mutating func read(_ record: JSONFields, at place: RecordPlace, into set: inout EvaluationSetBuilder) throws
}

/// Where a record is in its file.
struct RecordPlace {
    /// From 1; nil where the format has no lines.
    var line: Int?
    /// Of the record among the file's, from 1.
    var number: Int
    /// Under which it stands in an object.
    var key: String?
    /// Whether each record has a line of its own, so that the line tells which one it is.
    var isLine = true
}

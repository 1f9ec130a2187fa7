extension MalformedRecord {
    /// `file, line 3, record "x": reason`, on one line.
    var reportLine: String {
        var place = file.excerpt(200)
        if let line { place += ", line \(line)" }
        if let record { place += ", record \"\(record.excerpt(100))\"" }
        return place + ": " + reason.excerpt(300)
    }
}

extension EvaluationReport {
    /// Malformed records that a report lists; the rest are counted.
    static let listedMalformed = 200
}

import LLoCOBase

extension MalformedRecord: CustomStringConvertible {
    /// One line: `file, line 3, record "x": reason`.
    public var description: String {
        var place = file.excerpt(200)
        if let line { place += ", line \(line)" }
        if let record { place += ", record \"\(record.excerpt(100))\"" }
        return place + ": " + reason.excerpt(300)
    }
}

extension MalformedRecord: CustomStringConvertible {
    /// One line: `file, line 3, record "x": reason`.
    public var description: String { reportLine }
}

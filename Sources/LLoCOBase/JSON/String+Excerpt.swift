extension String {
    /// The text on one line, of at most `limit` characters.
    package func excerpt(_ limit: Int) -> String {
        // Of a long text only the beginning is looked at.
        let line = unicodeScalars.prefix(limit * 4).split { $0.properties.isWhitespace }.map { String($0) }
            .joined(separator: " ")
        let isWhole = line.count <= limit && unicodeScalars.count <= limit * 4
        return isWhole ? line : line.prefix(limit) + "…"
    }
}

extension String {
    /// The text on one line, truncated to `limit` characters.
    package func excerpt(_ limit: Int) -> String {
        // Look at the beginning only, since the text may be long.
        let line = unicodeScalars.prefix(limit * 4).split { $0.properties.isWhitespace }.map { String($0) }
            .joined(separator: " ")
        let isWhole = line.count <= limit && unicodeScalars.count <= limit * 4
        return isWhole ? line : line.prefix(limit) + "…"
    }
}

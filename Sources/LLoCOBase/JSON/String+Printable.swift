extension String {
    /// The text, safe to print in a one-line message: up to `limit` Unicode scalars. Scalars that could break the line
    /// or control a terminal are escaped.
    package func printable(limit: Int) -> String {
        var line = ""
        for (index, scalar) in unicodeScalars.enumerated() {
            guard index < limit else { return line + "…" }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate:
                line += scalar.escaped(asASCII: true)
            default:
                line.unicodeScalars.append(scalar)
            }
        }
        return line
    }
}

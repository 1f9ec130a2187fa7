extension String {
    /// The text as one line of a message may show it: no more than `limit` of its Unicode scalars, those escaped that
    /// could break the line or steer a terminal.
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

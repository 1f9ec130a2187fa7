extension String {
    /// The text as one line of GitHub Markdown that shows every character literally: no markup, no HTML, no link.
    package var escapedMarkdown: String {
        var result = ""
        var previous: Unicode.Scalar?
        for scalar in visible.unicodeScalars {
            switch scalar {
            case "\\", "`", "*", "_", "{", "}", "[", "]", ">", "#", "|", "~", "!", "@", "$":
                result += "\\"
                result.unicodeScalars.append(scalar)
            case "<":
                result += "&lt;"
            case "&":
                result += "&amp;"
            case "/" where previous == "/" || previous == ":",
                "." where String(result.unicodeScalars.suffix(3)).lowercased() == "www":
                // URLs would become links.
                result += "\\"
                result.unicodeScalars.append(scalar)
            case _ where scalar.properties.isWhitespace:
                if previous?.properties.isWhitespace == false { result += " " }
            default:
                result.unicodeScalars.append(scalar)
            }
            previous = scalar
        }
        return result
    }
}

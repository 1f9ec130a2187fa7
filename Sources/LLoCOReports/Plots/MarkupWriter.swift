/// A writer of SVG, or of HTML that is also well-formed XML.
///
/// All content is escaped with ``Swift/String/escapedMarkup``, except that of ``raw(_:)``.
public struct MarkupWriter: Sendable {
    /// The markup written so far.
    public private(set) var text = ""

    /// Creates an empty writer.
    public init() {}

    /// Writes an element whose content is written by `content`; nil attributes are omitted.
    public mutating func element(
        _ name: String, _ attributes: KeyValuePairs<String, String?> = [:],
        _ content: (inout MarkupWriter) throws -> Void
    ) rethrows {
        start(name, attributes)
        text += ">"
        try content(&self)
        text += "</\(name)>"
    }

    /// Writes an element that contains only text.
    public mutating func element(
        _ name: String, _ attributes: KeyValuePairs<String, String?> = [:], text content: String
    ) {
        element(name, attributes) { $0.write(content) }
    }

    /// Writes an element without content: HTML's `meta` and `input`, SVG's shapes.
    public mutating func empty(_ name: String, _ attributes: KeyValuePairs<String, String?> = [:]) {
        start(name, attributes)
        text += "/>"
    }

    /// Writes text, escaped.
    public mutating func write(_ content: String) {
        text += content.escapedMarkup
    }

    /// Writes trusted markup without escaping.
    public mutating func raw(_ markup: String) {
        text += markup
    }

    private mutating func start(_ name: String, _ attributes: KeyValuePairs<String, String?>) {
        text += "<\(name)"
        for (key, value) in attributes {
            if let value { text += " \(key)=\"\(value.escapedMarkup)\"" }
        }
    }
}

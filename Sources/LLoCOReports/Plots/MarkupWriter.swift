/// Elements and text, one after another: SVG, or HTML that is well-formed XML as well.
///
/// Everything that is written goes through ``Swift/String/escapedMarkup``, but for what is passed to ``raw(_:)``.
public struct MarkupWriter: Sendable {
    public private(set) var text = ""

    public init() {}

    /// An element with what `content` writes inside it; attributes that are nil are left out.
    public mutating func element(
        _ name: String, _ attributes: KeyValuePairs<String, String?> = [:],
        _ content: (inout MarkupWriter) throws -> Void
    ) rethrows {
        start(name, attributes)
        text += ">"
        try content(&self)
        text += "</\(name)>"
    }

    /// An element with nothing but text inside it.
    public mutating func element(
        _ name: String, _ attributes: KeyValuePairs<String, String?> = [:], text content: String
    ) {
        element(name, attributes) { $0.write(content) }
    }

    /// An element that never has content: HTML's `meta` and `input`, SVG's shapes.
    public mutating func empty(_ name: String, _ attributes: KeyValuePairs<String, String?> = [:]) {
        start(name, attributes)
        text += "/>"
    }

    /// Text, escaped.
    public mutating func write(_ content: String) {
        text += content.escapedMarkup
    }

    /// Markup of our own making, as it is.
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

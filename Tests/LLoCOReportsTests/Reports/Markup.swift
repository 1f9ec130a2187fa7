import Foundation

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// A page or an SVG parsed as XML: its elements, or the parse error.
final class Markup: NSObject, XMLParserDelegate {
    struct Element {
        var name: String
        var attributes: [String: String]
        var text: String
    }

    private(set) var elements: [Element] = []
    private(set) var fault: String?
    private var open: [Int] = []

    init(_ text: String) {
        super.init()
        let parser = XMLParser(data: Data(text.utf8))
        parser.shouldResolveExternalEntities = false
        parser.delegate = self
        if !parser.parse() {
            fault =
                "line \(parser.lineNumber), column \(parser.columnNumber): "
                + (parser.parserError.map { "\($0)" } ?? "not well-formed")
        }
    }

    /// Parses a page without its scripts, whose text is not XML.
    convenience init(page: String) {
        self.init(page.replacing(/<script[^>]*>.*?<\/script>/.dotMatchesNewlines(), with: ""))
    }

    func all(_ name: String) -> [Element] { elements.filter { $0.name == name } }

    /// The texts of the elements with a name, including nested elements.
    func texts(_ name: String) -> [String] { all(name).map(\.text) }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        open.append(elements.count)
        elements.append(Element(name: name, attributes: attributes, text: ""))
    }

    func parser(
        _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
    ) {
        open.removeLast()
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        for index in open { elements[index].text += string }
    }
}

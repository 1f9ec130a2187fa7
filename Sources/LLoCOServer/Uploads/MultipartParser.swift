import LLoCOBase

/// An incremental parser of multipart/form-data bodies (RFC 7578) with bounded memory.
package struct MultipartParser {
    /// A parsed event, in the order of the body.
    package enum Event: Equatable, Sendable {
        /// The start of a part: the field's name, and the file name if it is a file
        case begin(name: String, fileName: String?)
        /// A chunk of the part's content
        case data([UInt8])
        /// The end of a part
        case end
    }

    /// An error in a body or its content type.
    package struct Fault: Error, Equatable {
        /// One line: found and expected
        package let reason: String
    }

    private enum State { case preamble, boundary, headers, content, finished }

    /// Maximum size of a part's header fields in bytes
    static let maximumHeaderBytes = 8 << 10
    private let delimiter: [UInt8]
    private var state = State.preamble
    // The first delimiter has no preceding line end in the body.
    private var buffer = Array("\r\n".utf8)
    private var preambleBytes = 0

    /// Whether the last boundary was parsed. Later bytes are ignored.
    var isFinished: Bool { state == .finished }

    /// Creates a parser for a content type.
    ///
    /// - Parameter contentType: the value of the header field `Content-Type`
    /// - Throws: ``Fault`` if the type is another one, or the boundary is missing or invalid.
    package init(contentType: String) throws {
        let parameters = HeaderParameters(contentType)
        guard parameters.value == "multipart/form-data" else {
            throw Fault(reason: "expected Content-Type: multipart/form-data")
        }
        guard let boundary = parameters["boundary"], 1...70 ~= boundary.utf8.count,
            boundary.utf8.allSatisfy({ 0x20..<0x7F ~= $0 })
        else { throw Fault(reason: "expected a boundary of 1 to 70 characters in Content-Type") }
        delimiter = Array("\r\n--\(boundary)".utf8)
    }

    /// Parses the next bytes and returns their events.
    ///
    /// - Throws: ``Fault`` if the body is malformed.
    package mutating func append(_ bytes: some Collection<UInt8>) throws -> [Event] {
        guard state != .finished else { return [] }
        buffer.append(contentsOf: bytes)
        var events: [Event] = []
        while try advance(&events) {}
        return events
    }

    /// Checks that the body is complete.
    ///
    /// - Throws: ``Fault`` if the last boundary is missing.
    package func finish() throws {
        guard isFinished else { throw Fault(reason: "the body ends before its last boundary") }
    }

    /// Parses one step. Returns false if it needs more bytes.
    private mutating func advance(_ events: inout [Event]) throws -> Bool {
        switch state {
        case .preamble:
            let found = buffer.firstRange(of: delimiter)
            preambleBytes += drop(found?.upperBound ?? contentCount)
            guard preambleBytes <= Self.maximumHeaderBytes else {
                throw Fault(reason: "the body does not begin with a boundary")
            }
            if found != nil { state = .boundary }
            return found != nil
        case .boundary:
            guard buffer.count >= 2 else { return false }
            if buffer.starts(with: "--".utf8) {
                state = .finished
                buffer = []
                return false
            }
            guard buffer.starts(with: "\r\n".utf8) else { throw Fault(reason: "a boundary has no line end after it") }
            state = .headers
            return true
        case .headers:
            // Without header fields, the boundary's line end is the first of the two line ends.
            guard let end = buffer.firstRange(of: Array("\r\n\r\n".utf8)) else {
                guard buffer.count <= Self.maximumHeaderBytes else {
                    throw Fault(reason: "a part's headers are too long")
                }
                return false
            }
            guard end.lowerBound <= Self.maximumHeaderBytes else {
                throw Fault(reason: "a part's headers are too long")
            }
            events.append(try Self.begin(buffer[..<end.lowerBound]))
            drop(end.upperBound)
            state = .content
            return true
        case .content:
            let found = buffer.firstRange(of: delimiter)
            let content = found?.lowerBound ?? contentCount
            if content > 0 { events.append(.data(Array(buffer[..<content]))) }
            drop(found?.upperBound ?? content)
            if found != nil {
                events.append(.end)
                state = .boundary
            }
            return found != nil
        case .finished: return false
        }
    }

    /// Number of leading bytes of the buffer that cannot be the start of a delimiter.
    private var contentCount: Int { max(0, buffer.count - delimiter.count + 1) }

    @discardableResult
    private mutating func drop(_ count: Int) -> Int {
        buffer.removeFirst(count)
        return count
    }

    private static func begin(_ headers: ArraySlice<UInt8>) throws -> Event {
        guard let text = Array(headers).withUnsafeBytes({ String(utf8: $0) }) else {
            throw Fault(reason: "a part's headers are not UTF-8")
        }
        var event: Event?
        for line in text.split(separator: "\r\n") {
            guard let colon = line.firstIndex(of: ":") else { throw Fault(reason: "a part's header has no colon") }
            let value = line[line.index(after: colon)...]
            switch line[..<colon].lowercased() {
            case "content-disposition":
                let parameters = HeaderParameters(String(value))
                guard parameters.value == "form-data", let name = parameters["name"] else {
                    throw Fault(reason: "expected Content-Disposition: form-data with a name")
                }
                event = .begin(name: name, fileName: parameters["filename"])
            case "content-transfer-encoding":
                let encoding = value.trimmingSpaces.lowercased()
                guard ["binary", "8bit", "7bit"].contains(encoding) else {
                    throw Fault(reason: "Content-Transfer-Encoding \(encoding.printable(limit: 40)) is not supported")
                }
            default: break
            }
        }
        guard let event else { throw Fault(reason: "a part has no Content-Disposition") }
        return event
    }
}

/// A header field's value and its parameters: `form-data; name="file"; filename="a.pdf"`.
struct HeaderParameters {
    /// In lower case
    let value: String
    private var parameters: [(name: String, value: String)] = []

    /// The value of a parameter; `name` is in lower case.
    subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

    init(_ field: String) {
        var rest = Substring(field)
        value = rest.prefix { $0 != ";" }.trimmingSpaces.lowercased()
        rest = rest.drop { $0 != ";" }.dropFirst()
        while let equals = rest.firstIndex(of: "=") {
            let name = rest[..<equals].trimmingSpaces.lowercased()
            rest = rest[rest.index(after: equals)...].drop { $0 == " " || $0 == "\t" }
            let value: String
            if rest.first == "\"" {
                value = Self.quoted(&rest)
            } else {
                value = rest.prefix { $0 != ";" }.trimmingSpaces
            }
            parameters.append((name, value))
            rest = rest.drop { $0 != ";" }.dropFirst()
        }
    }

    /// Parses a leading quoted string. Decodes `\"`, and `%22`, which browsers write for a quotation mark.
    private static func quoted(_ rest: inout Substring) -> String {
        rest = rest.dropFirst()
        var value = ""
        while let character = rest.popFirst(), character != "\"" {
            if character == "\\", let next = rest.first, next == "\"" || next == "\\" {
                value.append(next)
                rest = rest.dropFirst()
            } else {
                value.append(character)
            }
        }
        return value.replacing("%22", with: "\"")
    }
}

extension Substring {
    /// The string without leading and trailing spaces and tabs.
    fileprivate var trimmingSpaces: String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
            return ""
        }
        return String(self[first...last])
    }
}

extension Array where Element == UInt8 {
    /// The range of the first occurrence of `bytes`.
    fileprivate func firstRange(of bytes: [UInt8]) -> Range<Int>? {
        guard let first = bytes.first, count >= bytes.count else { return nil }
        return withUnsafeBufferPointer { all in
            var start = 0
            while let found = all[start...(count - bytes.count)].firstIndex(of: first) {
                if all[found..<found + bytes.count].elementsEqual(bytes) { return found..<found + bytes.count }
                start = found + 1
                if start > count - bytes.count { return nil }
            }
            return nil
        }
    }
}

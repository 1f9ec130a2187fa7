import LLoCOBase

/// Reads a body of multipart/form-data (RFC 7578) piece by piece, however it is cut; what it keeps is bounded.
package struct MultipartParser {
    /// What was found, in order.
    package enum Event: Equatable, Sendable {
        /// A part begins: the field's name, and that of the file where it is one
        case begin(name: String, fileName: String?)
        /// Some of the part's content
        case data([UInt8])
        /// The part has ended
        case end
    }

    /// What is wrong with a body.
    package struct Fault: Error, Equatable {
        /// One line
        package let reason: String
    }

    private enum State { case preamble, boundary, headers, content, finished }

    /// The most bytes of a part's header fields
    static let maximumHeaderBytes = 8 << 10
    private let delimiter: [UInt8]
    private var state = State.preamble
    // The first delimiter has no line end before it.
    private var buffer = Array("\r\n".utf8)
    private var preambleBytes = 0

    /// Whether the last boundary has been read: what follows it is passed over.
    var isFinished: Bool { state == .finished }

    /// - Parameter contentType: the request's header field
    /// - Throws: ``Fault`` where it names no boundary, or one that cannot be.
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

    /// The events of the next bytes.
    ///
    /// - Throws: ``Fault``
    package mutating func append(_ bytes: some Collection<UInt8>) throws -> [Event] {
        guard state != .finished else { return [] }
        buffer.append(contentsOf: bytes)
        var events: [Event] = []
        while try advance(&events) {}
        return events
    }

    /// - Throws: ``Fault`` where the body has ended before its last boundary.
    package func finish() throws {
        guard isFinished else { throw Fault(reason: "the body ends before its last boundary") }
    }

    /// One step; false where more bytes are needed.
    private mutating func advance(_ events: inout [Event]) throws -> Bool {
        switch state {
        case .preamble:
            let found = buffer.firstRange(of: delimiter)
            preambleBytes += drop(found?.upperBound ?? keepable)
            guard preambleBytes <= Self.maximumHeaderBytes else {
                throw Fault(reason: "the body begins with no boundary")
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
            guard buffer.starts(with: "\r\n".utf8) else { throw Fault(reason: "a boundary does not end its line") }
            state = .headers
            return true
        case .headers:
            // The line end of the boundary may be the first of the two that end no header fields.
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
            let content = found?.lowerBound ?? keepable
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

    /// Bytes at the beginning of the buffer that no delimiter can begin in.
    private var keepable: Int { max(0, buffer.count - delimiter.count + 1) }

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

    /// A parameter by its name in lower case.
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

    /// A quoted string at the beginning, with `\"` and, as browsers write it, `%22`.
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
    /// Without spaces and tabs around it.
    fileprivate var trimmingSpaces: String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
            return ""
        }
        return String(self[first...last])
    }
}

extension Array where Element == UInt8 {
    /// Where bytes are first found.
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

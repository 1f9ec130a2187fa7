import Foundation
import Testing

/// The exit status and output of a process.
struct Outcome: CustomStringConvertible {
    /// The exit status; -1 if a signal ended it.
    let status: Int32
    /// The signal that ended it.
    let signal: Int32?
    let output: Data
    let errors: Data
    let seconds: Double

    var outputText: String { String(decoding: output, as: UTF8.self) }
    var errorText: String { String(decoding: errors, as: UTF8.self) }
    var errorLines: [Substring] { errorText.split(separator: "\n", omittingEmptySubsequences: false).dropLast() }

    var description: String { "status \(status), signal \(signal ?? 0)\nstdout: \(outputText)\nstderr: \(errorText)" }

    /// The objects of JSON Lines. Every line must be an object.
    func objects(_ location: SourceLocation = #_sourceLocation) throws -> [[String: Any]] {
        #expect(outputText.isEmpty || outputText.hasSuffix("\n"), "\(self)", sourceLocation: location)
        return try outputText.split(separator: "\n").map { line in
            try #require(
                JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "no object: \(line)",
                sourceLocation: location)
        }
    }

    /// The only object.
    func object(_ location: SourceLocation = #_sourceLocation) throws -> [String: Any] {
        expectSuccess(location)
        let objects = try objects(location)
        try #require(objects.count == 1, "one line: \(self)", sourceLocation: location)
        return objects[0]
    }

    @discardableResult
    func expectSuccess(_ location: SourceLocation = #_sourceLocation) -> Outcome {
        #expect(status == 0, "\(self)", sourceLocation: location)
        return self
    }

    /// Expects exit status 1, nothing on stdout, and one line on stderr that contains all `parts`.
    func expectFailure(_ parts: String..., location: SourceLocation = #_sourceLocation) {
        #expect(status == 1, "\(self)", sourceLocation: location)
        #expect(outputText == "", sourceLocation: location)
        #expect(errorText.hasSuffix("\n") && errorLines.count == 1, "one line: \(self)", sourceLocation: location)
        #expect(errorText.utf8.count < 1000, "\(self)", sourceLocation: location)
        for part in parts {
            #expect(errorText.contains(part), "\(part) in: \(errorText)", sourceLocation: location)
        }
    }

    /// Expects exit status 64, nothing on stdout, and `part` on stderr.
    func expectUsage(_ part: String, location: SourceLocation = #_sourceLocation) {
        #expect(status == 64, "\(self)", sourceLocation: location)
        #expect(outputText == "", sourceLocation: location)
        #expect(errorText.contains(part), "\(part) in: \(errorText)", sourceLocation: location)
    }
}

/// The kind of a JSON field.
enum Field {
    case text, number, integer, numbers, texts, textOrNull

    func fits(_ value: Any) -> Bool {
        func isNumber(_ value: Any) -> Bool { value is NSNumber && !isFlag(value) }
        func isFlag(_ value: Any) -> Bool { "\(type(of: value))".contains("Bool") }
        switch self {
        case .text: return value is String
        case .number: return isNumber(value)
        case .integer:
            return isNumber(value) && (value as? NSNumber).map { $0.doubleValue == $0.doubleValue.rounded() } == true
        case .numbers: return (value as? [Any])?.allSatisfy(isNumber) == true
        case .texts: return value is [String]
        case .textOrNull: return value is String || value is NSNull
        }
    }
}

/// Expects exactly these fields, each of its kind.
func expectFields(
    _ object: [String: Any], _ fields: [String: Field], location: SourceLocation = #_sourceLocation
) {
    #expect(Set(object.keys) == Set(fields.keys), sourceLocation: location)
    for (name, field) in fields {
        guard let value = object[name] else { continue }
        #expect(field.fits(value), "\(name): \(value)", sourceLocation: location)
    }
}

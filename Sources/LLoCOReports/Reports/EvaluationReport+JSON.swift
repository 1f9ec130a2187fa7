public import Foundation
import LLoCOBase

extension EvaluationReport {
    /// The report as JSON with sorted keys: equal reports give equal bytes.
    ///
    /// - Throws: ``ReportError`` if a figure is not a finite number.
    public func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return try encoder.encode(self)
        } catch let EncodingError.invalidValue(value, context) {
            throw ReportError("report: \(Self.path(context.codingPath)) is \(value); expected a finite number")
        }
    }

    /// Decodes the output of ``json()``.
    ///
    /// - Parameter name: the name of the data in errors, such as a file name
    /// - Throws: ``ReportError`` that names the invalid field.
    public init(json: Data, name: String = "report") throws {
        do {
            self = try JSONDecoder().decode(Self.self, from: json)
        } catch let error as DecodingError {
            throw ReportError("\(name): \(Self.reason(error).excerpt(300)); expected the JSON form of a report")
        }
    }

    private static func reason(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context):
            "no \"\(key.stringValue)\" in \(path(context.codingPath))"
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            "\(path(context.codingPath)) is not \(type)"
        case .dataCorrupted(let context):
            "\(path(context.codingPath)): \(context.debugDescription)"
        @unknown default:
            "not readable"
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.isEmpty
            ? "the report"
            : keys.map { $0.intValue.map { "[\($0)]" } ?? "." + $0.stringValue }.joined().visible.drop { $0 == "." }
                .description
    }
}

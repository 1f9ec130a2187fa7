package import Foundation

/// A line of JSON Lines.
package enum JSONLine {
    /// A value on one line with its end; keys sorted, so that the same value is the same bytes.
    package static func data(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value) + Data("\n".utf8)
    }
}

package import Foundation

/// Encodes a line of JSON Lines.
package enum JSONLine {
    /// A value on one line, with the line ending. Keys are sorted, so that equal values give equal bytes.
    package static func data(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value) + Data("\n".utf8)
    }
}

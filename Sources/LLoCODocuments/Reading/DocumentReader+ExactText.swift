public import Foundation

extension DocumentReader {
    /// The exact text of UTF-8 bytes, including a byte order mark and blanks.
    ///
    /// - Parameter path: the path for error messages
    /// - Throws: ``DocumentError`` if the bytes are not text, not UTF-8 or truncated in a character.
    public static func exactText(_ data: Data, path: String) throws -> String {
        try TextDecoding(path: path).exactText([UInt8](data))
    }
}

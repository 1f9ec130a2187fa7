public import Foundation

extension DocumentReader {
    /// UTF-8 bytes as text, with nothing tidied: a byte order mark stays, and so do blanks.
    ///
    /// - Parameter path: what errors name
    /// - Throws: ``DocumentError`` for bytes that are no text, or of another encoding, or cut in a character.
    public static func exactText(_ data: Data, path: String) throws -> String {
        try TextDecoding(path: path).exactText([UInt8](data))
    }
}

internal import Foundation

/// The first 100 bytes of an SQLite file (sqlite.org/fileformat2.html, section 1.3), read without SQLite.
///
/// Other applications' files, newer formats and truncated files are rejected by the header alone, before any write.
struct LibraryHeader {
    static let size = 100
    private static let magic = Array("SQLite format 3\0".utf8)

    let isSQLite: Bool
    let fileSize: Int
    /// The size in bytes by the header's page count and page size; 0 if the header has no valid page count.
    let expectedSize: Int
    let formatVersion: Int
    let applicationID: Int

    init(path: String) throws {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw LibraryError(.inputOutput, "\(path): cannot be read; check its permissions")
        }
        defer { try? file.close() }
        let bytes = [UInt8](try file.read(upToCount: Self.size) ?? Data())
        fileSize = Int(clamping: try file.seekToEnd())
        guard bytes.count == Self.size, Array(bytes[0..<16]) == Self.magic else {
            isSQLite = false
            expectedSize = 0
            formatVersion = 0
            applicationID = 0
            return
        }
        func word(_ offset: Int) -> Int {
            bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
        }
        let smallPage = Int(bytes[16]) << 8 | Int(bytes[17])
        // The page count is valid only where the change counter repeats at offset 92.
        let pages = word(24) == word(92) ? word(28) : 0
        isSQLite = true
        expectedSize = (smallPage == 1 ? 65_536 : smallPage) * pages
        formatVersion = Int(Int32(truncatingIfNeeded: word(60)))
        applicationID = Int(Int32(truncatingIfNeeded: word(68)))
    }
}

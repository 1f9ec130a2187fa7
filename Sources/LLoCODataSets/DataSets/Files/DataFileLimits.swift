/// What a file from outside may hold.
package struct DataFileLimits: Sendable {
    /// Bytes of a file, decompressed, and of all texts of a set together.
    package var bytes = 2 << 30
    /// Bytes of one record.
    package var recordBytes = 256 << 20
    /// Bytes of one text that is a file of its own.
    package var textBytes = 64 << 20
    /// Records that may be malformed before the file is taken for something else.
    package var malformed = 100_000

    package init() {}
}

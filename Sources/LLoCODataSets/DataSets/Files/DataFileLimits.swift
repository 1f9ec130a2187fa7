/// Limits on data files, which are untrusted input.
package struct DataFileLimits: Sendable {
    /// Maximum bytes of a decompressed file, and of all texts of a set together.
    package var bytes = 2 << 30
    /// Maximum bytes of one record.
    package var recordBytes = 256 << 20
    /// Maximum bytes of a separate text file.
    package var textBytes = 64 << 20
    /// Maximum number of malformed records; with more, the file is refused.
    package var malformed = 100_000

    package init() {}
}

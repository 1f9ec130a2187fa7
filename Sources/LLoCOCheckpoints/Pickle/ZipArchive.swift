/// The directory of a zip or zip64 file (APPNOTE.TXT 4.3) with uncompressed entries, as `torch.save` writes them.
/// An entry's data is checked to lie within the file.
struct ZipArchive: Sendable {
    struct Entry: Sendable {
        let name: String
        let method: UInt16
        let flags: UInt16
        let compressedSize: Int
        let size: Int
        let headerOffset: Int
    }

    let file: FileBytes
    let entries: [String: Entry]

    private static let endSignature: UInt32 = 0x0605_4B50
    private static let end64Signature: UInt32 = 0x0606_4B50
    private static let locatorSignature: UInt32 = 0x0706_4B50
    private static let directorySignature: UInt32 = 0x0201_4B50
    private static let localSignature: UInt32 = 0x0403_4B50

    init(_ file: FileBytes) throws {
        self.file = file
        let directory = try Self.directory(file)
        var cursor = ByteCursor(file, range: directory.range)
        var entries: [String: Entry] = [:]
        for _ in 0..<directory.count {
            let entry = try Self.entry(&cursor)
            guard entries.updateValue(entry, forKey: entry.name) == nil else {
                throw file.fault("duplicate zip entry \(entry.name)")
            }
        }
        self.entries = entries
    }

    /// The byte range of an entry's data.
    func data(of entry: Entry) throws -> Range<Int> {
        guard entry.flags & 1 == 0 else {
            throw file.fault(
                "the zip entry \(entry.name) is encrypted", expected: "an unencrypted entry", code: .unsupported)
        }
        guard entry.method == 0, entry.compressedSize == entry.size else {
            throw file.fault(
                "the zip entry \(entry.name) is compressed (method \(entry.method))",
                expected: "uncompressed entries, as torch.save writes them", code: .unsupported)
        }
        var cursor = ByteCursor(file, range: entry.headerOffset..<file.count)
        guard try cursor.integer(UInt32.self, "a local header") == Self.localSignature else {
            throw file.fault("no local header of the zip entry \(entry.name) at byte \(entry.headerOffset)")
        }
        try cursor.skip(22, "a local header")
        let nameLength = Int(try cursor.integer(UInt16.self, "a local header"))
        let extraLength = Int(try cursor.integer(UInt16.self, "a local header"))
        try cursor.skip(nameLength + extraLength, "a local header")
        let start = cursor.offset
        try cursor.skip(entry.size, "the zip entry \(entry.name)")
        return start..<cursor.offset
    }
}

// MARK: - Central directory

extension ZipArchive {
    private static func directory(_ file: FileBytes) throws -> (range: Range<Int>, count: Int) {
        guard let end = endRecord(file) else {
            throw file.fault("no end of a zip directory", expected: "a complete zip archive; is the file truncated?")
        }
        var cursor = ByteCursor(file, range: end + 10..<file.count)
        var count = UInt64(try cursor.integer(UInt16.self, "the zip directory"))
        var size = UInt64(try cursor.integer(UInt32.self, "the zip directory"))
        var offset = UInt64(try cursor.integer(UInt32.self, "the zip directory"))
        if count == 0xFFFF || size == 0xFFFF_FFFF || offset == 0xFFFF_FFFF, let end64 = try end64Record(file, end) {
            var cursor = ByteCursor(file, range: end64 + 32..<file.count)
            count = try cursor.integer(UInt64.self, "the zip64 directory")
            size = try cursor.integer(UInt64.self, "the zip64 directory")
            offset = try cursor.integer(UInt64.self, "the zip64 directory")
        }
        guard offset <= UInt64(end), size <= UInt64(end) - offset, count <= size / 46, count <= 1 << 20 else {
            throw file.fault(
                "a zip directory of \(count) entries in \(size) bytes at byte \(offset)",
                expected: "a directory that fits the file of \(file.count) bytes")
        }
        return (Int(offset)..<Int(offset + size), Int(count))
    }

    /// The offset of the end record, which is at the end of the file before a comment of at most 65,535 bytes.
    private static func endRecord(_ file: FileBytes) -> Int? {
        guard file.count >= 22 else { return nil }
        for start in stride(from: file.count - 22, through: max(0, file.count - 22 - 0xFFFF), by: -1) {
            guard load(file, start, UInt32.self) == endSignature else { continue }
            if start + 22 + Int(load(file, start + 20, UInt16.self)) == file.count { return start }
        }
        return nil
    }

    private static func end64Record(_ file: FileBytes, _ end: Int) throws -> Int? {
        guard end >= 20, load(file, end - 20, UInt32.self) == locatorSignature else { return nil }
        let offset = load(file, end - 12, UInt64.self)
        guard end >= 20 + 56, offset <= UInt64(end - 20 - 56), load(file, Int(offset), UInt32.self) == end64Signature
        else {
            throw file.fault("no zip64 directory at byte \(offset)")
        }
        return Int(offset)
    }

    private static func load<T: FixedWidthInteger>(_ file: FileBytes, _ offset: Int, _: T.Type) -> T {
        T(littleEndian: file.base.loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    private static func entry(_ cursor: inout ByteCursor) throws -> Entry {
        let what = "the zip directory"
        guard try cursor.integer(UInt32.self, what) == directorySignature else {
            throw cursor.file.fault("no zip directory entry at byte \(cursor.offset - 4)")
        }
        try cursor.skip(4, what)
        let flags = try cursor.integer(UInt16.self, what)
        let method = try cursor.integer(UInt16.self, what)
        try cursor.skip(8, what)
        var compressedSize = UInt64(try cursor.integer(UInt32.self, what))
        var size = UInt64(try cursor.integer(UInt32.self, what))
        let nameLength = Int(try cursor.integer(UInt16.self, what))
        let extraLength = Int(try cursor.integer(UInt16.self, what))
        let commentLength = Int(try cursor.integer(UInt16.self, what))
        try cursor.skip(8, what)
        var offset = UInt64(try cursor.integer(UInt32.self, what))
        let name = try cursor.string(nameLength, "a zip entry's name")
        var extra = ByteCursor(cursor.file, range: cursor.offset..<cursor.offset)
        let extraStart = cursor.offset
        try cursor.skip(extraLength, what)
        extra = ByteCursor(cursor.file, range: extraStart..<cursor.offset)
        while extra.remaining >= 4 {
            let identifier = try extra.integer(UInt16.self, what)
            let length = Int(try extra.integer(UInt16.self, what))
            let fieldStart = extra.offset
            try extra.skip(length, "an extra field of the zip entry \(name)")
            guard identifier == 1 else { continue }
            // Contains only the values that did not fit their field, in this order (APPNOTE.TXT 4.5.3).
            var field = ByteCursor(cursor.file, range: fieldStart..<extra.offset)
            if size == 0xFFFF_FFFF { size = try field.integer(UInt64.self, what) }
            if compressedSize == 0xFFFF_FFFF { compressedSize = try field.integer(UInt64.self, what) }
            if offset == 0xFFFF_FFFF { offset = try field.integer(UInt64.self, what) }
        }
        try cursor.skip(commentLength, what)
        let limit = UInt64(cursor.file.count)
        guard size <= limit || method != 0, compressedSize <= limit, offset <= limit, let size = Int(exactly: size)
        else {
            throw cursor.file.fault(
                "the zip entry \(name) of \(size) bytes at byte \(offset)",
                expected: "an entry within the file of \(limit) bytes")
        }
        return Entry(
            name: name, method: method, flags: flags, compressedSize: Int(compressedSize), size: size,
            headerOffset: Int(offset))
    }
}

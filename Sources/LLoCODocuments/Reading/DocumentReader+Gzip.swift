import Foundation
import LLoCOBase

extension DocumentReader {
    /// The text of the file at `path`: any file that ``read(_:)`` reads, or a gzipped text or HTML file.
    ///
    /// The first bytes decide whether the file is gzipped. ``sizeLimit`` applies to the decompressed size.
    ///
    /// - Throws: ``DocumentError``; `JSONLinesError` for gzip data that is damaged, truncated or larger than the limit.
    package func readUnpacked(_ path: String) throws -> DocumentText {
        guard try bytes(of: path).starts(with: [0x1F, 0x8B]) else { return try read(path) }
        let reader = try ChunkReader(url: URL(filePath: path), byteLimit: sizeLimit, expected: "a text")
        var data = Data()
        while case let piece = try reader.next(line: nil), !piece.isEmpty { data += piece }
        let name = path.lowercased().hasSuffix(".gz") ? String(path.dropLast(3)) : path
        let kind = try kind(of: name, data)
        return try read(data, path: path, kind: kind)
    }
}

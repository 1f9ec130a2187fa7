import Foundation
import LLoCOBase

extension DocumentReader {
    /// The text of the file at `path`, gzipped or not, which its first bytes tell: text or HTML within the limit once it is
    /// unpacked, or any file that ``read(_:)`` reads.
    ///
    /// - Throws: ``DocumentError``; `JSONLinesError` for gzip data that is damaged, cut off or larger than the limit.
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

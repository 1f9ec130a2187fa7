import Foundation
import LLoCOBase

/// The files of a split model: `NAME-00001-of-00003.gguf` and so on, in one folder.
enum GGUFParts {
    /// The file name of a part.
    struct Name: Equatable {
        let stem: String
        /// From 1.
        let number: Int
        let count: Int

        /// Parses a file name; nil if it is not the name of a part.
        init?(_ name: String) {
            guard let match = name.wholeMatch(of: /(.*)-([0-9]{5})-of-([0-9]{5})\.gguf/),
                let number = Int(match.2), let count = Int(match.3), 1...count ~= number
            else { return nil }
            stem = String(match.1)
            self.number = number
            self.count = count
        }

        private init(stem: String, number: Int, count: Int) {
            self.stem = stem
            self.number = number
            self.count = count
        }

        /// The name of another part of the same model.
        func part(_ number: Int) -> Name { Name(stem: stem, number: number, count: count) }

        var fileName: String {
            func digits(_ number: Int) -> String { String(repeating: "0", count: 5 - "\(number)".count) + "\(number)" }
            return "\(stem)-\(digits(number))-of-\(digits(count)).gguf"
        }
    }

    /// The headers of all files of a model, in order.
    ///
    /// - Parameters:
    ///   - file: any of the files
    ///   - header: its header
    /// - Throws: `CheckpointError` if a part is missing or belongs to another model.
    static func headers(of file: FileBytes, _ header: GGUFHeader) throws -> [GGUFHeader] {
        guard let count = header.metadata["split.count"]?.integer, count > 1 else { return [header] }
        guard count <= 4096 else { throw file.fault("a GGUF in \(count) parts", expected: "at most 4096") }
        guard let name = Name(file.url.lastPathComponent), name.count == count else {
            throw file.fault(
                "one of \(count) parts of a split GGUF",
                expected: "a name that ends in -00001-of-\(String(format: "%05d", count)).gguf, and all parts",
                code: .unsupported)
        }
        let folder = Folder(file.url.deletingLastPathComponent())
        let headers = try (1...count).map { number in
            let header =
                try number == name.number
                ? header : GGUFHeader(FileBytes(mapping: folder.member(name.part(number).fileName, namedBy: file.url)))
            guard header.metadata["split.count"]?.integer == count, header.metadata["split.no"]?.integer == number - 1
            else {
                throw header.file.fault(
                    "part \(header.metadata["split.no"]?.integer.map { "\($0 + 1)" } ?? "?") of "
                        + "\(header.metadata["split.count"]?.integer.map { "\($0)" } ?? "?")",
                    expected: "part \(number) of \(count)", code: .mismatch)
            }
            return header
        }
        let found = headers.reduce(0) { $0 + $1.entries.count }
        if let expected = headers[0].metadata["split.tensors.count"]?.integer, expected != found {
            throw file.fault("\(found) tensors in all parts", expected: "\(expected)", code: .mismatch)
        }
        return headers
    }

    /// The name of the first part if `names` are exactly the parts of one model, otherwise nil.
    static func first(of names: [String]) -> String? {
        guard let first = names.first.flatMap(Name.init), names.count == first.count,
            Set(names) == Set((1...first.count).map { first.part($0).fileName })
        else { return nil }
        return first.part(1).fileName
    }
}

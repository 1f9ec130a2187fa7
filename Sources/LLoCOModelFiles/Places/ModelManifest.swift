public import Foundation
import LLoCOBase

/// The manifest of a pulled model's folder: `lloco-model.json`, written when all files are in place.
public struct ModelManifest: Codable, Sendable, Equatable {
    /// A file below the folder.
    public struct File: Codable, Sendable, Equatable {
        /// The file's path below the folder
        public let name: String
        /// The file's size in bytes
        public let bytes: Int
        /// 64 hexadecimal digits
        public let sha256: String

        /// A file with its size and digest.
        public init(name: String, bytes: Int, sha256: String) {
            self.name = name
            self.bytes = bytes
            self.sha256 = sha256
        }
    }

    /// The manifest's file name.
    public static let fileName = "lloco-model.json"
    private static let maximumBytes = 4 << 20

    /// The model's name: one of the catalogue, or `OWNER/REPO`
    public var name: String
    /// The download source: a model hub's address, or `pip`
    public var source: String
    /// The commit of the files; nil if the source has none
    public var revision: String?
    /// The licence according to the publisher; nil if unknown
    public var licence: String?
    /// The model's files
    public var files: [File]

    /// A manifest with these values.
    public init(name: String, source: String, revision: String?, licence: String?, files: [File]) {
        self.name = name
        self.source = source
        self.revision = revision
        self.licence = licence
        self.files = files
    }

    /// Reads a folder's manifest; nil if it has none.
    ///
    /// - Throws: `ModelFileError` if the manifest is malformed.
    public init?(in folder: URL) throws {
        let url = folder.appending(path: Self.fileName)
        guard let file = FileHandle(forReadingAtPath: url.path) else { return nil }
        defer { try? file.close() }
        func fault(_ found: String) -> ModelFileError {
            ModelFileError(.damaged, "\(url.path): \(found); expected the manifest of a pulled model")
        }
        guard let data = try? file.read(upToCount: Self.maximumBytes + 1) else { throw fault("cannot be read") }
        guard data.count <= Self.maximumBytes else { throw fault("more than \(Self.maximumBytes) bytes") }
        do { self = try JSONDecoder().decode(Self.self, from: data) } catch { throw fault("malformed") }
        for file in files {
            guard FileName.isInside(file.name), file.bytes >= 0,
                case .sha256? = ContentDigest(hexadecimal: file.sha256)
            else { throw fault("a malformed entry for \"\(file.name.printable(limit: 80))\" of \(file.bytes) bytes") }
        }
    }

    /// Writes the manifest atomically.
    ///
    /// - Throws: `ModelFileError` if it cannot be written.
    public func write(to folder: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let url = folder.appending(path: Self.fileName)
        do { try (encoder.encode(self) + Data("\n".utf8)).write(to: url, options: .atomic) } catch {
            throw ModelFileError(.storage, "\(url.path): cannot be written (\(error.localizedDescription))")
        }
    }
}

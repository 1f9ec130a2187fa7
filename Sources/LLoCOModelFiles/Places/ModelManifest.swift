public import Foundation
import LLoCOBase

/// What a pulled model's folder says of itself: `lloco-model.json`, which is written when all of its files are in place.
public struct ModelManifest: Codable, Sendable, Equatable {
    /// A file below the folder.
    public struct File: Codable, Sendable, Equatable {
        /// Its path below the folder
        public let name: String
        public let bytes: Int
        public let sha256: String

        public init(name: String, bytes: Int, sha256: String) {
            self.name = name
            self.bytes = bytes
            self.sha256 = sha256
        }
    }

    public static let fileName = "lloco-model.json"
    private static let largest = 4 << 20

    /// What the model is called by: a name of the catalogue, or `OWNER/REPO`
    public var name: String
    /// Where it came from: a model hub's address, or `pip`
    public var source: String
    /// The commit that the files are of; nil where the source has none
    public var revision: String?
    public var licence: String?
    public var files: [File]

    public init(name: String, source: String, revision: String?, licence: String?, files: [File]) {
        self.name = name
        self.source = source
        self.revision = revision
        self.licence = licence
        self.files = files
    }

    /// The manifest of a folder; nil where it has none.
    ///
    /// - Throws: `ModelFileError` where it is malformed.
    public init?(in folder: URL) throws {
        let url = folder.appending(path: Self.fileName)
        guard let file = FileHandle(forReadingAtPath: url.path) else { return nil }
        defer { try? file.close() }
        func fault(_ found: String) -> ModelFileError {
            ModelFileError(.damaged, "\(url.path): \(found); expected what is written there when a model is pulled")
        }
        guard let data = try? file.read(upToCount: Self.largest + 1) else { throw fault("it cannot be read") }
        guard data.count <= Self.largest else { throw fault("more than \(Self.largest) bytes") }
        do { self = try JSONDecoder().decode(Self.self, from: data) } catch { throw fault("it is malformed") }
        for file in files {
            guard FileName.isInside(file.name), file.bytes >= 0,
                case .sha256? = ContentDigest(hexadecimal: file.sha256)
            else { throw fault("the file \"\(file.name.printable(limit: 80))\" of \(file.bytes) bytes") }
        }
    }

    /// Writes it; it appears whole or not at all.
    public func write(to folder: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let url = folder.appending(path: Self.fileName)
        do { try (encoder.encode(self) + Data("\n".utf8)).write(to: url, options: .atomic) } catch {
            throw ModelFileError(.storage, "\(url.path): cannot be written (\(error.localizedDescription))")
        }
    }
}

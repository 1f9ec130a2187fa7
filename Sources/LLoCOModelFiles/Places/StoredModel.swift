public import Foundation
import LLoCOBase

/// A model on this machine.
public struct StoredModel: Sendable {
    /// The kind of place that contains the model.
    public enum Place: String, Sendable, Encodable {
        /// the user's folder of models, which can be removed
        case models
        /// the program's installation
        case installation
        /// the cache of Hugging Face's programs
        case cache
    }

    /// A file of the model.
    public struct File: Sendable {
        /// The file's location.
        public let url: URL
        /// The expected size in bytes.
        public let bytes: Int
        /// The expected digest; nil if unknown.
        public let digest: ContentDigest?

        /// A file with its expected size and digest.
        public init(url: URL, bytes: Int, digest: ContentDigest?) {
            self.url = url
            self.bytes = bytes
            self.digest = digest
        }
    }

    /// The model's name, as in a reference.
    public let name: String
    /// The GGUF file or the folder to load.
    public let path: URL
    /// The kind of place that contains the model.
    public let place: Place
    /// The licence according to the publisher; nil if unknown.
    public let licence: String?
    /// The model's files.
    public let files: [File]

    /// The total size of all files in bytes.
    public var bytes: Int { files.reduce(0) { $0 + $1.bytes } }

    /// A model with these values.
    public init(name: String, path: URL, place: Place, licence: String?, files: [File]) {
        self.name = name
        self.path = path
        self.place = place
        self.licence = licence
        self.files = files
    }
}

extension StoredModel {
    /// Checks that all files exist and have the expected sizes, without reading them.
    ///
    /// - Throws: ``ModelFileError`` for the first file that is missing or has another size.
    func checkFiles() throws {
        for file in files {
            let size = ModelPlaces.size(of: file.url)
            guard size != file.bytes else { continue }
            throw ModelFileError(
                .damaged,
                "\(file.url.path): \(size.map { "\($0) bytes" } ?? "no such file"), expected \(file.bytes) bytes of "
                    + name,
                hint: .pullModel(name))
        }
    }
}

extension StoredModel.File {
    /// Reads the whole file and compares its size and digest.
    ///
    /// - Returns: the difference in one line; nil if there is none, or if the expected digest is unknown
    /// - Throws: ``FileError`` if the file is missing or cannot be read.
    public func fault() throws -> String? {
        guard let size = ModelPlaces.size(of: url) else {
            throw FileError(.notFound, "\(url.path): no such file")
        }
        guard size == bytes else { return "\(size) bytes, expected \(bytes)" }
        guard let digest else { return nil }
        let found = try ContentHasher.digest(ofFileAt: url.path, like: digest, bytes: bytes)
        return found == digest ? nil : "\(found), expected \(digest.hexadecimal)"
    }
}

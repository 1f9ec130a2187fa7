public import Foundation
import LLoCOBase

/// A model that is here.
public struct StoredModel: Sendable {
    /// Whose folder it lies in.
    public enum Place: String, Sendable, Encodable {
        /// the user's models, which can be removed
        case models
        /// what came with the program
        case installation
        /// the cache of Hugging Face's programs
        case cache
    }

    /// A file of it.
    public struct File: Sendable {
        public let url: URL
        public let bytes: Int
        /// What it should be; nil where that is not known.
        public let digest: ContentDigest?

        public init(url: URL, bytes: Int, digest: ContentDigest?) {
            self.url = url
            self.bytes = bytes
            self.digest = digest
        }
    }

    /// What it is called by.
    public let name: String
    /// The GGUF file or the folder that is loaded.
    public let path: URL
    public let place: Place
    /// As the model's publisher names it; nil where that is not known.
    public let licence: String?
    public let files: [File]

    /// bytes of all files
    public var bytes: Int { files.reduce(0) { $0 + $1.bytes } }

    public init(name: String, path: URL, place: Place, licence: String?, files: [File]) {
        self.name = name
        self.path = path
        self.place = place
        self.licence = licence
        self.files = files
    }
}

extension StoredModel {
    /// Checks that all files are there and have their sizes; they are not read.
    ///
    /// - Throws: ``ModelFileError`` with the first that is not.
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
    /// Reads the file whole, and says what is wrong with it; nil where it is what it should be, or that is not known.
    ///
    /// - Throws: ``FileError`` where it is not there or cannot be read.
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

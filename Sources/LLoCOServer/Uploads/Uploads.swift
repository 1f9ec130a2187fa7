import Foundation
import HTTPTypes
import Hummingbird
import LLoCO
import LLoCOBase

/// Uploaded files. They are written while they arrive, and kept until a job takes them.
package struct Uploads: Sendable {
    /// The folder of all uploads
    let folder: URL
    /// Maximum size of an upload in bytes
    let maximumBytes: Int
    private let thread = DedicatedThread(name: "lloco.uploads")

    /// Maximum number of files in an upload
    static let maximumFiles = 100
    /// Maximum number of uploads without a job
    static let maximumUploads = 64
    /// Seconds after which an upload without a job is removed
    static let lifetime = 3600.0

    /// The response to an upload: its id and its files.
    struct Upload: Encodable {
        struct File: Encodable {
            let name: String
            var bytes: Int
        }
        let id: String
        var files: [File] = []
    }

    init(folder: URL, maximumBytes: Int) {
        (self.folder, self.maximumBytes) = (folder, maximumBytes)
    }

    /// Writes a request's files. A failed upload leaves no files.
    func receive(_ request: Request) async throws -> Upload {
        // Refused before the body is received.
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > maximumBytes { throw tooLong }
        try removeOld()
        var parser: MultipartParser
        do { parser = try MultipartParser(contentType: request.headers[.contentType] ?? "") } catch let fault
            as MultipartParser.Fault
        { throw APIError.invalid(fault.reason) }
        var upload = Upload(id: .randomID())
        // Renamed when complete, so that no partial upload is visible.
        let draft = folder.appending(path: upload.id + ".part", directoryHint: .isDirectory)
        do {
            try await thread.run { try FileManager.default.createPrivateDirectory(draft) }
            try await write(request, &parser, to: draft, &upload)
            guard !upload.files.isEmpty else { throw APIError.invalid("the upload contains no file") }
            try FileManager.default.moveItem(at: draft, to: path(upload.id))
        } catch {
            try? FileManager.default.removeItem(at: draft)
            throw Self.error(error)
        }
        return upload
    }

    /// The folder and the file names of an upload.
    ///
    /// - Throws: ``APIError`` with status 404 if the upload does not exist.
    func find(_ id: String) throws -> (folder: URL, files: [String]) {
        guard id.isID, let files = try? FileManager.default.contentsOfDirectory(atPath: path(id).path) else {
            throw APIError.notFound(
                "upload \"\(id.printable(limit: 40))\" not found; uploads are kept for one hour", parameter: "upload",
                code: "upload_not_found")
        }
        return (path(id), files.sorted())
    }

    /// Removes an upload without a job.
    func remove(_ id: String) throws { try FileManager.default.removeItem(at: find(id).folder) }

    /// Removes the uploads of an earlier server process.
    func removeAll() { try? FileManager.default.removeItem(at: folder) }

    private var tooLong: APIError { .tooLong("the upload has more than \(maximumBytes) bytes") }

    private func path(_ id: String) -> URL { folder.appending(path: id, directoryHint: .isDirectory) }

    private func write(
        _ request: Request, _ parser: inout MultipartParser, to folder: URL, _ upload: inout Upload
    ) async throws {
        var (bytes, file) = (0, FileHandle?.none)
        defer { try? file?.close() }
        for try await buffer in request.body {
            bytes += buffer.readableBytes
            guard bytes <= maximumBytes else { throw tooLong }
            for event in try parser.append(buffer.readableBytesView) {
                switch event {
                case .begin(_, let fileName?):
                    guard upload.files.count < Self.maximumFiles else {
                        throw APIError.invalid("the upload has more than \(Self.maximumFiles) files")
                    }
                    let name = try Self.safeName(fileName)
                    file = try await thread.run { try Self.create(name, in: folder) }
                    upload.files.append(.init(name: name, bytes: 0))
                case .begin(let name, nil):
                    throw APIError.invalid(
                        "part \"\(name.printable(limit: 60))\" is not a file; expected a filename", parameter: "file")
                case .data(let data):
                    let open = file
                    try await thread.run { try open?.write(contentsOf: data) }
                    upload.files[upload.files.count - 1].bytes += data.count
                case .end:
                    try file?.close()
                    file = nil
                }
            }
        }
        try parser.finish()
    }

    /// The last path component of a file name.
    ///
    /// - Throws: ``APIError`` if it is empty, `.`, `..`, longer than 200 bytes, or has control characters.
    package static func safeName(_ name: String) throws -> String {
        let last = name.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? ""
        let isPlain = last.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        guard isPlain, !["", ".", ".."].contains(last), last.utf8.count <= 200 else {
            throw APIError.invalid(
                "\"\(name.printable(limit: 60))\" is not a valid file name; expected 1 to 200 bytes", parameter: "file")
        }
        return last
    }

    private static func create(_ name: String, in folder: URL) throws -> FileHandle {
        let path = folder.appending(path: name).path
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            guard errno == EEXIST else { throw CocoaError(.fileWriteUnknown) }
            throw APIError.conflict("two files are named \"\(name.printable(limit: 60))\"")
        }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    private func removeOld() throws {
        let paths =
            (try? FileManager.default.contentsOfDirectory(
                at: folder, includingPropertiesForKeys: [.contentModificationDateKey])) ?? []
        let old = paths.filter { path in
            let date = try? path.resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate
            return (date ?? .now) < Date(timeIntervalSinceNow: -Self.lifetime)
        }
        for path in old { try? FileManager.default.removeItem(at: path) }
        guard paths.count - old.count < Self.maximumUploads else {
            throw APIError.busy("\(Self.maximumUploads) uploads are waiting for a job; retry later")
        }
    }

    private static func error(_ error: any Error) -> any Error {
        switch error {
        case let fault as MultipartParser.Fault: APIError.invalid("the upload is malformed: \(fault.reason)")
        case let error as CocoaError where error.code == .fileWriteOutOfSpace:
            APIError(
                status: .init(code: 507, reasonPhrase: "Insufficient Storage"), message: "the server's disk is full",
                type: "server_error", code: "storage")
        default: error
        }
    }
}

import Foundation
import HTTPTypes
import Hummingbird
import LLoCO
import LLoCOBase

/// Files that clients send: they are written as they come, and wait for the job that reads them.
package struct Uploads: Sendable {
    /// Where they are
    let folder: URL
    let maximumBytes: Int
    private let thread = DedicatedThread(name: "lloco.uploads")

    /// The most files of an upload
    static let maximumFiles = 100
    /// The most uploads that wait for a job
    static let maximumUploads = 64
    /// Seconds after which one that no job has taken is removed
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

    /// Writes a request's files; nothing is left of it where it fails.
    func receive(_ request: Request) async throws -> Upload {
        // What is announced to be too long need not come.
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > maximumBytes { throw tooLong }
        try removeOld()
        var parser: MultipartParser
        do { parser = try MultipartParser(contentType: request.headers[.contentType] ?? "") } catch let fault
            as MultipartParser.Fault
        { throw APIError.invalid(fault.reason) }
        var upload = Upload(id: .randomID())
        // Whole or not at all: it has its name when it is whole.
        let draft = folder.appending(path: upload.id + ".part", directoryHint: .isDirectory)
        do {
            try await thread.run { try FileManager.default.createPrivateDirectory(draft) }
            try await write(request, &parser, to: draft, &upload)
            guard !upload.files.isEmpty else { throw APIError.invalid("the upload has no file in it") }
            try FileManager.default.moveItem(at: draft, to: path(upload.id))
        } catch {
            try? FileManager.default.removeItem(at: draft)
            throw Self.error(error)
        }
        return upload
    }

    /// The folder and the files' names of an upload.
    ///
    /// - Throws: ``APIError`` where there is none.
    func find(_ id: String) throws -> (folder: URL, files: [String]) {
        guard id.isID, let files = try? FileManager.default.contentsOfDirectory(atPath: path(id).path) else {
            throw APIError.notFound(
                "there is no upload \"\(id.printable(limit: 40))\": it is kept for an hour", parameter: "upload",
                code: "upload_not_found")
        }
        return (path(id), files.sorted())
    }

    /// Removes an upload that no job has taken.
    func remove(_ id: String) throws { try FileManager.default.removeItem(at: find(id).folder) }

    /// Removes what an earlier server has left.
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
                    let name = try Self.safe(fileName)
                    file = try await thread.run { try Self.create(name, in: folder) }
                    upload.files.append(.init(name: name, bytes: 0))
                case .begin(let name, nil):
                    throw APIError.invalid("\"\(name.printable(limit: 60))\" is not a file", parameter: "file")
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

    /// A name that stays in its folder.
    package static func safe(_ name: String) throws -> String {
        let last = name.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? ""
        let isPlain = last.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        guard isPlain, !["", ".", ".."].contains(last), last.utf8.count <= 200 else {
            throw APIError.invalid(
                "\"\(name.printable(limit: 60))\" is no name for a file: expected 1 to 200 bytes", parameter: "file")
        }
        return last
    }

    private static func create(_ name: String, in folder: URL) throws -> FileHandle {
        let path = folder.appending(path: name).path
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            guard errno == EEXIST else { throw CocoaError(.fileWriteUnknown) }
            throw APIError.invalid("two files are called \"\(name.printable(limit: 60))\"", parameter: "file")
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
            throw APIError.busy("\(Self.maximumUploads) uploads wait for a job: try again later")
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

import Foundation
import LLoCOBase

/// What jobs keep on disk, beside the library:
///
///     jobs/ID/job.json      the job
///     jobs/ID/events.jsonl  what it has said
///     jobs/ID/errors.txt    what its process has written to stderr
///     uploads/ID/           files that came and are not given to a job yet
///     files/GROUP/          files of the job that runs, where a second upload of the same name finds its document again
struct JobFolder: Sendable {
    let root: URL

    private var jobs: URL { root.appending(path: "jobs", directoryHint: .isDirectory) }
    var uploads: URL { root.appending(path: "uploads", directoryHint: .isDirectory) }

    private func folder(_ id: String) -> URL { jobs.appending(path: id, directoryHint: .isDirectory) }
    func events(_ id: String) -> URL { folder(id).appending(path: "events.jsonl") }
    func errors(_ id: String) -> URL { folder(id).appending(path: "errors.txt") }
    private func given(_ id: String) -> URL { folder(id).appending(path: "files", directoryHint: .isDirectory) }

    /// Where files of a group are while they are read; the group's name cannot lead elsewhere.
    private func place(_ group: String) -> URL {
        let allowed = CharacterSet.alphanumerics.union(.init(charactersIn: "-_ "))
        // No file's name has more than 255 bytes.
        let name = group.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
        return root.appending(path: "files", directoryHint: .isDirectory)
            .appending(
                path: name.utf8.count > 100 ? Digest.sha256(Data(group.utf8)) : name, directoryHint: .isDirectory)
    }

    /// The jobs that there are, the oldest first. One that cannot be read is passed over.
    func load() -> [Job] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: jobs.path)) ?? []
        return names.filter(\.isID).compactMap { id in
            guard let data = try? Data(contentsOf: folder(id).appending(path: "job.json")) else { return nil }
            return try? Self.decoder.decode(Job.self, from: data)
        }.sorted { $0.created < $1.created }
    }

    /// Makes a job's folder, with the files of an upload in it.
    func create(_ job: Job, taking upload: URL?) throws {
        try FileManager.default.createPrivateDirectory(folder(job.id))
        if let upload {
            try FileManager.default.moveItem(at: upload, to: given(job.id))
        }
        try FileManager.default.createPrivateFile(events(job.id))
        try save(job)
    }

    func save(_ job: Job) throws {
        try Self.encoder.encode(job).write(to: folder(job.id).appending(path: "job.json"), options: .atomic)
    }

    func remove(_ job: Job) throws {
        try FileManager.default.removeItem(at: folder(job.id))
    }

    /// Puts a job's files where they are read, if they are not there already.
    ///
    /// - Returns: their paths
    func place(filesOf job: Job) throws -> [String] {
        guard !job.files.isEmpty else { return [] }
        let place = place(job.group)
        try FileManager.default.createPrivateDirectory(place)
        return try job.files.map { name in
            let (from, to) = (given(job.id).appending(path: name), place.appending(path: name))
            if FileManager.default.fileExists(atPath: from.path) {
                try? FileManager.default.removeItem(at: to)
                try FileManager.default.moveItem(at: from, to: to)
            }
            return to.path
        }
    }

    /// Removes a job's files, once the library has their text or nothing reads them any more.
    func removeFiles(of job: Job) {
        for name in job.files { try? FileManager.default.removeItem(at: place(job.group).appending(path: name)) }
        try? FileManager.default.removeItem(at: given(job.id))
    }

    func append(_ event: JobEvent, to job: Job) throws {
        let file = try FileHandle(forWritingTo: events(job.id))
        defer { try? file.close() }
        try file.seekToEnd()
        try file.write(contentsOf: JSONLine.data(event))
    }

    /// How far a job has come: the last event of its kind near the end of what it has said.
    func progress(of id: String) -> JobEvent? {
        lastBytes(16 << 10, of: events(id))?.split(separator: UInt8(ascii: "\n")).reversed().lazy
            .compactMap { try? JSONDecoder().decode(JobEvent.self, from: Data($0)) }
            .first { $0.type == .progress || $0.type == .step }
    }

    /// The last line that a job's process has written to stderr, with its files as they were called when they came.
    func lastError(of job: Job) -> String? {
        let text = String(decoding: lastBytes(4096, of: errors(job.id)) ?? Data(), as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).last.map {
            String($0).replacing(place(job.group).path + "/", with: "").printable(limit: 500)
        }
    }

    /// The end of a file; nil where there is none, or nothing in it.
    private func lastBytes(_ count: Int, of url: URL) -> Data? {
        guard let file = try? FileHandle(forReadingFrom: url) else { return nil }
        defer { try? file.close() }
        let end = (try? file.seekToEnd()) ?? 0
        try? file.seek(toOffset: end - min(end, UInt64(count)))
        return try? file.read(upToCount: count)
    }

    private static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .secondsSince1970
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }()
    private static let decoder: JSONDecoder = {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .secondsSince1970
        return decoder
    }()
}

extension FileManager {
    /// A folder that nobody else of this machine reads, with those that it is in.
    func createPrivateDirectory(_ url: URL) throws {
        try createDirectory(at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// An empty file that nobody else of this machine reads, in the place of one that is there.
    func createPrivateFile(_ url: URL) throws {
        guard createFile(atPath: url.path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
            throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: url.path])
        }
    }
}

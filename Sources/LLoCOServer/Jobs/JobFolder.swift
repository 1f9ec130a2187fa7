import Foundation
import LLoCOBase

/// The files of jobs, in a folder next to the library:
///
///     jobs/ID/job.json      the job
///     jobs/ID/events.jsonl  its events
///     jobs/ID/errors.txt    its process's stderr
///     uploads/ID/           uploaded files that have no job yet
///     files/GROUP/          files of the running job; a later upload of the same name has the same path, so that it
///                           updates the same document
struct JobFolder: Sendable {
    let root: URL

    private var jobs: URL { root.appending(path: "jobs", directoryHint: .isDirectory) }
    var uploads: URL { root.appending(path: "uploads", directoryHint: .isDirectory) }

    private func folder(_ id: String) -> URL { jobs.appending(path: id, directoryHint: .isDirectory) }
    func events(_ id: String) -> URL { folder(id).appending(path: "events.jsonl") }
    func errors(_ id: String) -> URL { folder(id).appending(path: "errors.txt") }
    private func uploadedFiles(_ id: String) -> URL { folder(id).appending(path: "files", directoryHint: .isDirectory) }

    /// The folder of a group's files while a job runs. The group's name is escaped, so it cannot leave `root`.
    private func groupFolder(_ group: String) -> URL {
        let allowed = CharacterSet.alphanumerics.union(.init(charactersIn: "-_ "))
        // File names are limited to 255 bytes.
        let name = group.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
        return root.appending(path: "files", directoryHint: .isDirectory)
            .appending(
                path: name.utf8.count > 100 ? Digest.sha256(Data(group.utf8)) : name, directoryHint: .isDirectory)
    }

    /// All jobs, oldest first. Unreadable jobs are skipped.
    func load() -> [Job] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: jobs.path)) ?? []
        return names.filter(\.isID).compactMap { id in
            guard let data = try? Data(contentsOf: folder(id).appending(path: "job.json")) else { return nil }
            return try? Self.decoder.decode(Job.self, from: data)
        }.sorted { $0.created < $1.created }
    }

    /// Creates a job's folder and moves the files of an upload into it.
    func create(_ job: Job, taking upload: URL?) throws {
        try FileManager.default.createPrivateDirectory(folder(job.id))
        if let upload {
            try FileManager.default.moveItem(at: upload, to: uploadedFiles(job.id))
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

    /// Moves a job's files into its group's folder, if they are not there already.
    ///
    /// - Returns: the files' paths
    func moveFiles(of job: Job) throws -> [String] {
        guard !job.files.isEmpty else { return [] }
        let folder = groupFolder(job.group)
        try FileManager.default.createPrivateDirectory(folder)
        return try job.files.map { name in
            let (from, to) = (uploadedFiles(job.id).appending(path: name), folder.appending(path: name))
            if FileManager.default.fileExists(atPath: from.path) {
                try? FileManager.default.removeItem(at: to)
                try FileManager.default.moveItem(at: from, to: to)
            }
            return to.path
        }
    }

    /// Removes a job's files after it has ended.
    func removeFiles(of job: Job) {
        for name in job.files { try? FileManager.default.removeItem(at: groupFolder(job.group).appending(path: name)) }
        try? FileManager.default.removeItem(at: uploadedFiles(job.id))
    }

    func append(_ event: JobEvent, to job: Job) throws {
        let file = try FileHandle(forWritingTo: events(job.id))
        defer { try? file.close() }
        try file.seekToEnd()
        try file.write(contentsOf: JSONLine.data(event))
    }

    /// The last progress or step event in the final 16 KiB of a job's events.
    func progress(of id: String) -> JobEvent? {
        lastBytes(16 << 10, of: events(id))?.split(separator: UInt8(ascii: "\n")).reversed().lazy
            .compactMap { try? JSONDecoder().decode(JobEvent.self, from: Data($0)) }
            .first { $0.type == .progress || $0.type == .step }
    }

    /// The last line of a job's stderr, with uploaded file names in place of paths.
    func lastError(of job: Job) -> String? {
        let text = String(decoding: lastBytes(4096, of: errors(job.id)) ?? Data(), as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).last.map {
            String($0).replacing(groupFolder(job.group).path + "/", with: "").printable(limit: 500)
        }
    }

    /// Up to `count` bytes at the end of a file; nil if the file is missing or empty.
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
    /// Creates a folder that only this user can access, with its parent folders.
    func createPrivateDirectory(_ url: URL) throws {
        try createDirectory(at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// Creates an empty file that only this user can access; replaces an existing one.
    func createPrivateFile(_ url: URL) throws {
        guard createFile(atPath: url.path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
            throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: url.path])
        }
    }
}

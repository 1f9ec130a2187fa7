import Foundation
import LLoCOBase
import Logging
import ServiceLifecycle

/// The jobs of a server, one of which runs at a time: they write the same library. They are kept on disk, and those that were
/// not done when the server ended go on when it starts again.
actor JobQueue {
    let folder: JobFolder
    private let executable: URL
    /// What every job's command is called with: the library, the model
    private let options: [String]
    private let logger: Logger
    /// The oldest first
    private var jobs: [Job]
    private var running: (id: String, task: Task<Void, Never>)?
    private var isOpen = false

    /// The most jobs that are kept; of those that have ended the oldest are forgotten
    private static let maximumJobs = 200
    /// The most jobs that wait at a time
    private static let maximumWaiting = 64

    init(folder: JobFolder, executable: URL, options: [String], logger: Logger) {
        (self.folder, self.executable, self.options, self.logger) = (folder, executable, options, logger)
        jobs = folder.load().map { job in
            var job = job
            if job.state == .running { job.state = .waiting }
            return job
        }
    }

    /// The jobs of the groups that a client sees, the newest first.
    func list(for access: Access) -> [Job] { jobs.reversed().filter { access.sees($0.group) } }

    /// - Throws: ``APIError`` where the client sees no such job.
    func job(_ id: String, for access: Access) throws -> Job {
        guard let job = jobs.first(where: { $0.id == id }), access.sees(job.group) else {
            throw APIError.notFound("there is no job \"\(id.printable(limit: 40))\"", code: "job_not_found")
        }
        return job
    }

    /// Takes a job, with the files of an upload.
    func submit(_ job: Job, taking upload: URL?) throws {
        guard jobs.count(where: { !$0.state.isFinal }) < Self.maximumWaiting else {
            throw APIError.busy("\(Self.maximumWaiting) jobs wait already: try again later")
        }
        try folder.create(job, taking: upload)
        jobs.append(job)
        while jobs.count > Self.maximumJobs, let oldest = jobs.first(where: { $0.state.isFinal }) { forget(oldest) }
        startNext()
    }

    /// Ends a job that waits or runs. One that has ended stays as it is.
    func cancel(_ id: String, for access: Access) async throws -> Job {
        let job = try job(id, for: access)
        guard !job.state.isFinal else { return job }
        // Marked before its process has ended: it did not fail.
        set(.cancelled, of: id)
        if running?.id == id { running?.task.cancel() }
        return try self.job(id, for: access)
    }

    /// Forgets a job that has ended.
    func remove(_ id: String, for access: Access) throws {
        let job = try job(id, for: access)
        guard job.state.isFinal, running?.id != id else {
            throw APIError.conflict("the job has not ended: cancel it first")
        }
        forget(job)
    }

    private func forget(_ job: Job) {
        folder.removeFiles(of: job)
        try? folder.remove(job)
        jobs.removeAll { $0.id == job.id }
    }

    private func startNext() {
        guard isOpen, running == nil, let next = jobs.first(where: { $0.state == .waiting }) else { return }
        set(.running, of: next.id)
        running = (next.id, Task { await run(next) })
    }

    private func run(_ job: Job) async {
        var failure: String?
        do {
            let process = JobProcess(
                executable: executable,
                arguments: job.arguments(paths: try folder.place(filesOf: job), options: options),
                events: folder.events(job.id), errors: folder.errors(job.id))
            switch try await process.run() {
            case .exit(0): break
            case .exit(let status): failure = folder.lastError(of: job) ?? "its process ended with status \(status)"
            case .signal(let number): failure = "its process was ended by signal \(number)"
            }
        } catch { failure = "its process could not be started: \(error)" }
        end(job, failure)
    }

    private func end(_ job: Job, _ failure: String?) {
        running = nil
        let isCancelled = jobs.first { $0.id == job.id }?.state == .cancelled
        if !isOpen, failure != nil, !isCancelled {
            // The server ends: it goes on next time.
            set(.waiting, of: job.id)
            return
        }
        folder.removeFiles(of: job)
        if !isCancelled { set(failure == nil ? .done : .failed, of: job.id, error: failure) }
        startNext()
    }

    private func set(_ state: JobState, of id: String, error: String? = nil) {
        guard let index = jobs.firstIndex(where: { $0.id == id }) else { return }
        jobs[index].state = state
        jobs[index].error = error
        if state == .running { jobs[index].started = jobs[index].started ?? Date() }
        if state.isFinal { jobs[index].ended = Date() }
        do {
            try folder.save(jobs[index])
            try folder.append(.state(state, error: error), to: jobs[index])
        } catch { logger.error("a job's state could not be written: \(error)") }
        logger.info(
            "job", metadata: ["job": "\(id)", "kind": "\(jobs[index].kind.rawValue)", "state": "\(state.rawValue)"])
    }

    private func open() {
        isOpen = true
        startNext()
    }

    private func close() async {
        isOpen = false
        guard let running else { return }
        running.task.cancel()
        await running.task.value
    }
}

extension JobQueue: Service {
    /// Works until the server ends; the job in hand stops then, and goes on next time.
    func run() async throws {
        open()
        try? await gracefulShutdown()
        await close()
    }
}

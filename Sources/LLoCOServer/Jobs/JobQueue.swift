import Foundation
import LLoCOBase
import Logging
import ServiceLifecycle

/// The job queue of a server. One job runs at a time, because all write the same library. Jobs are stored on disk.
/// Unfinished jobs resume when the server starts again.
actor JobQueue {
    let folder: JobFolder
    private let executable: URL
    /// Arguments of every job: the library, the model
    private let options: [String]
    private let logger: Logger
    /// Oldest first
    private var jobs: [Job]
    private var running: (id: String, task: Task<Void, Never>)?
    private var isOpen = false

    /// Maximum number of stored jobs; the oldest ended ones are deleted first
    private static let maximumJobs = 200
    /// Maximum number of unfinished jobs
    private static let maximumWaiting = 64

    init(folder: JobFolder, executable: URL, options: [String], logger: Logger) {
        (self.folder, self.executable, self.options, self.logger) = (folder, executable, options, logger)
        jobs = folder.load().map { job in
            var job = job
            if job.state == .running { job.state = .waiting }
            return job
        }
    }

    /// The jobs of the visible groups, newest first.
    func list(for access: Access) -> [Job] { jobs.reversed().filter { access.sees($0.group) } }

    /// The job with an id.
    ///
    /// - Throws: ``APIError`` with status 404 if no visible job has this id.
    func job(_ id: String, for access: Access) throws -> Job {
        guard let job = jobs.first(where: { $0.id == id }), access.sees(job.group) else {
            throw APIError.notFound("job \"\(id.printable(limit: 40))\" not found", code: "job_not_found")
        }
        return job
    }

    /// Enqueues a job and moves the files of an upload to it.
    ///
    /// - Throws: ``APIError`` with status 503 if the queue is full.
    func submit(_ job: Job, taking upload: URL?) throws {
        guard jobs.count(where: { !$0.state.isFinal }) < Self.maximumWaiting else {
            throw APIError.busy("\(Self.maximumWaiting) jobs are already queued; retry later")
        }
        try folder.create(job, taking: upload)
        jobs.append(job)
        while jobs.count > Self.maximumJobs, let oldest = jobs.first(where: { $0.state.isFinal }) { delete(oldest) }
        startNext()
    }

    /// Cancels a waiting or running job. Has no effect on an ended job.
    func cancel(_ id: String, for access: Access) async throws -> Job {
        let job = try job(id, for: access)
        guard !job.state.isFinal else { return job }
        // Set before the process exits, so that its exit does not count as a failure.
        set(.cancelled, of: id)
        if running?.id == id { running?.task.cancel() }
        return try self.job(id, for: access)
    }

    /// Deletes an ended job.
    ///
    /// - Throws: ``APIError`` with status 409 if the job has not ended.
    func remove(_ id: String, for access: Access) throws {
        let job = try job(id, for: access)
        guard job.state.isFinal, running?.id != id else {
            throw APIError.conflict("the job has not ended; cancel it first")
        }
        delete(job)
    }

    private func delete(_ job: Job) {
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
                arguments: job.arguments(paths: try folder.moveFiles(of: job), options: options),
                events: folder.events(job.id), errors: folder.errors(job.id))
            switch try await process.run() {
            case .exit(0): break
            case .exit(let status): failure = folder.lastError(of: job) ?? "the process exited with status \(status)"
            case .signal(let number): failure = "the process was ended by signal \(number)"
            }
        } catch { failure = "the process could not be started: \(error)" }
        end(job, failure)
    }

    private func end(_ job: Job, _ failure: String?) {
        running = nil
        let isCancelled = jobs.first { $0.id == job.id }?.state == .cancelled
        if !isOpen, failure != nil, !isCancelled {
            // Interrupted by the end of the server: the job resumes next time.
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
        } catch { logger.error("cannot write a job's state: \(error)") }
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
    /// Runs jobs until the server stops. The running job is interrupted then, and resumes next time.
    func run() async throws {
        open()
        try? await gracefulShutdown()
        await close()
    }
}

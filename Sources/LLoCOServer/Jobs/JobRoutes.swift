import Foundation
import HTTPTypes
import Hummingbird
import LLoCOBase
import LLoCOLibrary
import NIOCore
import ServiceLifecycle

/// The routes `/lloco/v1/uploads` and `/lloco/v1/jobs`.
struct JobRoutes: Sendable {
    let queue: JobQueue
    let uploads: Uploads
    let store: any LibraryStore
    let configuration: ServerConfiguration

    func add(to router: RouterGroup<ServerContext>) {
        router.post("uploads") { request, context in
            try context.access.require(.write)
            return try await Response.json(uploads.receive(request), status: .created)
        }
        router.delete("uploads/:upload") { _, context in
            try context.access.require(.write)
            try uploads.remove(context.plainParameter("upload"))
            return Response(status: .noContent)
        }
        router.get("jobs") { _, context in
            let jobs = await queue.list(for: context.access).map(view)
            return try Response.json(["jobs": jobs])
        }
        router.post("jobs") { request, context in try await submit(request, context.access) }
        router.get("jobs/:job") { _, context in
            try await Response.json(view(queue.job(context.plainParameter("job"), for: context.access)))
        }
        router.post("jobs/:job/cancel") { _, context in
            try context.access.require(.write)
            let job = try await queue.cancel(context.plainParameter("job"), for: context.access)
            return try Response.json(view(job), status: .accepted)
        }
        router.delete("jobs/:job") { _, context in
            try context.access.require(.write)
            try await queue.remove(context.plainParameter("job"), for: context.access)
            return Response(status: .noContent)
        }
        router.get("jobs/:job/events") { request, context in
            try await events(of: queue.job(context.plainParameter("job"), for: context.access), request, context.access)
        }
    }

    private func view(_ job: Job) -> JobView { JobView(job, queue.folder.progress(of: job.id)) }

    // MARK: Submitting

    private func submit(_ request: Request, _ access: Access) async throws -> Response {
        try access.require(.write)
        var request = request
        let fields = try await request.fields(upTo: configuration.maximumBodyBytes)
        try fields.check(
            known: ["kind", "group", "upload", "epochs", "learning_rate", "study_per_passage"])
        guard let name = try fields.string("kind"), let kind = Job.Kind(rawValue: name) else {
            throw APIError.invalid("\"kind\": expected add or finetune", parameter: "kind")
        }
        let group = try await group(fields, for: kind, access)
        let upload = try fields.string("upload").map { try uploads.find($0) }
        if kind == .add, upload == nil {
            throw APIError.invalid("\"upload\" is missing; expected the id of an upload", parameter: "upload")
        }
        if kind == .finetune, let upload, upload.files.count != 1 {
            throw APIError.invalid("\"upload\": expected one file of questions", parameter: "upload")
        }
        let job = Job(
            kind: kind, group: group, files: upload?.files ?? [], training: try training(fields, kind, upload != nil))
        try await queue.submit(job, taking: upload?.folder)
        return try .json(view(job), status: .accepted)
    }

    /// The requested group. An `add` job may name a new group; a `finetune` job needs an existing one.
    private func group(_ fields: RequestFields, for kind: Job.Kind, _ access: Access) async throws -> String {
        guard let name = try fields.string("group"), !name.isEmpty, name.utf8.count <= 200,
            name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
        else {
            throw APIError.invalid(
                "\"group\": expected a name of 1 to 200 bytes without control characters", parameter: "group")
        }
        guard access.sees(name) else { throw APIError.noGroup(name) }
        return kind == .add ? name : try await store.group(named: name, for: access)
    }

    private func training(_ fields: RequestFields, _ kind: Job.Kind, _ hasQuestions: Bool) throws -> Job.Training {
        var training = Job.Training()
        training.epochs = try fields.integer("epochs", in: 1...10_000)
        training.learningRate = try fields.number("learning_rate", in: 1e-9...1)
        training.studyPerPassage = try fields.integer("study_per_passage", in: 1...1000)
        if kind == .add, training != Job.Training() {
            throw APIError.invalid("an add job does not train; remove epochs, learning_rate and study_per_passage")
        }
        if hasQuestions, training.studyPerPassage != nil {
            throw APIError.invalid(
                "\"study_per_passage\" is for self-study, which the upload replaces", parameter: "study_per_passage")
        }
        return training
    }

    // MARK: Events

    /// Streams a job's past events, then new ones until it has ended.
    private func events(of job: Job, _ request: Request, _ access: Access) throws -> Response {
        let file = try FileHandle(forReadingFrom: queue.folder.events(job.id))
        let body = request.body
        return .pieces(.events) { events in
            defer { try? file.close() }
            let disconnected = Flag()
            try await body.untilClientDisconnects(disconnected.raise) {
                var lines = LineBuffer()
                var lastWrite = ContinuousClock.now
                while !disconnected.isRaised, !Task.isShuttingDownGracefully {
                    // Read before the file: once the state is final, the file has the final event.
                    let isFinal = (try? await queue.job(job.id, for: access))?.state.isFinal ?? true
                    let new = lines.append(try file.read(upToCount: 1 << 20) ?? Data())
                    for line in new { try await events.write(line: Data(line)) }
                    if isFinal, new.isEmpty { return }
                    if !new.isEmpty { lastWrite = .now }
                    if lastWrite.duration(to: .now) > .seconds(15) {
                        try await events.write(comment: "waiting")
                        lastWrite = .now
                    }
                    if !isFinal { try await Task.sleep(for: .milliseconds(200)) }
                }
            }
        }
    }
}

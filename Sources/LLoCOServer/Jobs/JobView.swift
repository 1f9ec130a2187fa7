import Foundation

/// A job in the form of the API.
struct JobView: Encodable {
    struct Progress: Encodable {
        let phase: JobEvent.Phase
        @Nullable var item: String?
        let done: Int
        let total: Int
        @Nullable var loss: Double?
    }

    let id: String
    let kind: Job.Kind
    let group: String
    let state: JobState
    let created: String
    @Nullable var started: String?
    @Nullable var ended: String?
    let files: [String]
    @Nullable var progress: Progress?
    @Nullable var error: String?

    init(_ job: Job, _ last: JobEvent?) {
        (id, kind, group, state, files) = (job.id, job.kind, job.group, job.state, job.files)
        created = job.created.formatted(.iso8601)
        started = job.started?.formatted(.iso8601)
        ended = job.ended?.formatted(.iso8601)
        error = job.error
        progress = last.map {
            Progress(
                phase: $0.phase ?? .tuning, item: $0.item, done: $0.done ?? $0.step ?? 0, total: $0.total ?? 0,
                loss: $0.loss)
        }
    }
}

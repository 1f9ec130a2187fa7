/// An event of a job, one line of JSON. The job's process prints events; clients receive them.
public struct JobEvent: Codable, Sendable, Equatable {
    /// The kind of an event.
    public enum Kind: String, Codable, Sendable {
        /// The job's state changed
        case state
        /// Progress of a phase
        case progress
        /// A document was added
        case document
        /// A training step
        case step
        /// A message
        case note
    }

    /// A phase of a job.
    public enum Phase: String, Codable, Sendable {
        /// Compression of documents
        case adding
        /// Self-study: the model writes and answers questions about passages
        case studying
        /// Training of the adapter
        case tuning
    }

    /// Determines which fields have values
    public let type: Kind
    /// `state`: the new state
    public var state: JobState?
    /// `state`: why the job failed
    public var error: String?
    /// `progress`: the phase
    public var phase: Phase?
    /// `progress`: the current file
    public var item: String?
    /// `progress`: number of tokens, passages or steps done
    public var done: Int?
    /// `progress`, `step`: total number
    public var total: Int?
    /// `document`: its name
    public var document: String?
    /// `document`: its group
    public var group: String?
    /// `document`: number of tokens of its text
    public var tokens: Int?
    /// `document`: number of its vectors
    public var vectors: Int?
    /// `document`: seconds to add it
    public var seconds: Double?
    /// `step`: its number, from 1
    public var step: Int?
    /// `step`: mean loss in nats per token
    public var loss: Double?
    /// `step`: training speed
    public var tokensPerSecond: Double?
    /// `note`: the message
    public var text: String?

    private init(_ type: Kind) { self.type = type }

    enum CodingKeys: String, CodingKey {
        case type, state, error, phase, item, done, total, document, group, tokens, vectors, seconds, step, loss, text
        case tokensPerSecond = "tokens_per_second"
    }

    static func state(_ state: JobState, error: String? = nil) -> JobEvent {
        var event = JobEvent(.state)
        (event.state, event.error) = (state, error)
        return event
    }

    /// Progress of a phase: tokens of the file `item`, or passages.
    public static func progress(_ phase: Phase, item: String? = nil, done: Int, total: Int) -> JobEvent {
        var event = JobEvent(.progress)
        (event.phase, event.item, event.done, event.total) = (phase, item, done, total)
        return event
    }

    /// An added document.
    public static func document(
        _ name: String, group: String, tokens: Int, vectors: Int, seconds: Double
    ) -> JobEvent {
        var event = JobEvent(.document)
        (event.document, event.group) = (name, group)
        (event.tokens, event.vectors, event.seconds) = (tokens, vectors, seconds)
        return event
    }

    /// A training step; the loss is in nats per token.
    public static func step(_ step: Int, of total: Int, loss: Double, tokensPerSecond: Double) -> JobEvent {
        var event = JobEvent(.step)
        (event.step, event.total, event.loss, event.tokensPerSecond) = (step, total, loss, tokensPerSecond)
        return event
    }

    /// A message of one line.
    public static func note(_ text: String) -> JobEvent {
        var event = JobEvent(.note)
        event.text = text
        return event
    }
}

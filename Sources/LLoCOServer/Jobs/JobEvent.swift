/// What a job says of itself, a line of JSON each: the process that does the work prints them, and clients read them.
public struct JobEvent: Codable, Sendable, Equatable {
    /// What an event is about.
    public enum Kind: String, Codable, Sendable {
        /// The job has begun, or has ended
        case state
        /// How far a phase has come
        case progress
        /// A document is added
        case document
        /// A step of a training
        case step
        /// A remark
        case note
    }

    /// What the work consists of.
    public enum Phase: String, Codable, Sendable {
        /// Documents are compressed
        case adding
        /// The model asks itself about passages
        case studying
        /// The adapter is trained
        case tuning
    }

    public let type: Kind
    /// `state`
    public var state: JobState?
    /// `state`: why the job has failed
    public var error: String?
    /// `progress`
    public var phase: Phase?
    /// `progress`: the file in hand
    public var item: String?
    /// `progress`: tokens of the file, passages, or steps that are done
    public var done: Int?
    /// `progress`, `step`: of how many
    public var total: Int?
    /// `document`: its name
    public var document: String?
    /// `document`
    public var group: String?
    /// `document`: tokens of its text
    public var tokens: Int?
    /// `document`: the vectors that stand for it
    public var vectors: Int?
    /// `document`: what adding it took
    public var seconds: Double?
    /// `step`: its number, from 1
    public var step: Int?
    /// `step`: its mean loss, nats a token
    public var loss: Double?
    /// `step`
    public var tokensPerSecond: Double?
    /// `note`
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

    /// How far a phase has come: tokens of the file `item`, or passages.
    public static func progress(_ phase: Phase, item: String? = nil, done: Int, total: Int) -> JobEvent {
        var event = JobEvent(.progress)
        (event.phase, event.item, event.done, event.total) = (phase, item, done, total)
        return event
    }

    /// A document is added.
    public static func document(
        _ name: String, group: String, tokens: Int, vectors: Int, seconds: Double
    ) -> JobEvent {
        var event = JobEvent(.document)
        (event.document, event.group) = (name, group)
        (event.tokens, event.vectors, event.seconds) = (tokens, vectors, seconds)
        return event
    }

    /// A step of a training; loss in nats a token.
    public static func step(_ step: Int, of total: Int, loss: Double, tokensPerSecond: Double) -> JobEvent {
        var event = JobEvent(.step)
        (event.step, event.total, event.loss, event.tokensPerSecond) = (step, total, loss, tokensPerSecond)
        return event
    }

    /// A remark, one line.
    public static func note(_ text: String) -> JobEvent {
        var event = JobEvent(.note)
        event.text = text
        return event
    }
}

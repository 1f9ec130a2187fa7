import LLoCOBase
import LLoCOCheckpoints
public import LLoCOTorch
import Synchronization

/// Continues several prompts at once, each with its own adapters, length and sampling.
///
///     let loop = GenerationLoop(model)
///     let text = try await loop.generate(prompt, cache: cache, adapters: adapters) { print($0, terminator: "") }
///
/// One of the tasks that wait for a text takes the steps for all; when its own text ends, another one does. Between two steps
/// prompts are admitted, those of cancelled tasks are removed, and the other jobs of the tasks' executor have their turn. A step
/// reads a chunk of one prompt and adds a token to every text whose prompt is read. Reading the chunk takes about as long as two
/// such steps, so that a long prompt does not stop the others. Texts are what they would be alone, up to rounding.
public final class GenerationLoop: Sendable {
    /// The texts that grow at a time; others wait for their turn.
    public let maximumBatch: Int
    private let model: LanguageModel
    private let state = Mutex(State())

    private struct State {
        /// The first come first
        var members: [Member] = []
        /// Whose task takes the steps
        var leader: Member?
        /// The leader's alone
        var steps: Steps?
    }

    /// - Parameter maximumBatch: 64 by default
    public init(_ model: LanguageModel, maximumBatch: Int = 64) {
        self.model = model
        self.maximumBatch = max(1, maximumBatch)
    }

    /// The prompts that are being continued, or wait for their turn.
    public var count: Int { state.withLock { $0.members.count } }

    /// Continues a prompt beside those that are being continued.
    ///
    /// - Parameters:
    ///   - prompt: embeddings [1, T, D]: of ids, or a document's vectors and then ids
    ///   - cache: positions that come before the prompt; the generated ones are added to it, by nobody else meanwhile
    ///   - onText: called with each piece of text as soon as it is certain; whole characters only
    /// - Throws: `ModelError` where the prompt leaves no position free in the context window; `CancellationError` within a step
    ///   where the task is cancelled.
    public func generate(
        _ prompt: Tensor, cache: KeyValueCache? = nil, options: GenerationOptions = .init(),
        adapters: ActiveAdapters = .none, onText: (String) throws -> Void = { _ in }
    ) async throws -> GeneratedText {
        let member = Member(
            prompt: prompt, cache: try model.cache(for: prompt, after: cache), adapters: adapters, options: options,
            text: try GrowingText(model, options))
        state.withLock { $0.members.append(member) }
        defer { leave(member) }
        return try await withTaskCancellationHandler {
            while true {
                let leads = await turn(of: member)
                try Task.checkCancellation()
                if leads {
                    try step()
                    try Task.checkCancellation()
                }
                let news = member.takeNews()
                if !news.text.isEmpty { try onText(news.text) }
                if let outcome = news.outcome { return try outcome.get() }
                if leads { await Task.yield() }
            }
        } onCancel: {
            wake { $0.members.filter { $0 === member } }
        }
    }

    /// Waits until a member's text has grown or ended, its task is cancelled, or its task is the one to take a step.
    private func turn(of member: Member) async -> Bool {
        await withCheckedContinuation { continuation in
            let leads: Bool? = state.withLock { state in
                if member.hasNews || Task.isCancelled { return false }
                if state.leader == nil { state.leader = member }
                if state.leader === member { return true }
                member.waiter = continuation
                return nil
            }
            if let leads { continuation.resume(returning: leads) }
        }
    }

    /// A step for all members, which are told of it.
    private func step() throws {
        let (members, known) = state.withLock { state in
            (Array(state.members.lazy.filter { !$0.isEnded }.prefix(maximumBatch)), state.steps)
        }
        defer { wake { $0.members.filter(\.hasNews) } }
        do {
            let steps = try known ?? Steps(model)
            if known == nil { state.withLock { $0.steps = steps } }
            try steps.step(members)
        } catch let error as CancellationError {
            throw error
        } catch { for member in members { member.fail(error) } }
    }

    private func leave(_ member: Member) {
        wake { state in
            state.members.removeAll { $0 === member }
            // Where there is no leader, the next one was woken, and may be this one.
            guard state.leader == nil || state.leader === member else { return [] }
            state.leader = nil
            return Array(state.members.lazy.filter { $0.waiter != nil }.prefix(1))
        }
    }

    /// Lets members' tasks go on that wait.
    private func wake(_ choose: (inout sending State) -> [Member]) {
        let waiters = state.withLock { state in
            choose(&state).compactMap { member in
                defer { member.waiter = nil }
                return member.waiter
            }
        }
        for waiter in waiters { waiter.resume(returning: false) }
    }
}

extension LanguageModel {
    /// The cache that a prompt is read into, where it has its place in the window.
    func cache(for prompt: Tensor, after given: KeyValueCache?) throws -> KeyValueCache {
        let cache = given ?? KeyValueCache(layerCount: configuration.layerCount)
        let shape = prompt.shape
        guard shape.count == 3, shape[0] == 1, shape[1] > 0 else {
            throw ModelError(.invalid, "a prompt of shape \(shape), expected [1, T > 0, \(configuration.hiddenSize)]")
        }
        guard cache.count + shape[1] < window else {
            throw ModelError(
                .doesNotFit,
                "the prompt has \(cache.count + shape[1]) positions, the model's window holds \(window) with the answer"
            )
        }
        return cache
    }
}

/// A prompt that is continued.
// What a text has come to is the leader's to write; what its task has not been told is guarded by the loop's mutex, as the
// waiter is.
private final class Member: @unchecked Sendable {
    let prompt: Tensor
    let cache: KeyValueCache
    let adapters: ActiveAdapters
    let options: GenerationOptions
    var text: GrowingText
    /// Of the prompt's positions, those that are read
    var read = 0
    /// What reading them took, without what others' texts took meanwhile
    var readSeconds = 0.0
    /// What continues it once its prompt is read
    var sequence: DecodeBatch.Sequence?

    /// Its task, where it waits
    var waiter: CheckedContinuation<Bool, Never>?
    private let news = Mutex<(text: String, outcome: Result<GeneratedText, any Error>?)>(("", nil))
    private var firstToken: ContinuousClock.Instant?

    init(
        prompt: Tensor, cache: KeyValueCache, adapters: ActiveAdapters, options: GenerationOptions, text: GrowingText
    ) {
        self.prompt = prompt
        self.cache = cache
        self.adapters = adapters
        self.options = options
        self.text = text
    }

    var unread: Int { prompt.size(1) - read }
    var isEnded: Bool { news.withLock { $0.outcome != nil } }
    var hasNews: Bool { news.withLock { !$0.text.isEmpty || $0.outcome != nil } }

    /// What its task has not been told yet.
    func takeNews() -> (text: String, outcome: Result<GeneratedText, any Error>?) {
        news.withLock { news in
            defer { news.text = "" }
            return news
        }
    }

    /// Adds a token; what goes wrong ends this text alone.
    func grow(_ scores: Tensor) {
        do {
            let piece = try text.grow(scores, positions: cache.count)
            firstToken = firstToken ?? .now
            news.withLock { $0.text += piece }
            if text.end != nil { finish() }
        } catch { fail(error) }
    }

    func finish() {
        let first = firstToken ?? .now
        let result = text.result(
            prefillSeconds: readSeconds, decodeSeconds: first.duration(to: .now).seconds)
        news.withLock { $0.outcome = .success(result) }
    }

    func fail(_ error: any Error) { news.withLock { $0.outcome = $0.outcome ?? .failure(error) } }
}

/// The steps of all members: the leader's alone.
private final class Steps: @unchecked Sendable {
    private let model: LanguageModel
    private let batch: DecodeBatch
    /// Seconds that a step of the texts took, and a position of a prompt: of the last ones
    private var stepSeconds = 0.0
    private var positionSeconds = 0.0
    private var turn = 0

    /// Positions of a prompt that are read at a time, at least
    private static let minimumChunk = 16

    init(_ model: LanguageModel) throws {
        self.model = model
        batch = try DecodeBatch(model.decoder, weights: model.decodeBits)
    }

    func step(_ members: [Member]) throws {
        for member in members where member.text.end != nil { member.finish() }
        let ready = members.filter { $0.unread == 0 && !$0.isEnded }
        if let next = nextPrompt(members) { try read(next, besideOthers: !ready.isEmpty) }
        guard !ready.isEmpty else { return }
        let start = ContinuousClock.now
        let continued = ready.compactMap { member in sequence(of: member).map { (member: member, sequence: $0) } }
        do {
            let scores = try batch.step(
                continued.map { ($0.sequence, $0.member.text.ids[$0.member.text.ids.count - 1]) })
            stepSeconds = start.duration(to: .now).seconds
            for (entry, scores) in zip(continued, scores) { entry.member.grow(scores) }
        } catch let error as CancellationError {
            throw error
        } catch { for entry in continued { entry.member.fail(error) } }
    }

    /// What continues a member; nil where there is no memory for it, which ends its text alone.
    private func sequence(of member: Member) -> DecodeBatch.Sequence? {
        if let sequence = member.sequence { return sequence }
        do {
            member.sequence = try batch.sequence(
                continuing: member.cache, adapters: member.adapters,
                expecting: member.options.maximumTokens - member.text.ids.count)
        } catch { member.fail(error) }
        return member.sequence
    }

    /// The prompt that has the least left; in one of four steps the one that came first, so that none waits for ever.
    private func nextPrompt(_ members: [Member]) -> Member? {
        let unread = members.filter { $0.unread > 0 && !$0.isEnded }
        turn += 1
        return turn.isMultiple(of: 4) ? unread.first : unread.min { $0.unread < $1.unread }
    }

    /// Reads a chunk of a prompt, and chooses the first token behind the last one. A cancelled leader leaves it to the next.
    private func read(_ member: Member, besideOthers: Bool) throws {
        var count = min(member.unread, Llama.chunk)
        if besideOthers {
            let allowed = positionSeconds > 0 ? Int(2 * stepSeconds / positionSeconds) : Self.minimumChunk
            count = min(count, max(Self.minimumChunk, allowed))
            // A few positions alone would be computed in another way.
            if member.unread - count < Self.minimumChunk { count = member.unread }
        }
        do {
            let start = ContinuousClock.now
            let scores = try withoutGradients {
                let isLast = count == member.unread
                let hidden = try model.decoder.hiddenStates(
                    member.prompt.narrowed(1, start: member.read, length: count), cache: member.cache,
                    adapters: member.adapters, last: isLast ? 1 : 0)
                return isLast ? try model.decoder.logits(hidden).reshaped([-1]) : nil
            }
            let seconds = start.duration(to: .now).seconds
            positionSeconds = seconds / Double(count)
            member.readSeconds += seconds
            member.read += count
            if let scores { member.grow(scores) }
        } catch let error as CancellationError {
            throw error
        } catch { member.fail(error) }
    }
}

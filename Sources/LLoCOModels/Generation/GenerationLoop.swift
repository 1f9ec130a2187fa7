import LLoCOBase
import LLoCOCheckpoints
public import LLoCOTorch
import Synchronization

/// Continuous batching: generates texts for several prompts at once, each with its own adapters, length and sampling.
///
///     let loop = GenerationLoop(model)
///     let text = try await loop.generate(prompt, cache: cache, adapters: adapters) { print($0, terminator: "") }
///
/// One of the waiting tasks, the leader, runs the steps for all; when its text ends, another task takes over. Between
/// two steps new prompts are admitted, prompts of cancelled tasks are removed, and other jobs of the tasks' executor
/// run. A step prefills a chunk of one prompt and adds a token to every text whose prompt is prefilled. Prefilling the
/// chunk takes about as long as two decode steps, so that a long prompt does not block the others. Texts are the same
/// as if generated alone, up to rounding.
public final class GenerationLoop: Sendable {
    /// The maximum number of texts that grow at a time; others wait.
    public let maximumBatch: Int
    private let model: LanguageModel
    private let state = Mutex(State())

    private struct State {
        /// In the order of admission.
        var members: [Member] = []
        /// The member whose task runs the steps.
        var leader: Member?
        /// Used only by the leader.
        var steps: Steps?
    }

    /// Creates a loop without prompts.
    /// - Parameter maximumBatch: maximum number of texts that grow at a time, 64 by default
    public init(_ model: LanguageModel, maximumBatch: Int = 64) {
        self.model = model
        self.maximumBatch = max(1, maximumBatch)
    }

    /// The number of prompts being continued or waiting.
    public var count: Int { state.withLock { $0.members.count } }

    /// Generates a text for a prompt, batched with the other prompts of the loop.
    ///
    /// - Parameters:
    ///   - prompt: embeddings [1, T, D]: of ids, or a document's vectors followed by ids
    ///   - cache: positions before the prompt; prompt and generated positions are appended. Nothing else may append
    ///     meanwhile.
    ///   - onText: called with each piece of text as soon as it is final; whole characters only
    /// - Throws: `ModelError` if the prompt leaves no position free in the context window; `CancellationError` within a
    ///   step if the task is cancelled.
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
                let update = member.takeUpdate()
                if !update.text.isEmpty { try onText(update.text) }
                if let outcome = update.outcome { return try outcome.get() }
                if leads { await Task.yield() }
            }
        } onCancel: {
            wake { $0.members.filter { $0 === member } }
        }
    }

    /// Waits until a member's text has grown or ended, its task is cancelled, or it leads.
    /// - Returns: whether the member's task has to run a step
    private func turn(of member: Member) async -> Bool {
        await withCheckedContinuation { continuation in
            let leads: Bool? = state.withLock { state in
                if member.hasUpdate || Task.isCancelled { return false }
                if state.leader == nil { state.leader = member }
                if state.leader === member { return true }
                member.waiter = continuation
                return nil
            }
            if let leads { continuation.resume(returning: leads) }
        }
    }

    /// Runs a step for all members and wakes those with updates.
    private func step() throws {
        let (members, existing) = state.withLock { state in
            (Array(state.members.lazy.filter { !$0.isEnded }.prefix(maximumBatch)), state.steps)
        }
        defer { wake { $0.members.filter(\.hasUpdate) } }
        do {
            let steps = try existing ?? Steps(model)
            if existing == nil { state.withLock { $0.steps = steps } }
            try steps.step(members)
        } catch let error as CancellationError {
            throw error
        } catch { for member in members { member.fail(error) } }
    }

    private func leave(_ member: Member) {
        wake { state in
            state.members.removeAll { $0 === member }
            // Without a leader, the next one has been woken, and may be this member.
            guard state.leader == nil || state.leader === member else { return [] }
            state.leader = nil
            return Array(state.members.lazy.filter { $0.waiter != nil }.prefix(1))
        }
    }

    /// Resumes the chosen members' tasks, if they wait.
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
    /// The cache for a prompt: `existing` or a new one.
    /// - Throws: `ModelError` if the prompt has another shape or leaves no position free in the context window.
    func cache(for prompt: Tensor, after existing: KeyValueCache?) throws -> KeyValueCache {
        let cache = existing ?? KeyValueCache(layerCount: configuration.layerCount)
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

/// A prompt of the loop with its text.
// Unchecked because only the leader writes `text`, `prefilled` and `sequence`; the loop's mutex guards `waiter`, and
// another mutex guards the updates for the member's task.
private final class Member: @unchecked Sendable {
    let prompt: Tensor
    let cache: KeyValueCache
    let adapters: ActiveAdapters
    let options: GenerationOptions
    var text: GrowingText
    /// The number of prompt positions prefilled.
    var prefilled = 0
    /// The time of prefilling them, without steps of other texts meanwhile.
    var prefillSeconds = 0.0
    /// The decoding sequence, once the prompt is prefilled.
    var sequence: DecodeBatch.Sequence?

    /// The member's task, if it waits.
    var waiter: CheckedContinuation<Bool, Never>?
    private let update = Mutex<(text: String, outcome: Result<GeneratedText, any Error>?)>(("", nil))
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

    var remaining: Int { prompt.size(1) - prefilled }
    var isEnded: Bool { update.withLock { $0.outcome != nil } }
    var hasUpdate: Bool { update.withLock { !$0.text.isEmpty || $0.outcome != nil } }

    /// Text and outcome since the last call.
    func takeUpdate() -> (text: String, outcome: Result<GeneratedText, any Error>?) {
        update.withLock { update in
            defer { update.text = "" }
            return update
        }
    }

    /// Adds a token; an error ends only this text.
    func grow(_ logits: Tensor) {
        do {
            let piece = try text.grow(logits, positions: cache.count)
            firstToken = firstToken ?? .now
            update.withLock { $0.text += piece }
            if text.end != nil { finish() }
        } catch { fail(error) }
    }

    func finish() {
        let first = firstToken ?? .now
        let result = text.result(
            prefillSeconds: prefillSeconds, decodeSeconds: first.duration(to: .now).seconds)
        update.withLock { $0.outcome = .success(result) }
    }

    func fail(_ error: any Error) { update.withLock { $0.outcome = $0.outcome ?? .failure(error) } }
}

/// The steps of all members.
// Unchecked because only the leader uses it.
private final class Steps: @unchecked Sendable {
    private let model: LanguageModel
    private let batch: DecodeBatch
    /// The duration of the last decode step, and the last prefill's duration per position.
    private var stepSeconds = 0.0
    private var positionSeconds = 0.0
    private var stepNumber = 0

    /// The minimum number of prompt positions prefilled at a time.
    private static let minimumChunk = 16

    init(_ model: LanguageModel) throws {
        self.model = model
        batch = try DecodeBatch(model.decoder, weights: model.decodeBits)
    }

    func step(_ members: [Member]) throws {
        for member in members where member.text.end != nil { member.finish() }
        let ready = members.filter { $0.remaining == 0 && !$0.isEnded }
        if let next = nextPrompt(members) { try prefill(next, besideOthers: !ready.isEmpty) }
        guard !ready.isEmpty else { return }
        let start = ContinuousClock.now
        let continued = ready.compactMap { member in sequence(of: member).map { (member: member, sequence: $0) } }
        do {
            let logits = try batch.step(
                continued.map { ($0.sequence, $0.member.text.ids[$0.member.text.ids.count - 1]) })
            stepSeconds = start.duration(to: .now).seconds
            for (entry, logits) in zip(continued, logits) { entry.member.grow(logits) }
        } catch let error as CancellationError {
            throw error
        } catch { for entry in continued { entry.member.fail(error) } }
    }

    /// A member's decoding sequence; nil if creating it fails, which ends only this text.
    private func sequence(of member: Member) -> DecodeBatch.Sequence? {
        if let sequence = member.sequence { return sequence }
        do {
            member.sequence = try batch.sequence(
                continuing: member.cache, adapters: member.adapters,
                expecting: member.options.maximumTokens - member.text.ids.count)
        } catch { member.fail(error) }
        return member.sequence
    }

    /// The prompt with the fewest remaining positions; in every fourth step the first one admitted, so that none
    /// starves.
    private func nextPrompt(_ members: [Member]) -> Member? {
        let waiting = members.filter { $0.remaining > 0 && !$0.isEnded }
        stepNumber += 1
        return stepNumber.isMultiple(of: 4) ? waiting.first : waiting.min { $0.remaining < $1.remaining }
    }

    /// Prefills a chunk of a prompt; after the last chunk chooses the first token. If the leader is cancelled, the next
    /// leader repeats the chunk.
    private func prefill(_ member: Member, besideOthers: Bool) throws {
        var count = min(member.remaining, Llama.chunk)
        if besideOthers {
            let allowed = positionSeconds > 0 ? Int(2 * stepSeconds / positionSeconds) : Self.minimumChunk
            count = min(count, max(Self.minimumChunk, allowed))
            // A chunk of a few positions would use other kernels.
            if member.remaining - count < Self.minimumChunk { count = member.remaining }
        }
        do {
            let start = ContinuousClock.now
            let logits = try withoutGradients {
                let isLast = count == member.remaining
                let hidden = try model.decoder.hiddenStates(
                    member.prompt.narrowed(1, start: member.prefilled, length: count), cache: member.cache,
                    adapters: member.adapters, last: isLast ? 1 : 0)
                return isLast ? try model.decoder.logits(hidden).reshaped([-1]) : nil
            }
            let seconds = start.duration(to: .now).seconds
            positionSeconds = seconds / Double(count)
            member.prefillSeconds += seconds
            member.prefilled += count
            if let logits { member.grow(logits) }
        } catch let error as CancellationError {
            throw error
        } catch { member.fail(error) }
    }
}

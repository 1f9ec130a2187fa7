import LLoCOBase
import LLoCOCheckpoints
public import LLoCOCompression
public import LLoCOModels
public import LLoCOTorch

/// Tunes a group's adapter so that the model answers from its documents' vectors (Tan et al. 2024, section 3.2).
///
/// Input: [vectors of the document ; question ; answer ; end]; loss on the answer and its end only. The base model, the
/// compressor and the vectors stay as they are.
public final class Finetuner {
    /// What is trained, float32; each step changes it in place
    public let adapter: Adapter
    /// The hyperparameters of the run
    public let recipe: FinetuningRecipe
    let training: TrainingState
    private let decoder: Llama
    private let base: [Adapter]
    private let reading: VectorReading
    /// Each document's vectors, [n, D] or [n, keyValueSize]: of the model's dtype, or, where they are tuned, float32
    private let documents: [Tensor]
    /// Each document's vectors' bias, [1, heads, n], and their places
    private let frames: [(bias: Tensor?, places: [Int])]
    /// By epoch; then from the first again
    private let epochs: [[FinetuningExample]]
    private let plan: BatchPlan
    private let seed: UInt64
    private let checkpointing: GradientCheckpointing

    /// A step's outcome.
    public struct Step: Sendable {
        /// counted from 1
        public let step: Int
        /// mean -log p over the step's answer tokens, nats
        public let loss: Double
        /// the Euclidean norm of all the adapter's gradients together, before they are clipped to the recipe's `clipNorm`
        public let gradientNorm: Double
        /// positions computed: vectors, questions and answers
        public let tokens: Int
    }

    /// - Parameters:
    ///   - base: adapters that stay frozen under the one that is trained: the compressor's
    ///   - adapter: the one to train; nil for a fresh one
    ///   - start: what a fresh one begins with, where it is of the recipe's shape
    ///   - reading: how the documents' vectors are read
    ///   - documents: the vectors of each document
    ///   - later: the same examples as they are read in the epochs after the first, where they differ; of equal count and
    ///     about the same documents
    /// - Throws: `ModelError` where an example does not fit the model's window.
    public init(
        decoder: Llama, base: [Adapter] = [], adapter: Adapter? = nil, start: GeneralAdapter? = nil,
        recipe: FinetuningRecipe,
        reading: VectorReading = .embeddings, documents: [SegmentVectors], examples: [FinetuningExample],
        later: [[FinetuningExample]] = [], seed: UInt64, checkpointing: GradientCheckpointing = .automatic
    ) throws {
        guard !examples.isEmpty else { throw TrainingError(.invalid, "there is no question to train on") }
        let window = decoder.configuration.maximumPositions
        epochs = [examples] + later
        precondition(epochs.allSatisfy { $0.map(\.document) == examples.map(\.document) }, "one plan for all epochs")
        for example in epochs.joined() {
            let vectors =
                example.rows?.reduce(0) { $0 + $1.count } ?? documents[example.document].count
            let length = vectors + example.prompt.count + example.answer.count
            guard length <= window, !example.prompt.isEmpty, !example.answer.isEmpty else {
                throw ModelError(
                    .doesNotFit,
                    "a document's vectors with a question and its answer make \(length) positions, "
                        + "the model's window holds \(window)")
            }
        }
        self.decoder = decoder
        self.base = base
        self.recipe = recipe
        self.reading = reading
        self.documents = try documents.map {
            guard recipe.tunesVectors else { return try $0.rows.to(decoder.dtype, device: decoder.device) }
            return try $0.rows.detached().to(.float32, device: decoder.device).cloned()
        }
        frames = try documents.map { (try $0.bias?.to(device: decoder.device), $0.places) }
        self.seed = seed
        self.checkpointing = checkpointing
        plan = BatchPlan(documents: examples.map(\.document), recipe: recipe, seed: seed)
        try Runtime.seed(seed)
        let fresh = try Adapter(for: decoder, rank: recipe.rank, alpha: recipe.alpha, dropout: recipe.dropout)
        self.adapter = try adapter ?? start?.start(fresh) ?? fresh
        training = try TrainingState(
            [.init(self.adapter.parameters, learningRate: recipe.learningRate)]
                + (recipe.tunesVectors ? [.init(self.documents, learningRate: recipe.vectorLearningRate)] : []),
            schedule: LearningRateSchedule(
                steps: plan.steps, warmupSteps: Int((recipe.warmupShare * Double(plan.steps)).rounded(.up)),
                decay: recipe.decay),
            clipNorm: recipe.clipNorm, kept: "the adapter that the group had before stays")
    }

    /// Each document's vectors as they are tuned, [n, D] or [n, keyValueSize], bfloat16; nil where they stay as they are.
    public func tunedVectors() throws -> [Tensor]? {
        recipe.tunesVectors ? try documents.map { try $0.detached().to(.bfloat16) } : nil
    }

    /// All steps of the run.
    public var totalSteps: Int { plan.steps }

    /// Steps made so far, those of an interrupted run included.
    public var stepCount: Int { training.stepCount }

    /// The next step.
    /// - Throws: `TrainingError` where loss or gradients are not finite: nothing is changed then.
    public func step() throws -> Step {
        let outcome = try gradients(at: stepCount)
        try training.step()
        return outcome
    }

    /// Computes the last step's questions once more: the adapter that a step leaves is first seen at work in the next,
    /// which the last step does not have.
    /// - Throws: `TrainingError` where loss or gradients are not finite.
    public func checkOutcome() throws {
        guard stepCount > 0 else { return }
        _ = try gradients(at: stepCount - 1)
        try training.clearGradients()
    }

    /// Leaves the clipped gradients of a step's questions in the adapter.
    private func gradients(at step: Int) throws -> Step {
        try Runtime.seed(seed &+ UInt64(step) &* 0x9E37_79B9 &+ 1)
        let examples = epochs[plan.epoch(of: step) % epochs.count]
        let batch = plan[step].map { examples[$0] }
        let labels = batch.reduce(0) { $0 + $1.answer.count }
        var loss = 0.0
        var tokens = 0
        for group in groups(of: batch) {
            let vectors = try vectors(of: group[0])
            loss += try backward(group, about: vectors, scale: 1 / Double(labels))
            tokens += vectors.count + group.reduce(0) { $0 + $1.prompt.count + $1.answer.count }
        }
        loss /= Double(labels)
        let norm = try training.clipGradients(loss: loss, step: step)
        return Step(step: step + 1, loss: loss, gradientNorm: norm, tokens: tokens)
    }

    /// Examples that read the same vectors, in the order of their documents.
    private func groups(of batch: [FinetuningExample]) -> [[FinetuningExample]] {
        struct Context: Hashable {
            let document: Int
            let rows: [Range<Int>]?
        }
        var groups: [(context: Context, examples: [FinetuningExample])] = []
        for example in batch {
            let context = Context(document: example.document, rows: example.rows)
            if let index = groups.firstIndex(where: { $0.context == context }) {
                groups[index].examples.append(example)
            } else {
                groups.append((context, [example]))
            }
        }
        return groups.sorted { $0.context.document < $1.context.document }.map(\.examples)
    }

    /// Those that an example reads; there may be none.
    private func vectors(of example: FinetuningExample) throws -> SegmentVectors {
        // Gradients flow to what is tuned.
        let frame = frames[example.document]
        let all = SegmentVectors(
            try documents[example.document].to(decoder.dtype).unsqueezed(0), bias: frame.bias, places: frame.places)
        guard let rows = example.rows else { return all }
        return try rows.isEmpty ? all.last(0) : all.selected(rows)
    }

    /// Adds the gradients of scale · Σ -log p(answer), or of the cross-entropy with a teacher's shares, over examples that
    /// read the same vectors; returns the sum, unscaled.
    ///
    /// The vectors are read once: their keys and values are shared by all examples, and so is what flows back.
    package func backward(_ examples: [FinetuningExample], about vectors: SegmentVectors, scale: Double) throws
        -> Double
    {
        let adapters = ActiveAdapters(base + [adapter], appliesDropout: true)
        let rows = examples.map { (ids: $0.prompt + $0.answer, start: $0.prompt.count) }
        let length = rows.map { $0.ids.count - 1 }.max()!
        let recomputes = checkpointing.applies(
            to: decoder, positions: vectors.count + length * examples.count)
        let context =
            vectors.count == 0
            ? nil
            : try decoder.context(vectors, reading: reading, adapters: adapters, recomputes: recomputes)
        let predictors = try decoder.predictors(
            of: rows, after: context, adapters: adapters, recomputes: recomputes)
        return try AnswerLoss.backward(decoder, Array(zip(examples, predictors)), scale: scale)
    }
}

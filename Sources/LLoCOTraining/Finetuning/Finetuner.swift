import LLoCOBase
import LLoCOCheckpoints
public import LLoCOCompression
public import LLoCOModels
public import LLoCOTorch

/// Trains a group's adapter to answer from the vectors of the group's documents (Tan et al. 2024, section 3.2).
///
/// Input: [document's vectors ; question ; answer ; end token]. The loss covers only the answer and the end token. The
/// base model and the compressor are frozen, and so are the vectors unless the recipe tunes them.
public final class Finetuner {
    /// The trained adapter, float32; each step updates it in place
    public let adapter: Adapter
    /// The hyperparameters of the run
    public let recipe: FinetuningRecipe
    let training: TrainingState
    private let decoder: Llama
    private let base: [Adapter]
    private let reading: VectorReading
    /// Each document's vectors, [n, D] or [n, keyValueSize]: in the model's dtype, or float32 if they are tuned
    private let documents: [Tensor]
    /// For each document, the bias [1, heads, n] and the places of its vectors
    private let frames: [(bias: Tensor?, places: [Int])]
    /// The examples of each epoch; later epochs repeat from the first
    private let epochs: [[FinetuningExample]]
    private let plan: BatchPlan
    private let seed: UInt64
    private let checkpointing: GradientCheckpointing

    /// The result of a step.
    public struct Step: Sendable {
        /// The step's number, from 1
        public let step: Int
        /// The mean loss over the step's answer tokens (-log p, or the cross-entropy with a teacher), nats
        public let loss: Double
        /// The joint Euclidean norm of all gradients, before clipping to the recipe's `clipNorm`
        public let gradientNorm: Double
        /// Number of positions computed: vectors, questions and answers
        public let tokens: Int
    }

    /// Creates a run's trainer.
    ///
    /// - Parameters:
    ///   - base: frozen adapters that are active too: the compressor's
    ///   - adapter: the adapter to train; nil for a new one
    ///   - start: initial weights of a new adapter; ignored if its shape differs from the recipe's
    ///   - reading: how the model attends to the documents' vectors
    ///   - documents: each document's vectors
    ///   - later: the examples of the second and later epochs, if they differ; each epoch has the same documents in the
    ///     same order
    /// - Throws: `TrainingError` without examples; `ModelError` if an example does not fit the model's window.
    public init(
        decoder: Llama, base: [Adapter] = [], adapter: Adapter? = nil, start: GeneralAdapter? = nil,
        recipe: FinetuningRecipe,
        reading: VectorReading = .embeddings, documents: [SegmentVectors], examples: [FinetuningExample],
        later: [[FinetuningExample]] = [], seed: UInt64, checkpointing: GradientCheckpointing = .automatic
    ) throws {
        guard !examples.isEmpty else { throw TrainingError(.invalid, "no questions to train on, expected 1 or more") }
        let window = decoder.configuration.maximumPositions
        epochs = [examples] + later
        precondition(
            epochs.allSatisfy { $0.map(\.document) == examples.map(\.document) },
            "epochs with different documents, expected the same documents in each")
        for example in epochs.joined() {
            let vectors =
                example.rows?.reduce(0) { $0 + $1.count } ?? documents[example.document].count
            let length = vectors + example.prompt.count + example.answer.count
            guard length <= window, !example.prompt.isEmpty, !example.answer.isEmpty else {
                throw ModelError(
                    .doesNotFit,
                    "a document's vectors with a question and its answer take \(length) positions, "
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
            clipNorm: recipe.clipNorm, failureNote: "the group's previous adapter remains valid")
    }

    /// Each document's tuned vectors, [n, D] or [n, keyValueSize], bfloat16; nil if the recipe does not tune vectors.
    public func tunedVectors() throws -> [Tensor]? {
        recipe.tunesVectors ? try documents.map { try $0.detached().to(.bfloat16) } : nil
    }

    /// Number of steps of the run.
    public var totalSteps: Int { plan.steps }

    /// Number of steps made so far, including those before an interruption.
    public var stepCount: Int { training.stepCount }

    /// Makes the next step.
    ///
    /// - Throws: `TrainingError` if the loss or a gradient is not finite: no parameter is changed then.
    public func step() throws -> Step {
        let outcome = try gradients(at: stepCount)
        try training.step()
        return outcome
    }

    /// Recomputes the last step's loss and gradients with the final adapter. A step's adapter is otherwise checked by
    /// the next step, which the last step does not have.
    ///
    /// - Throws: `TrainingError` if the loss or a gradient is not finite.
    public func checkOutcome() throws {
        guard stepCount > 0 else { return }
        _ = try gradients(at: stepCount - 1)
        try training.clearGradients()
    }

    /// Computes a step's clipped gradients, accumulated in the parameters.
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

    /// Groups examples with the same vectors in their context, in the order of their documents.
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

    /// The vectors in an example's context; may be empty.
    private func vectors(of example: FinetuningExample) throws -> SegmentVectors {
        // Gradients flow to tuned vectors.
        let frame = frames[example.document]
        let all = SegmentVectors(
            try documents[example.document].to(decoder.dtype).unsqueezed(0), bias: frame.bias, places: frame.places)
        guard let rows = example.rows else { return all }
        return try rows.isEmpty ? all.last(0) : all.selected(rows)
    }

    /// Accumulates the gradients of scale · Σ -log p(answer), or of the cross-entropy with a teacher's probabilities,
    /// over examples with the same vectors in their context; returns the unscaled sum.
    ///
    /// The vectors' keys and values are computed once and shared by all examples, and so are their gradients.
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

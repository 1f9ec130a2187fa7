import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
public import LLoCOModels
import LLoCOTorch

/// Learns which of a segment's positions each head keeps, and how much they weigh, from the loss of answers.
///
/// Every position of a document has a worth in every head (``HeadSelection``). Training drops no position. It adds
/// log(sigmoid((worth − border) / width)) to the attention score of a position's key, where the border is the worth of
/// the last position to keep. Gradients thus reach the worth of positions near the border and, through the border, the
/// heads' shares. The width shrinks from step to step.
///
/// The model's weights are frozen. A few numbers per head are learned.
public final class SelectionTrainer {
    /// The model that compresses and answers
    public let decoder: Llama
    /// The hyperparameters of the run
    public let recipe: SelectionRecipe
    let training: TrainingState
    let seed: UInt64
    private let scheme: CompressionScheme
    /// The logarithms of the heads' shares, up to a constant, [H]
    private let shares: Tensor
    /// Added to attention scores, [H]
    private let logWeights: Tensor
    /// The powers of attention and of values' lengths, [H, 2]
    private let powers: Tensor
    /// The directions for keys and values, in units of `deviations`, [H, 2, E]
    private let directions: Tensor
    /// The standard deviations of keys and values over a text, [H, 2, E]
    private let deviations: Tensor
    private var heads: Int { shares.size(0) }

    /// Creates a trainer with equal shares, whose heads keep the most attended positions.
    ///
    /// - Parameter sample: a text's tokens, for the standard deviations of keys and values
    /// - Throws: `ModelError` if the recipe's segments do not fit the model's window.
    public init(decoder: Llama, recipe: SelectionRecipe, sample: [Int], seed: UInt64) throws {
        self.decoder = decoder
        self.recipe = recipe
        self.seed = seed
        scheme = CompressionScheme(
            segmentTokens: recipe.segmentTokens, summaryTokens: recipe.summaryTokens, carry: .independent,
            method: .attended(AttendedKeysAndValues()))
        let configuration = decoder.configuration
        guard recipe.segmentTokens < configuration.maximumPositions else {
            throw ModelError(
                .doesNotFit,
                "selection.segmentTokens: \(recipe.segmentTokens) tokens, the model's window holds "
                    + "\(configuration.maximumPositions): lower it")
        }
        let heads = configuration.compressedLayers.count * configuration.keyValueHeadCount
        let device = decoder.device
        shares = try .zeros([heads], device: device)
        logWeights = try .zeros([heads], device: device)
        powers = try .ones([heads, 2], device: device)
        directions = try .zeros([heads, 2, configuration.headSize], device: device)
        deviations = try Self.deviations(
            Self.positions(of: Array(sample.prefix(recipe.segmentTokens)), decoder, scheme))
        training = try TrainingState(
            [
                .init([shares], learningRate: recipe.shareLearningRate),
                .init([logWeights, powers], learningRate: recipe.weightLearningRate),
                .init([directions], learningRate: recipe.directionLearningRate),
            ],
            schedule: LearningRateSchedule(
                steps: recipe.steps, warmupSteps: recipe.warmupSteps, decay: .cosine),
            clipNorm: recipe.clipNorm, failureNote: "the last checkpoint remains valid")
    }

    /// Number of steps made so far, including those before an interruption
    public var stepCount: Int { training.stepCount }

    /// The selection learned so far.
    public func selection() throws -> HeadSelection {
        let shares = try shares.detached().softmax(0).array(of: Float.self)
        let powers = try powers.detached()
        return try HeadSelection(
            shares: shares.map { Int(($0 / (shares.max() ?? 1) * 1000).rounded()) },
            logWeights: logWeights.detached().array(), attentionPowers: powers.selected(1, 0).contiguous().array(),
            valuePowers: powers.selected(1, 1).contiguous().array(),
            directions: (directions.detached() / deviations).array())
    }

    /// A compressor with the selection learned so far.
    func checkpoint(baseModel: String, trainedTokens: Int) throws -> CompressorCheckpoint {
        CompressorCheckpoint(
            description: .init(
                scheme: try scheme.selecting(selection()), baseModel: baseModel, trainedTokens: trainedTokens),
            embedSummary: try scheme.segmentCompressor.initialEmbeddings(decoder, summaryTokens: scheme.summaryTokens),
            adapter: nil)
    }

    /// Makes one step over questions about one sampled document. The sample depends only on the seed and the step's
    /// number.
    ///
    /// - Returns: the step's result; its loss is that of the answers with soft borders
    /// - Throws: `TrainingError` if the loss or a gradient is not finite: no parameter is changed then.
    public func step(_ questions: TrainingQuestions) throws -> CompressorTrainer.Step {
        let step = stepCount
        var generator = SplitMix64(seed: seed &+ UInt64(step) &* 0x9E37_79B9)
        let document = Int.random(in: questions.documents.indices, using: &generator)
        let ids = questions.documents[document].ids
        let items = questions.items.filter { $0.document == document }.shuffled(using: &generator)
            .prefix(recipe.questionsPerStep)
        let progress = Double(step) / Double(max(1, recipe.steps - 1))
        let width = recipe.firstWidth * pow(recipe.lastWidth / recipe.firstWidth, progress)
        let rows = items.map { (ids: $0.prompt + $0.answer, start: $0.prompt.count) }
        let vectors = try SegmentVectors.concatenated(
            scheme.segments(of: ids.count).map { try softVectors(Array(ids[$0]), width: width) })
        let cache = try decoder.emptyContext(.keysAndValues)
        try decoder.append(
            vectors, to: cache, logWeight: scheme.reading().logWeight(of: scheme.vectors(ofText: ids.count)))
        let hidden = try Tensor.concatenated(
            decoder.predictors(of: rows, after: cache, adapters: .none, recomputes: false))
        let labels = rows.flatMap { $0.ids[$0.start...] }
        let scale = 1 / Double(labels.count)
        let loss = try scale * CrossEntropyLoss.backward(decoder, hidden: hidden, labels: labels, scale: scale)
        let norm = try training.clipGradients(loss: loss, step: step)
        try training.step()
        return CompressorTrainer.Step(
            step: stepCount, loss: loss, losses: [.answering: loss], gradientNorm: norm,
            tokens: ids.count + rows.reduce(0) { $0 + $1.ids.count })
    }

    /// A segment's n positions in all H heads: [H, n] or [H, n, E] each.
    private struct Positions {
        let keys: Tensor
        let values: Tensor
        let logAttention: Tensor
        let logLengths: Tensor
    }

    private static func positions(
        of ids: [Int], _ decoder: Llama, _ scheme: CompressionScheme
    ) throws -> Positions {
        try withoutGradients {
            let cache = try decoder.emptyContext(.keysAndValues)
            let queries = QueryRecord(decoder)
            _ = try decoder.hiddenStates(decoder.embed([ids]), cache: cache, last: 0, queries: queries)
            var (keys, values, attention, lengths): ([Tensor], [Tensor], [Tensor], [Tensor]) = ([], [], [], [])
            try decoder.eachAttendedLayer(of: cache, last: ids.count, queries: queries) { layer in
                keys.append(try layer.keys[0])
                values.append(try layer.values[0])
                attention.append(try layer.logAttention[0])
                lengths.append(try layer.logLengths[0])
            }
            return Positions(
                keys: try .concatenated(keys), values: try .concatenated(values),
                logAttention: try .concatenated(attention), logLengths: try .concatenated(lengths))
        }
    }

    private static func deviations(_ positions: Positions) throws -> Tensor {
        try withoutGradients {
            try .stacked(
                [positions.keys, positions.values].map {
                    let values = try $0.to(.float32)
                    let centred = try values - values.mean(1, keepDimension: true)
                    return try ((centred * centred).mean(1) + 1e-6).sqrt()
                }, 1)
        }
    }

    /// A segment's vectors with soft borders. Each head has its worthiest positions: 4 k + 8 if it is to keep k. The
    /// kept ones stand last.
    private func softVectors(_ ids: [Int], width: Double) throws -> SegmentVectors {
        let positions = try Self.positions(of: ids, decoder, scheme)
        let (heads, count) = (heads, ids.count)
        let worth = try HeadSelection.worth(
            (positions.logAttention, positions.logLengths), keys: positions.keys, values: positions.values,
            powers: powers, directions: directions / deviations)
        let order = try withoutGradients { try worth.detached().top(count).indices }
        let sorted = try worth.gathered(1, order)
        // The number of positions that each head keeps, and the rank before its border.
        let kept = try shares.softmax(0) * Double(heads * scheme.vectors(of: count))
        let keptCounts = try kept.detached().array(of: Float.self).map { min(Double($0), Double(count)) }
        let below = keptCounts.map { max(0, min(Int($0 - 0.5), count - 2)) }
        func value(atRanks ranks: [Int]) throws -> Tensor {
            try sorted.gathered(1, Tensor(ranks, shape: [heads, 1]).to(device: decoder.device))
        }
        let (upper, lower) = (try value(atRanks: below), try value(atRanks: below.map { min($0 + 1, count - 1) }))
        let places = try Tensor(below.map { Float($0) + 0.5 }, shape: [heads, 1]).to(device: decoder.device)
        let border = try upper + (lower - upper) * (kept.unsqueezed(1) - places)
        // Ranks in context order: dropped positions first, then the kept ones, best first, as in answering.
        let lists = keptCounts.map { number in
            let kept = min(count, max(1, Int(number.rounded())))
            return Array((kept..<min(count, max(kept, 4 * kept + 8))).reversed()) + Array(0..<kept)
        }
        let maximum = lists.map(\.count).max() ?? 0
        let ranks = try Tensor(
            lists.flatMap { Array(repeating: 0, count: maximum - $0.count) + $0 }, shape: [heads, maximum]
        ).to(device: decoder.device)
        let blanks = try Tensor(
            lists.flatMap { Array(repeating: true, count: maximum - $0.count) + $0.map { _ in false } },
            shape: [heads, maximum]
        ).to(device: decoder.device)
        let above = try (sorted.gathered(1, ranks) - border) / width
        // Far below a border the sigmoid would underflow to 0, and its logarithm to -infinity.
        let floor = try Tensor.full([heads, maximum], -60, device: decoder.device)
        let bias = try (above.maximum(floor).sigmoid().log() + logWeights.unsqueezed(1)).maskedFill(blanks, -.infinity)
        let chosen = try withoutGradients {
            try order.gathered(1, ranks).unsqueezed(2).expanded([heads, maximum, positions.keys.size(2)])
        }
        let configuration = decoder.configuration
        let layers = configuration.compressedLayers.count
        let shape = [layers, configuration.keyValueHeadCount, maximum, configuration.headSize]
        let rows = try Tensor.stacked(
            [positions.keys, positions.values].map { try $0.gathered(1, chosen).reshaped(shape) }, 1
        ).permuted([3, 0, 1, 2, 4]).reshaped([1, maximum, decoder.keyValueSize])
        return SegmentVectors(rows, bias: try bias.unsqueezed(0))
    }
}

import LLoCOBase
public import LLoCOCompression
import LLoCOTorch

/// Hyperparameters of training a compressor; the defaults are the published ones for Llama-2-7B (Chevalier et al.
/// 2023).
public struct CompressorRecipe: Sendable, Codable, Equatable {
    /// S, vectors per segment, 1...65,536: 50 by default
    public var summaryTokens = 50
    /// Tokens per segment in use, 1...1,048,576, 1536 by default. Training varies lengths by ``segmentJitter``.
    public var segmentTokens = 1536
    /// Tokens of a training row, 2...1,048,576, 6144 by default; a row of the published continuation is split into
    /// `substeps` · `segmentsPerSubstep` segments
    public var rowTokens = 6144
    /// Parts of a row between which vectors are detached, to bound the graph, 1...1024: 2 by default
    public var substeps = 2
    /// Segments per substep; gradients flow between them, 1...1024: 2 by default
    public var segmentsPerSubstep = 2
    /// Maximum deviation of a segment's length, as a share, 0...0.9: 0.33 by default. In the published continuation it
    /// applies to both sides of the mean, otherwise to lengths below `segmentTokens`.
    public var segmentJitter = 0.33
    /// Rows per step, 1...65,536: 32 by default
    public var batchRows = 32
    /// Rows per batch, 1...65,536: 1 by default, which uses a CPU fully; a GPU needs more. A batch's rows are sampled
    /// with one objective and equal numbers and lengths of segments and vectors; shorter texts form separate batches.
    /// Rows of answers and of the published continuation are always computed one by one.
    public var rowsPerPass = 1
    /// Steps of the whole run, 1 or more: 76,000 by default
    public var steps = 76_000
    /// Peak learning rate of the adapter, more than 0: 4e-4 by default
    public var learningRate = 4e-4
    /// Peak learning rate of the summary embeddings, more than 0, 4e-4 by default. They start as copies of one
    /// embedding and have far to go.
    public var summaryLearningRate = 4e-4
    /// Steps of linear warmup, 0 or more: 5,000 by default
    public var warmupSteps = 5_000
    /// Decay of the learning rates after warmup: linear by default
    public var decay = LearningRateSchedule.Decay.linear
    /// Maximum joint norm of a step's gradients (clipping); more than 0, 1 by default
    public var clipNorm = 1.0
    /// The adapter's rank r, 1...4096: 16 by default
    public var rank = 16
    /// LoRA's alpha: the adapter adds (alpha / r) · B · A · x; more than 0, 16 by default.
    public var alpha = 16.0
    /// Dropout probability of A's input, 0...0.99: 0.05 by default
    public var dropout = 0.05
    /// Steps between checkpoints, 1 or more: 50 by default
    public var checkpointSteps = 50

    // Method: the published one by default. `form`, `summaryInput` and `adapterScope` together select it.

    /// The earlier vectors that a segment attends to: those of all earlier segments by default
    public var carry = CompressionScheme.Carry.accumulated
    /// The form of the vectors: hidden states, used as input embeddings, by default
    public var form = VectorForm.embeddings
    /// The input of summary positions: learned embeddings by default
    public var summaryInput = CompressionMethod.SummaryInput.learned
    /// Where the adapter is active: by default while text is compressed and while the model attends to vectors
    public var adapterScope = AdapterScope.everywhere
    /// Whether the adapter also changes the feed-forward layers; false by default
    public var adaptsFeedForward = false

    // Objectives: the probability of each is its share of their sum. Shares are 0 or more; continuation alone by
    // default. The published continuation predicts every segment's text after the vectors of the earlier segments. In
    // other schemes, and for the other objectives, up to `segmentsPerSubstep` segments of at most `segmentTokens`
    // tokens are compressed, and `readingTokens` tokens are predicted after their vectors.

    /// Share of predicting the text after the segments
    public var continuation = 1.0
    /// Share of predicting the same text with the base model's most likely tokens after the uncompressed segments as
    /// targets
    public var distillation = 0.0
    /// Share of predicting the segment itself
    public var reconstruction = 0.0
    /// Share of predicting answers to questions about a document
    public var answering = 0.0
    /// Maximum number of questions in a row of `answering`, 1...65,536: 16 by default. They share the vectors of their
    /// document.
    public var questionsPerRow = 16
    /// Maximum number of segments of a document with questions; 0, the default, for `segmentsPerSubstep`
    public var questionedSegments = 0
    /// Tokens predicted after the vectors, 2 or more: 640 by default
    public var readingTokens = 640
    /// Minimum tokens per vector; 0 by default. If both limits are more than 0, the ratio is sampled log-uniformly for
    /// each segment of a batch; otherwise a segment has `summaryTokens` vectors.
    public var minimumRatio = 0.0
    /// Maximum tokens per vector, see ``minimumRatio``; 0 by default
    public var maximumRatio = 0.0

    // Reader adapter: active where answers are predicted. It may be trained together with the compressor, so that the
    // vectors and the adapter suit each other.

    /// Rank r of the reader adapter. 0, the default, trains none: a given reader adapter stays frozen.
    public var readerRank = 0
    /// LoRA's alpha of the reader adapter: it adds (alpha / r) · B · A · x; more than 0, 32 by default.
    public var readerAlpha = 32.0
    /// Dropout probability of its A's input, 0...0.99: 0.05 by default
    public var readerDropout = 0.05
    /// Peak learning rate of the reader adapter, more than 0: 2e-4 by default
    public var readerLearningRate = 2e-4
    /// Share of the rows of `answering` whose context is a mixture of vectors and pieces of text, as in mode `hybrid`,
    /// 0...1: 0 by default, for vectors alone
    public var hybridShare = 0.0
    /// Share of the rows of `answering` whose context also has another document's vectors, 0...1: 0 by default
    public var foreignShare = 0.0

    /// Maximum number of tokens of a document with questions.
    public var questionedTokens: Int {
        segmentTokens * (questionedSegments > 0 ? questionedSegments : segmentsPerSubstep)
    }

    /// Maximum number of vectors of a document with questions.
    var questionedVectors: Int { questionedTokens / segmentTokens * maximumVectors }

    /// Maximum number of vectors of a segment.
    private var maximumVectors: Int {
        minimumRatio > 0 && maximumRatio > 0 ? Int(min(1e6, Double(segmentTokens) / minimumRatio)) : summaryTokens
    }

    /// The sum of the objectives' shares.
    var objectives: Double { continuation + distillation + reconstruction + answering }

    /// Checks that the recipe's rows fit a model's window.
    ///
    /// - Throws: `TrainingError` naming the fields and their number of positions, or if the method fields' combination
    ///   is not a method.
    func check(fits window: Int) throws {
        let scheme = try scheme
        let published = scheme.publishedContinuation != nil
        let vectors = maximumVectors
        let before =
            switch carry {
            case .accumulated: (segmentsPerSubstep - 1) * vectors
            case .newest: segmentsPerSubstep > 1 ? vectors : 0
            case .independent: 0
            }
        let segments = substeps * segmentsPerSubstep
        let longest = Int(Double(rowTokens) / Double(segments) * (1 + segmentJitter))
        for (isUsed, what, positions) in [
            (
                continuation > 0 && published, "a segment of rowTokens with the vectors of all earlier segments",
                longest + segments * summaryTokens
            ),
            (
                distillation + reconstruction + answering > 0 || !published,
                "a segment of segmentTokens with its vectors and those of earlier segments",
                before + scheme.segmentCompressor.positions(tokens: segmentTokens, vectors: vectors)
            ),
            (
                distillation + reconstruction > 0 || continuation > 0 && !published,
                "readingTokens after the vectors of segmentsPerSubstep segments",
                readingTokens + segmentsPerSubstep * min(vectors, segmentTokens)
            ),
            (
                distillation > 0, "distillation, readingTokens after segmentsPerSubstep segments of segmentTokens",
                readingTokens + segmentsPerSubstep * segmentTokens
            ),
        ] where isUsed && positions > window {
            throw TrainingError(
                .doesNotFit,
                "the recipe's compressor: \(what): \(positions) positions, the model's window holds \(window): "
                    + "lower these fields")
        }
    }

    /// The scheme of a compressor that is trained with the recipe.
    ///
    /// - Throws: `TrainingError` if the fields' combination is not a method.
    public var scheme: CompressionScheme {
        get throws {
            do {
                return CompressionScheme(
                    segmentTokens: segmentTokens, summaryTokens: summaryTokens, carry: carry,
                    method: try CompressionMethod(form: form, summaryInput: summaryInput, adapterScope: adapterScope))
            } catch {
                throw TrainingError(.invalid, "compressor: \(error)")
            }
        }
    }

    /// The scheme of a compressor that is initialized from another one, whose head selection it takes over.
    func scheme(startingFrom start: CompressionScheme?) throws -> CompressionScheme {
        guard let selection = start?.segmentCompressor.selection, summaryInput == .attended else { return try scheme }
        return try scheme.selecting(selection)
    }

    /// Creates a recipe with the published values.
    public init() {}
}

import LLoCOBase
public import LLoCOCompression
import LLoCOTorch

/// Hyperparameters of training a compressor; the defaults are the published ones for Llama-2-7B (Chevalier et al. 2023).
public struct CompressorRecipe: Sendable, Codable, Equatable {
    /// Vectors a segment, S, 1...65,536: 50 by default
    public var summaryTokens = 50
    /// Tokens a segment when the compressor is used, 1...1,048,576, 1536 by default; training cuts at random around the
    /// same mean.
    public var segmentTokens = 1536
    /// Tokens of a training row, 2...1,048,576, 6144 by default, cut into `substeps` · `segmentsPerSubstep` segments
    public var rowTokens = 6144
    /// Parts of a row between which the vectors are detached, which bounds the graph, 1...1024: 2 by default
    public var substeps = 2
    /// Segments that gradients flow through together, 1...1024: 2 by default
    public var segmentsPerSubstep = 2
    /// How far a segment's length may lie from the mean, in the published continuation, or below `segmentTokens`, in all else;
    /// as a share of it, 0...0.9: 0.33 by default
    public var segmentJitter = 0.33
    /// Rows a step, 1...65,536: 32 by default
    public var batchRows = 32
    /// Rows that are drawn together and, where their texts are long enough, computed in one pass, 1...65,536: 1 by default,
    /// which keeps a CPU busy; more keep a GPU busy. They have one objective, and as many segments and vectors of the same
    /// lengths. Rows of answers and of the published continuation are computed one by one.
    public var rowsPerPass = 1
    /// Steps of the whole run, 1 or more: 76,000 by default
    public var steps = 76_000
    /// The optimizer's rate for the adapter at its peak, more than 0: 4e-4 by default
    public var learningRate = 4e-4
    /// The summary embeddings' own rate, more than 0, 4e-4 by default; they start as copies of one row and have far to go.
    public var summaryLearningRate = 4e-4
    /// Steps in which the rates rise, 0 or more: 5,000 by default
    public var warmupSteps = 5_000
    /// How the rates fall after that: a straight line by default
    public var decay = LearningRateSchedule.Decay.linear
    /// The norm that a step's gradients, all together, are scaled down to where it is larger; more than 0, 1 by default
    public var clipNorm = 1.0
    /// The adapter's rank r, 1...4096: 16 by default
    public var rank = 16
    /// The adapter adds (alpha / r) · B · A · x; more than 0, 16 by default.
    public var alpha = 16.0
    /// The probability with which a step drops an element of A's input, 0...0.99: 0.05 by default
    public var dropout = 0.05
    /// Steps between two checkpoints, 1 or more: 50 by default
    public var checkpointSteps = 50

    // The published way by default. `form`, `summaryInput` and `adapterScope` together spell the method.

    /// What a segment sees of those before it: the vectors of all by default
    public var carry = CompressionScheme.Carry.accumulated
    /// What a vector is: a hidden state, read as an input embedding, by default
    public var form = VectorForm.embeddings
    /// What a summary position is given: an embedding of its own by default
    public var summaryInput = CompressionMethod.SummaryInput.learned
    /// Where the adapter is on: while text is compressed and while vectors are read by default
    public var adapterScope = AdapterScope.everywhere
    /// Whether the adapter changes the feed-forward layers besides attention; not by default
    public var adaptsFeedForward = false

    // How often a row is of each objective, as shares of their sum, 0 or more each: continuation alone by default. The
    // published continuation predicts every segment's text after the vectors before it; in other schemes, and in the other
    // objectives, up to `segmentsPerSubstep` segments of at most `segmentTokens` become vectors and `readingTokens` are
    // read after these.

    /// The text after the segments
    public var continuation = 1.0
    /// The same, learned from what the model as it is predicts after the segments' text: its likeliest tokens
    public var distillation = 0.0
    /// The segment itself
    public var reconstruction = 0.0
    /// The answers to questions about the segments, which are their document's
    public var answering = 0.0
    /// Questions about one document that a row of `answering` has at most, 1...65,536: 16 by default; its vectors are read
    /// once for all of them
    public var questionsPerRow = 16
    /// Segments of a document that is asked about, at most; 0, the default, for `segmentsPerSubstep`
    public var questionedSegments = 0
    /// Tokens read after the vectors, 2 or more: 640 by default
    public var readingTokens = 640
    /// Tokens a vector are drawn between these two, for every segment of the rows of a pass and evenly by their logarithm,
    /// where both are more than 0; else a segment has `summaryTokens` vectors
    public var minimumRatio = 0.0
    /// The most tokens a vector, see ``minimumRatio``; 0 by default
    public var maximumRatio = 0.0

    // The adapter that answers are read with may be learned together with the compressor: what vectors say and how they are
    // read suit each other then.

    /// That adapter's rank r; 0, the default, where none is learned: answers are read with the one that is given, which stays
    /// as it is, or by the model as it is
    public var readerRank = 0
    /// It adds (alpha / r) · B · A · x; more than 0, 32 by default.
    public var readerAlpha = 32.0
    /// The probability with which a step drops an element of its A's input, 0...0.99: 0.05 by default
    public var readerDropout = 0.05
    /// The optimizer's rate for it at its peak, more than 0: 2e-4 by default
    public var readerLearningRate = 2e-4
    /// The share of the rows of `answering` whose questions are read with a mixture of vectors and pieces of text, as in mode
    /// `hybrid`, 0...1: 0 by default, vectors alone
    public var hybridShare = 0.0
    /// The share of the rows of `answering` that read another document's vectors beside the right ones, 0...1: 0 by default
    public var foreignShare = 0.0

    /// Tokens of a document that is asked about, at most.
    public var questionedTokens: Int {
        segmentTokens * (questionedSegments > 0 ? questionedSegments : segmentsPerSubstep)
    }

    /// Vectors of such a document, at most.
    var questionedVectors: Int { questionedTokens / segmentTokens * maximumVectors }

    /// Vectors of a segment, at most.
    private var maximumVectors: Int {
        minimumRatio > 0 && maximumRatio > 0 ? Int(min(1e6, Double(segmentTokens) / minimumRatio)) : summaryTokens
    }

    /// What all objectives' shares come to.
    var objectives: Double { continuation + distillation + reconstruction + answering }

    /// Refuses what would read more positions than a model has been made for.
    ///
    /// - Throws: `TrainingError` naming the fields and what they come to, or where they spell no method.
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
                continuation > 0 && published, "a segment of rowTokens with the vectors of all before it",
                longest + segments * summaryTokens
            ),
            (
                distillation + reconstruction + answering > 0 || !published,
                "a segment of segmentTokens with its vectors and those of all before it",
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
                "the recipe's compressor: \(what): \(positions) positions, the model's window holds \(window): lower them"
            )
        }
    }

    /// How a compressor that is trained so is used.
    ///
    /// - Throws: `TrainingError` where the fields spell no method.
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

    /// The same for a compressor that begins with another: which positions the heads keep is that one's.
    func scheme(startingFrom start: CompressionScheme?) throws -> CompressionScheme {
        guard let selection = start?.segmentCompressor.selection, summaryInput == .attended else { return try scheme }
        return try scheme.selecting(selection)
    }

    /// The published values.
    public init() {}
}

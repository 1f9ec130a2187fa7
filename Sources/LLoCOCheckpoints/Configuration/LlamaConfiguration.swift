/// The configuration of a decoder of Llama's architecture or of another supported family (`ModelFamilies`).
public struct LlamaConfiguration: Equatable, Sendable {
    /// Rows of the embedding matrix.
    public var vocabularySize: Int
    /// Size of a hidden state, D.
    public var hiddenSize: Int
    /// Size of the feed-forward layer's inner state.
    public var intermediateSize: Int
    /// Number of decoder layers.
    public var layerCount: Int
    /// Number of query heads.
    public var headCount: Int
    /// Number of key and value heads; a divisor of `headCount`.
    public var keyValueHeadCount: Int
    /// Size of an attention head; even.
    public var headSize: Int
    /// The checkpoint's context window in positions.
    public var maximumPositions: Int
    /// The description of every layer that is not in `otherLayers`.
    public var layer = LayerDescription()
    /// The layers that differ, by index.
    public var otherLayers: [Int: LayerDescription] = [:]
    /// Epsilon of the RMS norms.
    public var rmsNormEpsilon: Double
    /// Whether the output projection is the embedding matrix.
    public var tiedEmbeddings: Bool
    /// Factor of the token embeddings.
    public var embeddingScale = 1.0
    /// Factor of the logits.
    public var logitScale = 1.0
    /// Whether norms multiply by 1 + weight (Gemma).
    public var normsAddOne = false
    /// Whether the checkpoint fuses the query, key and value projections into `qkv_proj`, and gate and up into
    /// `gate_up_proj` (Phi-3).
    public var hasFusedProjections = false
    /// The beginning-of-sequence token id; nil if the checkpoint has none.
    public var bosTokenID: Int?
    /// The end-of-sequence token ids; may be empty.
    public var eosTokenIDs: [Int]
    /// Number of summary vectors per segment (AutoCompressor's `summary_length`); 0 for other models.
    public var summaryLength: Int
    /// Whether a segment sees the summary vectors of all earlier segments instead of the previous one's only
    /// (AutoCompressor).
    public var accumulateSummary: Bool

    /// Creates a configuration in which all layers are Llama's with these biases and this rope, without validation.
    public init(
        vocabularySize: Int, hiddenSize: Int, intermediateSize: Int, layerCount: Int, headCount: Int,
        keyValueHeadCount: Int, headSize: Int, maximumPositions: Int, ropeTheta: Double = 10_000,
        ropeScaling: RopeScaling = .none, rmsNormEpsilon: Double = 1e-6, tiedEmbeddings: Bool = false,
        attentionBias: Bool = false, attentionOutputBias: Bool = false, mlpBias: Bool = false, bosTokenID: Int? = nil,
        eosTokenIDs: [Int] = [], summaryLength: Int = 0, accumulateSummary: Bool = true
    ) {
        self.vocabularySize = vocabularySize
        self.hiddenSize = hiddenSize
        self.intermediateSize = intermediateSize
        self.layerCount = layerCount
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headSize = headSize
        self.maximumPositions = maximumPositions
        self.rmsNormEpsilon = rmsNormEpsilon
        self.tiedEmbeddings = tiedEmbeddings
        self.bosTokenID = bosTokenID
        self.eosTokenIDs = eosTokenIDs
        self.summaryLength = summaryLength
        self.accumulateSummary = accumulateSummary
        layer.rope = Rope(theta: ropeTheta, scaling: ropeScaling)
        layer.attentionBias = attentionBias
        layer.attentionOutputBias = attentionOutputBias
        layer.mlpBias = mlpBias
    }

    /// The description of a layer.
    public func description(of layer: Int) -> LayerDescription { otherLayers[layer] ?? self.layer }

    /// The layers whose keys and values represent a compressed text: the layers with full attention if the model has
    /// any, otherwise all. A layer with a sliding window never attends to the whole text.
    public var compressedLayers: [Int] {
        let all = Array(0..<layerCount)
        let full = all.filter { description(of: $0).window == nil }
        return full.isEmpty ? all : full
    }

    /// Validates the sizes, with limits far above every known model.
    func validate(in file: FileBytes) throws {
        func fault(_ found: String, _ expected: String) -> CheckpointError { file.fault(found, expected: expected) }
        let limits: [(String, Int, ClosedRange<Int>)] = [
            ("vocabulary size", vocabularySize, 1...(1 << 22)), ("hidden size", hiddenSize, 1...(1 << 17)),
            ("intermediate size", intermediateSize, 1...(1 << 20)), ("number of layers", layerCount, 1...1024),
            ("number of heads", headCount, 1...4096), ("number of key/value heads", keyValueHeadCount, 1...headCount),
            ("head size", headSize, 2...1024), ("maximum positions", maximumPositions, 1...(1 << 28)),
            ("summary length", summaryLength, 0...(1 << 16)),
        ]
        for (name, value, limit) in limits where !limit.contains(value) {
            throw fault("\(name) \(value)", "\(limit.lowerBound) to \(limit.upperBound)")
        }
        guard headCount % keyValueHeadCount == 0 else {
            throw fault(
                "\(headCount) heads and \(keyValueHeadCount) key/value heads",
                "heads as a multiple of key/value heads")
        }
        guard headSize % 2 == 0 else { throw fault("head size \(headSize)", "an even number") }
        guard rmsNormEpsilon > 0, rmsNormEpsilon < 0.1 else {
            throw fault("RMS norm epsilon \(rmsNormEpsilon)", "above 0, below 0.1")
        }
        for id in eosTokenIDs + [bosTokenID].compactMap({ $0 }) where !(0..<vocabularySize).contains(id) {
            throw fault("the special token id \(id)", "0 to \(vocabularySize - 1)")
        }
        for (name, value) in [("embedding scale", embeddingScale), ("logit scale", logitScale)]
        where !(1e-6...1e6).contains(value) {
            throw fault("\(name) \(value)", "1e-6 to 1e6")
        }
        for description in [layer] + otherLayers.values { try validate(description, in: file) }
    }

    private func validate(_ layer: LayerDescription, in file: FileBytes) throws {
        func fault(_ found: String, _ expected: String) -> CheckpointError { file.fault(found, expected: expected) }
        if let window = layer.window, !(1...(1 << 28)).contains(window) {
            throw fault("a sliding window of \(window) positions", "1 to \(1 << 28)")
        }
        if let scale = layer.attentionScale, !(1e-6...1e6).contains(scale) {
            throw fault("attention scale \(scale)", "1e-6 to 1e6")
        }
        if let growth = layer.queryGrowth,
            !(0...1e3).contains(growth.rate) || !(1...(1 << 28)).contains(growth.originalMaximumPositions)
        {
            throw fault(
                "queries that grow by \(growth.rate) every \(growth.originalMaximumPositions) positions",
                "0 to 1000, every 1 to \(1 << 28)")
        }
        guard let rope = layer.rope else { return }
        guard rope.theta.isFinite, rope.theta >= 1, rope.theta <= 1e15 else {
            throw fault("rope theta \(rope.theta)", "1 to 1e15")
        }
        let rotated = rope.dimensions ?? headSize
        guard (2...headSize).contains(rotated), rotated % 2 == 0 else {
            throw fault("\(rotated) rotary dimensions of \(headSize)", "an even number from 2 to \(headSize)")
        }
        try validate(rope.scaling, rotated: rotated, in: file)
    }

    private func validate(_ scaling: RopeScaling, rotated: Int, in file: FileBytes) throws {
        func fault(_ found: String, _ expected: String) -> CheckpointError { file.fault(found, expected: expected) }
        func check(factor: Double) throws {
            guard (1...1e6).contains(factor) else { throw fault("rope scaling factor \(factor)", "1 to 1e6") }
        }
        func check(original: Int) throws {
            guard (1...(1 << 28)).contains(original) else {
                throw fault("\(original) original positions of rope scaling", "1 to \(1 << 28)")
            }
        }
        func check(attention factor: Double) throws {
            guard (1e-3...1e3).contains(factor) else { throw fault("rope attention factor \(factor)", "0.001 to 1000") }
        }
        func check(_ factors: [Float], _ name: String) throws {
            guard factors.count == rotated / 2, factors.allSatisfy({ $0.isFinite && $0 > 0 }) else {
                throw fault("\(factors.count) rope \(name) factors", "\(rotated / 2), each finite and above 0")
            }
        }
        switch scaling {
        case .none: break
        case .linear(let factor): try check(factor: factor)
        case .llama3(let factor, let low, let high, let positions):
            guard (1...1e6).contains(factor), low > 0, high > low, high <= 1e6, (1...(1 << 28)).contains(positions)
            else {
                throw fault(
                    "llama3 rope scaling of factor \(factor), low \(low), high \(high), \(positions) positions",
                    "factor at least 1, low below high, positions above 0")
            }
        case .yarn(let factor, let original, let fast, let slow, let attention, _):
            try check(factor: factor)
            try check(original: original)
            try check(attention: attention)
            guard slow > 0, fast > slow, fast <= 1e6 else {
                throw fault(
                    "yarn rope scaling of beta_fast \(fast) and beta_slow \(slow)", "beta_fast above beta_slow above 0")
            }
        case .dynamic(let factor, let original):
            try check(factor: factor)
            try check(original: original)
            guard rotated > 2 else { throw fault("dynamic rope scaling of 2 dimensions", "at least 4") }
        case .longRope(let short, let long, let original, let attention):
            try check(original: original)
            try check(attention: attention)
            try check(short, "short")
            try check(long, "long")
        case .frequencyFactors(let factors): try check(factors, "frequency")
        }
    }
}

/// The properties of `layer`, which most models share among all layers.
extension LlamaConfiguration {
    /// Base of the rotary frequencies; 10,000 without rotary embedding.
    public var ropeTheta: Double { layer.rope?.theta ?? 10_000 }
    /// Scaling of the rotary frequencies for a longer context.
    public var ropeScaling: RopeScaling { layer.rope?.scaling ?? .none }
    /// Whether the query, key and value projections have biases.
    public var attentionBias: Bool { layer.attentionBias }
    /// Whether attention's output projection has a bias.
    public var attentionOutputBias: Bool { layer.attentionOutputBias }
    /// Whether the feed-forward projections have biases.
    public var mlpBias: Bool { layer.mlpBias }
}

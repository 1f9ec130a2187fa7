/// The shape of a decoder: Llama's, or what a family (`ModelFamilies`) has instead.
public struct LlamaConfiguration: Equatable, Sendable {
    /// Rows of the embedding matrix.
    public var vocabularySize: Int
    /// Size of a hidden state, D.
    public var hiddenSize: Int
    /// Size of the feed-forward layer's inner state.
    public var intermediateSize: Int
    /// The decoder's layers.
    public var layerCount: Int
    /// Query heads.
    public var headCount: Int
    /// Key and value heads; a divisor of `headCount`.
    public var keyValueHeadCount: Int
    /// Dimensions of a head; even.
    public var headSize: Int
    /// The context window the checkpoint was made for, in positions.
    public var maximumPositions: Int
    /// Every layer that is not in `otherLayers`.
    public var layer = LayerDescription()
    /// Layers that differ, by their number.
    public var otherLayers: [Int: LayerDescription] = [:]
    /// What RMS norms add to the mean square.
    public var rmsNormEpsilon: Double
    /// Whether the output projection is the embedding matrix.
    public var tiedEmbeddings: Bool
    /// What embeddings of tokens are multiplied by.
    public var embeddingScale = 1.0
    /// What the scores of tokens are multiplied by.
    public var logitScale = 1.0
    /// Whether norms multiply by 1 + weight (Gemma).
    public var normsAddOne = false
    /// Whether query, key and value projections are one tensor in the checkpoint, `qkv_proj`, and gate and up another,
    /// `gate_up_proj` (Phi-3).
    public var hasFusedProjections = false
    /// The id that a text begins with; nil where the checkpoint names none.
    public var bosTokenID: Int?
    /// The ids that end a text; may be empty.
    public var eosTokenIDs: [Int]
    /// Summary vectors a segment (AutoCompressor's `summary_length`); 0 for other models.
    public var summaryLength: Int
    /// Whether summary vectors of all earlier segments are carried on, not only the newest (AutoCompressor).
    public var accumulateSummary: Bool

    /// A shape whose layers are all Llama's, with these biases and this rope; nothing is checked.
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

    /// What a layer computes.
    public func description(of layer: Int) -> LayerDescription { otherLayers[layer] ?? self.layer }

    /// The layers whose keys and values stand for a text's positions: those that see all positions, where there are any,
    /// else all. A layer with a window has seen the text in passing.
    public var compressedLayers: [Int] {
        let all = Array(0..<layerCount)
        let seeingAll = all.filter { description(of: $0).window == nil }
        return seeingAll.isEmpty ? all : seeingAll
    }

    /// Checks what the sizes must fulfil together, with limits far above every known model.
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
                "\(headCount) heads and \(keyValueHeadCount) key/value heads", "the first a multiple of the second")
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
        let turned = rope.dimensions ?? headSize
        guard (2...headSize).contains(turned), turned % 2 == 0 else {
            throw fault("\(turned) rotary dimensions of \(headSize)", "an even number of them, at least 2")
        }
        try validate(rope.scaling, turned: turned, in: file)
    }

    private func validate(_ scaling: RopeScaling, turned: Int, in file: FileBytes) throws {
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
            guard factors.count == turned / 2, factors.allSatisfy({ $0.isFinite && $0 > 0 }) else {
                throw fault("\(factors.count) rope \(name) factors", "\(turned / 2) above 0")
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
                    "factor from 1, low below high, positions above 0")
            }
        case .yarn(let factor, let original, let fast, let slow, let attention, _):
            try check(factor: factor)
            try check(original: original)
            try check(attention: attention)
            guard slow > 0, fast > slow, fast <= 1e6 else {
                throw fault("yarn rope scaling of beta_fast \(fast) and beta_slow \(slow)", "the first the larger")
            }
        case .dynamic(let factor, let original):
            try check(factor: factor)
            try check(original: original)
            guard turned > 2 else { throw fault("dynamic rope scaling of 2 dimensions", "4 or more") }
        case .longRope(let short, let long, let original, let attention):
            try check(original: original)
            try check(attention: attention)
            try check(short, "short")
            try check(long, "long")
        case .frequencyFactors(let factors): try check(factors, "frequency")
        }
    }
}

/// Of every layer, where they have it in common.
extension LlamaConfiguration {
    /// Base of the frequencies; 10,000 where nothing turns
    public var ropeTheta: Double { layer.rope?.theta ?? 10_000 }
    /// How they are scaled for longer texts
    public var ropeScaling: RopeScaling { layer.rope?.scaling ?? .none }
    /// Whether the query, key and value projections have biases
    public var attentionBias: Bool { layer.attentionBias }
    /// Whether attention's output projection has a bias
    public var attentionOutputBias: Bool { layer.attentionOutputBias }
    /// Whether the feed-forward projections have biases
    public var mlpBias: Bool { layer.mlpBias }
}

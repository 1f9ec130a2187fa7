/// The shape of a model of the Llama family: Llama, AutoCompressor, Mistral without a sliding window, Qwen2.
public struct LlamaConfiguration: Equatable, Sendable {
    /// Rows of the embedding matrix.
    public var vocabularySize: Int
    /// Size of a hidden state, D.
    public var hiddenSize: Int
    /// Size of the feed-forward layer's inner state.
    public var intermediateSize: Int
    public var layerCount: Int
    /// Query heads.
    public var headCount: Int
    /// Key and value heads; a divisor of `headCount`.
    public var keyValueHeadCount: Int
    /// Dimensions of a head; even.
    public var headSize: Int
    /// The context window the checkpoint was made for, in positions.
    public var maximumPositions: Int
    /// Base of the rotary frequencies.
    public var ropeTheta: Double
    public var ropeScaling: RopeScaling
    public var rmsNormEpsilon: Double
    /// Whether the output projection is the embedding matrix.
    public var tiedEmbeddings: Bool
    /// Whether the query, key and value projections have biases.
    public var attentionBias: Bool
    /// Whether the attention's output projection has a bias.
    public var attentionOutputBias: Bool
    /// Whether the feed-forward projections have biases.
    public var mlpBias: Bool
    public var bosTokenID: Int?
    /// The ids that end a text; may be empty.
    public var eosTokenIDs: [Int]
    /// Summary vectors a segment (AutoCompressor's `summary_length`); 0 for other models.
    public var summaryLength: Int
    /// Whether summary vectors of all earlier segments are carried on, not only the newest (AutoCompressor).
    public var accumulateSummary: Bool

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
        self.ropeTheta = ropeTheta
        self.ropeScaling = ropeScaling
        self.rmsNormEpsilon = rmsNormEpsilon
        self.tiedEmbeddings = tiedEmbeddings
        self.attentionBias = attentionBias
        self.attentionOutputBias = attentionOutputBias
        self.mlpBias = mlpBias
        self.bosTokenID = bosTokenID
        self.eosTokenIDs = eosTokenIDs
        self.summaryLength = summaryLength
        self.accumulateSummary = accumulateSummary
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
        guard ropeTheta.isFinite, ropeTheta >= 1, ropeTheta <= 1e15 else {
            throw fault("rope theta \(ropeTheta)", "1 to 1e15")
        }
        guard rmsNormEpsilon > 0, rmsNormEpsilon < 0.1 else {
            throw fault("RMS norm epsilon \(rmsNormEpsilon)", "above 0, below 0.1")
        }
        for id in eosTokenIDs + [bosTokenID].compactMap({ $0 }) where !(0..<vocabularySize).contains(id) {
            throw fault("the special token id \(id)", "0 to \(vocabularySize - 1)")
        }
        switch ropeScaling {
        case .none: break
        case .linear(let factor):
            guard (1...1e6).contains(factor) else { throw fault("rope scaling factor \(factor)", "1 to 1e6") }
        case .llama3(let factor, let low, let high, let positions):
            guard (1...1e6).contains(factor), low > 0, high > low, high <= 1e6, (1...(1 << 28)).contains(positions)
            else {
                throw fault(
                    "llama3 rope scaling of factor \(factor), low \(low), high \(high), \(positions) positions",
                    "factor from 1, low below high, positions above 0")
            }
        case .frequencyFactors(let factors):
            guard factors.count == headSize / 2, factors.allSatisfy({ $0.isFinite && $0 > 0 }) else {
                throw fault("\(factors.count) rope frequency factors", "\(headSize / 2) above 0")
            }
        }
    }
}

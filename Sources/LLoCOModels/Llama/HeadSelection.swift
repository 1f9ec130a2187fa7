import LLoCOBase
package import LLoCOCheckpoints
package import LLoCOTorch

/// The learned selection of a segment's positions per head: which positions each head keeps, how many, and their
/// weights. Heads differ widely, so a model's selection is trained once.
///
/// A vector remains a row of one position's size. A row has as many entries (a key with its value) as there are heads.
/// The entries are distributed to the heads in proportion to their shares. The first n rows of a segment equal the
/// result for n rows.
///
/// The worth of a position in a head is exp(p · log(attention) + q · log(length of the value) + u · key + w · value). A
/// head keeps its positions of greatest worth.
///
/// Each list has one element per head of the compressed layers, layer by layer.
public struct HeadSelection: Sendable, Hashable {
    /// The relative number of positions that each head keeps, 0...10,000.
    public let shares: [Int]
    /// The number added to the scores of each head's kept keys, which represent the dropped ones too.
    public let logWeights: [Float]
    /// p, the exponent of the attention.
    public let attentionPowers: [Float]
    /// q, the exponent of the value's length.
    public let valuePowers: [Float]
    /// u, for keys rotated back to position 0, and w: [heads · 2 · E]; empty if all are zero.
    public let directions: [Float]

    private static let maximumShare = 10_000

    /// Creates a selection. By default no weight is added, and worth is attention times the value's length.
    ///
    /// - Throws: `ModelError` if a list has an unexpected length, a number is not finite, or all shares are 0.
    public init(
        shares: [Int], logWeights: [Float]? = nil, attentionPowers: [Float]? = nil, valuePowers: [Float]? = nil,
        directions: [Float] = []
    ) throws {
        self.shares = shares
        self.logWeights = logWeights ?? shares.map { _ in 0 }
        self.attentionPowers = attentionPowers ?? shares.map { _ in 1 }
        self.valuePowers = valuePowers ?? shares.map { _ in 1 }
        self.directions = directions
        guard shares.allSatisfy({ 0...Self.maximumShare ~= $0 }), shares.contains(where: { $0 > 0 }) else {
            throw ModelError(
                .invalid,
                "shares of \(shares.count) heads, expected numbers from 0 to \(Self.maximumShare), one or more above 0")
        }
        for (name, list) in [
            ("log weights", self.logWeights), ("powers of attention", self.attentionPowers),
            ("powers of lengths", self.valuePowers),
        ] where list.count != shares.count || !list.allSatisfy(\.isFinite) {
            throw ModelError(.invalid, "\(name) of \(list.count) heads, expected \(shares.count) finite numbers")
        }
        guard directions.count % (2 * shares.count) == 0, directions.allSatisfy(\.isFinite) else {
            throw ModelError(
                .invalid,
                "directions of \(directions.count) numbers, expected finite ones, the same number for each of "
                    + "\(shares.count) heads")
        }
    }

    /// The number of heads in all compressed layers.
    public var count: Int { shares.count }

    /// The largest share relative to the mean share.
    public var largestShare: Double {
        Double(shares.max() ?? 1) * Double(count) / Double(shares.reduce(0, +))
    }

    /// The head of each entry of a segment's first rows: [rows · heads].
    ///
    /// Entries are ordered by (2j + 1) / w, for the j-th entry of a head with a share of w; ties go to the lower head.
    package func owners(rows: Int) -> [Int] {
        let (entryCount, total) = (rows * count, shares.reduce(0, +))
        // An upper bound of each head's entries.
        let entries = shares.indices.flatMap { head in
            shares[head] > 0
                ? (0...(entryCount * shares[head] / total + 1)).map { (rank: 2 * $0 + 1, head: head) } : []
        }
        let ordered = entries.sorted {
            let (one, other) = ($0.rank * shares[$1.head], $1.rank * shares[$0.head])
            return one != other ? one < other : $0.head < $1.head
        }
        return ordered.prefix(entryCount).map(\.head)
    }

    /// The logarithm of the worth of a layer's positions, up to a constant per head: [B, K, n], float32.
    ///
    /// - Parameter heads: the layer's heads among all
    func worth(of layer: Llama.AttendedLayer, heads: Range<Int>) throws -> Tensor {
        let (device, size) = (layer.keys.device, layer.keys.size(3))
        let powers = zip(attentionPowers[heads], valuePowers[heads]).flatMap { [$0, $1] }
        let vectors = directions.isEmpty ? nil : directions[heads.lowerBound * 2 * size..<heads.upperBound * 2 * size]
        return try Self.worth(
            (layer.logAttention, layer.logLengths), keys: layer.keys, values: layer.values,
            powers: Tensor(powers, shape: [heads.count, 2]).to(device: device),
            directions: vectors.map { try Tensor(Array($0), shape: [heads.count, 2, size]).to(device: device) })
    }

    /// The logarithm of the worth of positions in any H heads. Gradients flow to powers and directions.
    ///
    /// - Parameters:
    ///   - logs: of attention and of the values' lengths, [..., H, n]
    ///   - keys: rotated back to position 0, [..., H, n, E]
    ///   - values: [..., H, n, E]
    ///   - powers: exponents of attention and lengths, [H, 2]
    ///   - directions: for keys and values, [H, 2, E]; nil if all are zero
    package static func worth(
        _ logs: (attention: Tensor, lengths: Tensor), keys: Tensor, values: Tensor, powers: Tensor, directions: Tensor?
    ) throws -> Tensor {
        let worth =
            try logs.attention * powers.narrowed(1, start: 0, length: 1)
            + logs.lengths * powers.narrowed(1, start: 1, length: 1)
        guard let directions = try directions?.unsqueezed(3) else { return worth }
        return try worth + keys.to(.float32).matmul(directions.selected(1, 0)).squeezed(-1)
            + values.to(.float32).matmul(directions.selected(1, 1)).squeezed(-1)
    }
}

extension HeadSelection {
    private enum Name {
        static let (shares, logWeights, directions) = ("shares", "log_weights", "directions")
        static let (attentionPowers, valuePowers) = ("attention_powers", "value_powers")
    }

    /// The tensors of a file by name: `shares` [H] int64; `log_weights`, `attention_powers`, `value_powers` [H] and,
    /// unless empty, `directions` [H, 2, E] float32.
    package func tensors() throws -> [String: Tensor] {
        var tensors = [
            Name.shares: try Tensor(shares), Name.logWeights: try Tensor(logWeights),
            Name.attentionPowers: try Tensor(attentionPowers), Name.valuePowers: try Tensor(valuePowers),
        ]
        if !directions.isEmpty {
            tensors[Name.directions] = try Tensor(directions, shape: [count, 2, directions.count / (2 * count)])
        }
        return tensors
    }

    /// Loads a selection from a file's tensors.
    ///
    /// - Parameter configuration: the model's configuration
    /// - Throws: `CheckpointError` if a tensor is missing or has an unexpected shape, `ModelError` if a number is out
    ///   of range.
    package init(_ checkpoint: some Checkpoint, for configuration: LlamaConfiguration) throws {
        let count = configuration.compressedLayers.count * configuration.keyValueHeadCount
        func numbers(_ name: String) throws -> [Float] {
            try checkpoint.tensor(name, shape: [count], as: .float32).array()
        }
        try self.init(
            shares: checkpoint.tensor(Name.shares, shape: [count], as: .int64).array(of: Int.self),
            logWeights: numbers(Name.logWeights), attentionPowers: numbers(Name.attentionPowers),
            valuePowers: numbers(Name.valuePowers),
            directions: checkpoint.contains(Name.directions)
                ? checkpoint.tensor(Name.directions, shape: [count, 2, configuration.headSize], as: .float32).array()
                : [])
    }
}

import LLoCOBase
package import LLoCOCheckpoints
package import LLoCOTorch

/// Which of a segment's positions each head keeps, and how much they weigh: heads are very unlike, and what each needs is
/// learned once a model.
///
/// Vectors stay rows of one position's size. A row has as many entries, a key with its value each, as there are heads;
/// they go to the heads in turn, to each as often as its share says. What the first n rows of a segment hold is so what
/// n rows would be.
///
/// Of all lists an element is one head's of the compressed layers, layer by layer.
public struct HeadSelection: Sendable, Hashable {
    /// How many positions it keeps, 0...10,000; only their ratios count
    public let shares: [Int]
    /// What is added to the scores of the keys that it keeps: they stand for those that it does not
    public let logWeights: [Float]
    /// A position's worth has a logarithm of p · log(attention) + q · log(length of its value) + u · key + w · value: p
    public let attentionPowers: [Float]
    /// q
    public let valuePowers: [Float]
    /// u, against the key turned back to position 0, and w: [heads · 2 · E], or empty where both are nothing
    public let directions: [Float]

    private static let largestShare = 10_000

    /// What is not given is alike for all heads: no weight is added, worth is attention times the value's length.
    ///
    /// - Throws: `ModelError` where a list is of a wrong length, a number is not finite, or all shares are 0.
    public init(
        shares: [Int], logWeights: [Float]? = nil, attentionPowers: [Float]? = nil, valuePowers: [Float]? = nil,
        directions: [Float] = []
    ) throws {
        self.shares = shares
        self.logWeights = logWeights ?? shares.map { _ in 0 }
        self.attentionPowers = attentionPowers ?? shares.map { _ in 1 }
        self.valuePowers = valuePowers ?? shares.map { _ in 1 }
        self.directions = directions
        guard shares.allSatisfy({ 0...Self.largestShare ~= $0 }), shares.contains(where: { $0 > 0 }) else {
            throw ModelError(
                .invalid,
                "shares of \(shares.count) heads, expected numbers of 0 to \(Self.largestShare), one of them more than 0"
            )
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
                "directions of \(directions.count) numbers, expected finite ones, as many for each of \(shares.count) "
                    + "heads")
        }
    }

    /// The heads of all layers that are compressed
    public var count: Int { shares.count }

    /// How many positions the head with the largest share keeps, where the mean is 1
    public var largestShare: Double {
        Double(shares.max() ?? 1) * Double(count) / Double(shares.reduce(0, +))
    }

    /// The head that each entry of a segment's first rows goes to: [rows · heads].
    ///
    /// The j-th entry of a head with a share of w comes at (2j + 1) / w, the lower head first where two come together.
    package func owners(rows: Int) -> [Int] {
        let (wanted, total) = (rows * count, shares.reduce(0, +))
        // More entries of each head than it can have.
        let entries = shares.indices.flatMap { head in
            shares[head] > 0
                ? (0...(wanted * shares[head] / total + 1)).map { (place: 2 * $0 + 1, head: head) } : []
        }
        let ordered = entries.sorted {
            let (one, other) = ($0.place * shares[$1.head], $1.place * shares[$0.head])
            return one != other ? one < other : $0.head < $1.head
        }
        return ordered.prefix(wanted).map(\.head)
    }

    /// The logarithm of the worth of a layer's positions, up to a constant a head: [B, K, n], float32.
    ///
    /// - Parameter heads: those of the layer among all
    func worth(of layer: Llama.AttendedLayer, heads: Range<Int>) throws -> Tensor {
        let (device, size) = (layer.keys.device, layer.keys.size(3))
        let powers = zip(attentionPowers[heads], valuePowers[heads]).flatMap { [$0, $1] }
        let own = directions.isEmpty ? nil : directions[heads.lowerBound * 2 * size..<heads.upperBound * 2 * size]
        return try Self.worth(
            (layer.logAttention, layer.logLengths), keys: layer.keys, values: layer.values,
            powers: Tensor(powers, shape: [heads.count, 2]).to(device: device),
            directions: own.map { try Tensor(Array($0), shape: [heads.count, 2, size]).to(device: device) })
    }

    /// The same of any heads, H of them. Gradients flow to powers and directions.
    ///
    /// - Parameters:
    ///   - logs: of attention and of the values' lengths, [..., H, n]
    ///   - keys: turned back to position 0, [..., H, n, E]
    ///   - values: [..., H, n, E]
    ///   - powers: of attention and lengths, [H, 2]
    ///   - directions: against keys and values, [H, 2, E]; nil where both are nothing
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

/// As tensors of a file.
extension HeadSelection {
    private enum Name {
        static let (shares, logWeights, directions) = ("shares", "log_weights", "directions")
        static let (attentionPowers, valuePowers) = ("attention_powers", "value_powers")
    }

    /// By name: `shares` [H] int64; `log_weights`, `attention_powers`, `value_powers` [H] and, where there are any,
    /// `directions` [H, 2, E] float32.
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

    /// - Parameter configuration: of the model that it is for
    /// - Throws: `CheckpointError` where a tensor is missing or of another shape, `ModelError` where a number is out of its
    ///   range.
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

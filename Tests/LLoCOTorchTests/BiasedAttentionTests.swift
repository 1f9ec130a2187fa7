import LLoCOTorch
import Testing

/// Heads with different numbers of keys, in every supported instruction set: a bias of -infinity masks a key for its
/// head.
@Suite struct BiasedAttentionTests {
    static let sets = Runtime.kernelSets

    /// A piece of 100 keys, partly masked per head, and the keys at the queries' positions.
    private struct Case {
        let queries: Int
        let query: Tensor
        let keys: [Tensor]
        let values: [Tensor]
        let bias: Tensor
        static let (batch, heads, groups, size, count) = (2, 6, 3, 32, 100)

        init(queries: Int, _ dtype: DType) throws {
            var generator = Generator(21)
            self.queries = queries
            query = try generator.tensor([Self.batch, Self.heads, queries, Self.size], dtype: dtype) * 4
            let shapes = [Self.count, queries].map { [Self.batch, Self.groups, $0, Self.size] }
            keys = try shapes.map { try generator.tensor($0, dtype: dtype) }
            values = try shapes.map { try generator.tensor($0, dtype: dtype) }
            bias = try generator.bias([Self.batch, Self.groups, Self.count], lengths: [Self.count, 41, 0])
        }

        /// The reference attention over the unmasked keys only.
        func expected() throws -> [Double] {
            let (q, added) = (try query.array(of: Double.self), try bias.array(of: Double.self))
            let (k, v) = (
                try keys.map { try $0.array(of: Double.self) }, try values.map { try $0.array(of: Double.self) }
            )
            var result: [Double] = []
            for group in 0..<Self.batch * Self.groups {
                let biases = Array(added[group * Self.count..<(group + 1) * Self.count])
                let kept = biases.indices.filter { biases[$0].isFinite }
                func rows(_ pieces: [[Double]]) -> [Double] {
                    func row(_ numbers: [Double], _ index: Int) -> ArraySlice<Double> {
                        numbers[index * Self.size..<(index + 1) * Self.size]
                    }
                    let earlier = kept.flatMap { row(pieces[0], group * Self.count + $0) }
                    return earlier + (0..<queries).flatMap { row(pieces[1], group * queries + $0) }
                }
                let size = Reference.AttentionSize(
                    batch: 1, heads: Self.heads / Self.groups, groups: 1, queries: queries,
                    keys: kept.count + queries, size: Self.size)
                let numbers = size.query.reduce(1, *)
                result += Reference.attention(
                    Array(q[group * numbers..<(group + 1) * numbers]), rows(k), rows(v), size,
                    scale: 1 / Double(Self.size).squareRoot()
                ) { _, _, query, key in
                    key < kept.count ? biases[kept[key]] : key - kept.count > query ? -.infinity : 0
                }
            }
            return result
        }

        func attention(_ tensors: [Tensor]? = nil, biased: Bool = true) throws -> Tensor {
            let tensors = tensors ?? [query] + keys + values
            return try .attention(
                query: tensors[0], keys: Array(tensors[1...2]), values: Array(tensors[3...4]),
                biases: biased ? [bias, nil] : [], causal: true)
        }

        /// The same case with NaN in all keys and values after a head's last one.
        func withNaN(after lengths: [Int]) throws -> Case {
            func broken(_ pieces: [Tensor]) throws -> [Tensor] {
                let copy = try pieces[0].cloned()
                for (head, length) in lengths.enumerated() {
                    for sequence in 0..<Self.batch where length - sequence < Self.count {
                        let start = max(0, length - sequence)
                        let rest = try copy[sequence][head].narrowed(0, start: start, length: Self.count - start)
                        try rest.copy(from: .full(rest.shape, .nan, dtype: rest.dtype))
                    }
                }
                return [copy, pieces[1]]
            }
            return try Case(queries: queries, query: query, keys: broken(keys), values: broken(values), bias: bias)
        }

        private init(queries: Int, query: Tensor, keys: [Tensor], values: [Tensor], bias: Tensor) {
            (self.queries, self.query, self.keys, self.values, self.bias) = (queries, query, keys, values, bias)
        }
    }

    @Test(arguments: sets, [DType.float32, .bfloat16])
    func maskedKeysAreIgnored(_ set: String, _ dtype: DType) throws {
        try Runtime.withKernels(of: set) {
            for queries in [1, 9, 70] {
                let example = try Case(queries: queries, dtype)
                let found = try withoutGradients { try example.attention() }
                try expect(found, example.expected(), tolerance: dtype == .float32 ? 2e-5 : 3e-2)
                #expect(try found.bytes() != example.attention(biased: false).bytes())
                // Nothing after a head's last key is read.
                let without = try example.withNaN(after: [Case.count, 41, 0])
                #expect(try withoutGradients { try without.attention().bytes() } == found.bytes())
            }
        }
    }

    @Test(arguments: sets) func maskedKeysGetNoGradient(_ set: String) throws {
        try Runtime.withKernels(of: set) {
            for dtype in [DType.float32, .bfloat16] {
                let example = try Case(queries: 9, dtype).withNaN(after: [Case.count, 41, 0])
                let leaves = try ([example.query] + example.keys + example.values).map { try $0.cloned() }
                for leaf in leaves { try leaf.setRequiresGradient(true) }
                try example.attention(leaves).sum().backward()
                for (index, leaf) in leaves.enumerated() {
                    let gradient = try #require(try leaf.gradient).to(.float32)
                    #expect(try rowsWithNaN(gradient).isEmpty)
                    guard index == 1 || index == 3 else { continue }
                    for (head, length) in [Case.count, 41, 0].enumerated() where length < Case.count {
                        let rest = try gradient[0][head].narrowed(0, start: length, length: Case.count - length)
                        #expect(try rest.contiguous().array(of: Float.self).allSatisfy { $0 == 0 })
                    }
                }
            }
        }
    }

    /// If all heads have the same number of keys, the result equals that of a shorter piece.
    @Test(arguments: sets, [1, 63, 64, 65, 99]) func equalLengthsMatchShorterKeys(_ set: String, _ length: Int) throws {
        try Runtime.withKernels(of: set) {
            let example = try Case(queries: 9, .float32)
            let bias = try Tensor.full([1, Case.groups, Case.count], -.infinity)
            try bias.narrowed(2, start: 0, length: length).copy(from: .zeros([1, Case.groups, length]))
            func first(_ pieces: [Tensor]) throws -> [Tensor] {
                [try pieces[0].narrowed(2, start: 0, length: length), pieces[1]]
            }
            let found = try Tensor.attention(
                query: example.query, keys: example.keys, values: example.values, biases: [bias, nil], causal: true)
            let expected = try Tensor.attention(
                query: example.query, keys: first(example.keys), values: first(example.values), causal: true)
            #expect(try found.bytes() == expected.bytes())
        }
    }

    /// A query without any visible key gets zeros.
    @Test(arguments: sets) func queriesWithoutKeysGetZeros(_ set: String) throws {
        try Runtime.withKernels(of: set) {
            var generator = Generator(22)
            for queries in [1, 5] {
                let query = try generator.tensor([1, 4, queries, 32], dtype: .float32)
                let keys = try generator.tensor([1, 2, 5, 32], dtype: .float32)
                for hidden in [5, 3] {
                    // All keys of the first head, and some keys before the last.
                    let bias = try Tensor.zeros([1, 2, 5])
                    let rest = try bias[0][0].narrowed(0, start: 0, length: hidden)
                    try rest.copy(from: .full([hidden], -.infinity))
                    let found = try Tensor.attention(
                        query: query, keys: [keys], values: [keys], biases: [bias], causal: true
                    ).contiguous().array(of: Float.self)
                    #expect(found.allSatisfy { $0.isFinite })
                    let own = found[..<(2 * queries * 32)]
                    // Of five queries over five keys the first three attend to none.
                    let blind = hidden == 5 ? Array(0..<queries) : queries == 1 ? [] : [0, 1, 2]
                    for head in 0..<2 {
                        for t in 0..<queries {
                            let row = own[((head * queries + t) * 32)..<((head * queries + t + 1) * 32)]
                            #expect(row.allSatisfy { $0 == 0 } == blind.contains(t), "\(hidden), \(head), \(t)")
                        }
                    }
                }
            }
        }
    }

    /// Directional derivatives of the output's sum match the gradient of a trainable bias.
    @Test func biasesHaveGradients() throws {
        let example = try Case(queries: 9, .float32)
        var generator = Generator(23)
        let weights = try generator.tensor(example.query.shape, dtype: .float32)
        func value(_ bias: Tensor) throws -> Tensor {
            try
                (Tensor.attention(
                    query: example.query, keys: example.keys, values: example.values, biases: [bias, nil], causal: true)
                * weights).sum()
        }
        let leaf = try example.bias.cloned()
        try leaf.setRequiresGradient(true)
        try value(leaf).backward()
        let gradient = try #require(try leaf.gradient)
        let (slopes, numbers) = (try gradient.array(of: Double.self), try example.bias.array(of: Double.self))
        #expect(zip(slopes, numbers).allSatisfy { $1.isFinite || $0 == 0 })
        let direction = try generator.tensor(leaf.shape, dtype: .float32)
        let expected = try withoutGradients {
            try (value(example.bias + direction * 0.01).item() - value(example.bias - direction * 0.01).item()) / 0.02
        }
        let found: Double = try (gradient * direction).sum().item()
        #expect(abs(found - expected) < 5e-3 * max(1, abs(expected)), "\(found), \(expected)")
    }
}

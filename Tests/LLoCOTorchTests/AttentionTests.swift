import LLoCOTorch
import Testing

@Suite struct AttentionTests {
    typealias Size = Reference.AttentionSize

    /// Queries, keys and values that a dtype represents exactly.
    private struct Case {
        let size: Size
        let q: Tensor
        let k: Tensor
        let v: Tensor
        let values: (q: [Double], k: [Double], v: [Double])

        init(_ size: Size, _ dtype: DType = .float64, seed: UInt64 = 1) throws {
            self.size = size
            var generator = Generator(seed)
            q = try generator.tensor(size.query, dtype: dtype)
            k = try generator.tensor(size.key, dtype: dtype)
            v = try generator.tensor(size.key, dtype: dtype)
            values = (try q.array(), try k.array(), try v.array())
        }

        func expected(
            scale: Double? = nil,
            bias: (_ batch: Int, _ head: Int, _ query: Int, _ key: Int) -> Double = { _, _, _, _ in 0 }
        ) -> [Double] {
            Reference.attention(
                values.q, values.k, values.v, size, scale: scale ?? 1 / Double(size.size).squareRoot(), bias: bias)
        }
    }

    static let dtypes: [DType] = [.float64, .float32, .bfloat16, .float16]
    static let headings = [(4, 4), (4, 2), (4, 1), (6, 3)]

    @Test(arguments: dtypes, headings) func headsShareKeysAndValues(_ dtype: DType, _ heads: (Int, Int)) throws {
        let size = Size(heads: heads.0, groups: heads.1, queries: 3, keys: 7)
        let example = try Case(size, dtype)
        try expect(
            .attention(query: example.q, key: example.k, value: example.v), example.expected(), shape: size.query,
            dtype: dtype)
    }

    @Test(arguments: dtypes, headings) func causalQueriesIgnoreLaterKeys(_ dtype: DType, _ heads: (Int, Int)) throws {
        let size = Size(heads: heads.0, groups: heads.1)
        let example = try Case(size, dtype)
        try expect(
            .attention(query: example.q, key: example.k, value: example.v, causal: true),
            example.expected { _, _, query, key in key > query ? -.infinity : 0 }, shape: size.query, dtype: dtype)
    }

    @Test(arguments: dtypes) func booleanMaskHidesKeys(_ dtype: DType) throws {
        let size = Size(queries: 3, keys: 5)
        let example = try Case(size, dtype)
        let visible = [[true, false, true, true, false], [false, false, true, true, true]]
        let mask = try Tensor(visible.flatMap { $0 }, shape: [2, 1, 1, 5])
        try expect(
            .attention(query: example.q, key: example.k, value: example.v, mask: mask),
            example.expected { batch, _, _, key in visible[batch][key] ? 0 : -.infinity }, dtype: dtype)
    }

    @Test(arguments: dtypes) func numericMaskIsAdded(_ dtype: DType) throws {
        let size = Size(queries: 3, keys: 5)
        let example = try Case(size, dtype)
        var generator = Generator(7)
        let mask = try generator.tensor([2, 4, 3, 5], dtype: dtype)
        let added = try mask.array(of: Double.self)
        try expect(
            .attention(query: example.q, key: example.k, value: example.v, mask: mask),
            example.expected { added[(($0 * 4 + $1) * 3 + $2) * 5 + $3] }, dtype: dtype)
    }

    /// Log weights are added to the scores of a piece's keys: without a mask, with a mask of either kind, and with
    /// causal attention.
    @Test(arguments: dtypes) func logWeightsAreAddedToScores(_ dtype: DType) throws {
        let size = Size(queries: 5, keys: 9)
        let example = try Case(size, dtype)
        func pieces(_ tensor: Tensor) throws -> [Tensor] {
            [try tensor.narrowed(2, start: 0, length: 3), try tensor.narrowed(2, start: 3, length: 6)]
        }
        func attention(_ weights: [Double]?, mask: Tensor? = nil, causal: Bool = false) throws -> Tensor {
            try .attention(
                query: example.q, keys: pieces(example.k), values: pieces(example.v), logWeights: weights, mask: mask,
                causal: causal)
        }
        func weight(_ key: Int) -> Double { key < 3 ? -1.5 : 0.5 }
        try expect(attention([-1.5, 0.5]), example.expected { weight($3) }, shape: size.query, dtype: dtype)
        try expect(
            attention([-1.5, 0.5], causal: true), example.expected { $3 > $2 + 4 ? -.infinity : weight($3) },
            shape: size.query, dtype: dtype)
        let visible = try Tensor((0..<9).map { $0 % 2 == 0 }, shape: [1, 1, 1, 9])
        try expect(
            attention([-1.5, 0.5], mask: visible), example.expected { $3 % 2 == 0 ? weight($3) : -.infinity },
            shape: size.query, dtype: dtype)
        let added = try Tensor((0..<9).map(Double.init), shape: [1, 1, 1, 9]).to(dtype)
        try expect(
            attention([-1.5, 0.5], mask: added), example.expected { weight($3) + Double($3) }, shape: size.query,
            dtype: dtype)
        #expect(try attention([0, 0]).bytes() == attention(nil).bytes())
        #expect(throws: TorchError.self) { try attention([1]) }
        expectFault("attention", "expected finite") { _ = try attention([-.infinity, 0]) }
    }

    /// Biases are added to the scores per key and key head.
    @Test(arguments: dtypes) func biasesAreAddedToScores(_ dtype: DType) throws {
        let size = Size(queries: 5, keys: 9)
        let example = try Case(size, dtype)
        var generator = Generator(6)
        let bias = try generator.bias([2, 2, 6], lengths: [6, 4])
        let numbers = try bias.array(of: Double.self)
        func pieces(_ tensor: Tensor) throws -> [Tensor] {
            [try tensor.narrowed(2, start: 0, length: 6), try tensor.narrowed(2, start: 6, length: 3)]
        }
        func attention(mask: Tensor? = nil, causal: Bool = false, _ biases: [Tensor?]) throws -> Tensor {
            try .attention(
                query: example.q, keys: pieces(example.k), values: pieces(example.v), logWeights: [0.5, -0.5],
                biases: biases, mask: mask, causal: causal)
        }
        func added(_ batch: Int, _ head: Int, _ key: Int) -> Double {
            key < 6 ? numbers[(batch * 2 + head / 2) * 6 + key] + 0.5 : -0.5
        }
        try expect(
            attention([bias, nil]), example.expected { added($0, $1, $3) }, shape: size.query, dtype: dtype)
        try expect(
            attention(causal: true, [bias, nil]),
            example.expected { $3 > $2 + 4 ? -.infinity : added($0, $1, $3) }, shape: size.query, dtype: dtype)
        try expect(
            attention([bias[0..<1], nil]), example.expected { added(0, $1, $3) }, shape: size.query, dtype: dtype)
        let visible = try Tensor((0..<9).map { $0 != 1 }, shape: [1, 1, 1, 9])
        try expect(
            attention(mask: visible, [bias, nil]),
            example.expected { $3 == 1 ? -.infinity : added($0, $1, $3) }, shape: size.query, dtype: dtype)
        #expect(try attention([nil, nil]).bytes() == attention([]).bytes())
        #expect(throws: TorchError.self) { try attention([bias]) }
        for wrong in [try bias[0], try bias.narrowed(2, start: 0, length: 5), try bias.to(.float64)] {
            expectFault("attention", "bias", "[B or 1, K, S] Float") { _ = try attention([wrong, nil]) }
        }
    }

    @Test func scaleIsUsed() throws {
        let example = try Case(Size())
        try expect(
            .attention(query: example.q, key: example.k, value: example.v, scale: 0.05), example.expected(scale: 0.05))
    }

    @Test func longSequencesMatchTheReference() throws {
        // Long enough for more than one block of the fused kernel.
        let size = Size(batch: 1, heads: 2, groups: 1, queries: 600, keys: 600, size: 4)
        let example = try Case(size, .float32)
        try expect(
            .attention(query: example.q, key: example.k, value: example.v, causal: true),
            example.expected { _, _, query, key in key > query ? -.infinity : 0 })
    }

    @Test func stridedViewsAreSupported() throws {
        let example = try Case(Size())
        func strided(_ tensor: Tensor) throws -> Tensor { try tensor.transposed(1, 2).contiguous().transposed(1, 2) }
        try expect(
            .attention(query: strided(example.q), key: strided(example.k), value: strided(example.v)),
            example.expected())
    }

    @Test func faultsNameTheShapes() throws {
        let q = try Tensor.zeros([1, 4, 3, 8])
        let k = try Tensor.zeros([1, 3, 3, 8])
        expectFault("attention", "[1, 4, 3, 8]", "[1, 3, 3, 8]", "4 query heads over 3") {
            _ = try Tensor.attention(query: q, key: k, value: k)
        }
        expectFault("attention", "[4, 3, 8]", "four dimensions") {
            _ = try Tensor.attention(query: q[0], key: q, value: q)
        }
        expectFault("attention", "[1, 4, 3, 8]", "[1, 4, 3, 6]") {
            _ = try Tensor.attention(query: q, key: .zeros([1, 4, 3, 6]), value: q)
        }
        expectFault("attention", "[]") {
            _ = try Tensor.attention(query: .zeros([]), key: q, value: q)
        }
        expectFault("attention", "[1, 4, 3, 8]", "[3, 3] Bool", "expects no mask") {
            _ = try Tensor.attention(query: q, key: q, value: q, mask: .ones([3, 3], dtype: .bool), causal: true)
        }
        expectFault("attention", "[1, 4, 3, 8]", "[1, 4, 2, 8]", "T <= S") {
            _ = try Tensor.attention(query: q, key: .zeros([1, 4, 2, 8]), value: .zeros([1, 4, 2, 8]), causal: true)
        }
        expectFault("attention", "[1, 4, 3, 8]", "piece 1", "[2, 4, 1, 8]") {
            let other = try Tensor.zeros([2, 4, 1, 8])
            _ = try Tensor.attention(query: q, keys: [q, other], values: [q, other], causal: true)
        }
        expectFault("attention", "[1, 4, 3, 8]", "expected keys") {
            _ = try Tensor.attention(query: q, keys: [], values: [], causal: true)
        }
    }
}

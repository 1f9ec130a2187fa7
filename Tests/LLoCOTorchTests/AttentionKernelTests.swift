import LLoCOTorch
import Testing

/// The kernels of every supported instruction set, compared with libtorch's operations in float64.
@Suite struct AttentionKernelTests {
    /// The sizes of an attention; the last piece has the keys at the queries' positions.
    struct Size: Sendable, CustomStringConvertible {
        var batch = 1
        var heads = 2
        var groups = 1
        var queries: Int
        var size = 64
        var pieces: [Int] = []
        /// Whether all sequences share the pieces before the last one.
        var isShared = false
        /// Of the pieces, including the last one.
        var logWeights: [Double]?
        /// For each piece with biases, the number of unmasked keys of each key head.
        var lengths: [[Int]?] = []

        var description: String {
            "\(batch)x\(heads)/\(groups) \(pieces)+\(queries) of \(size)\(isShared ? " shared" : "")"
                + (logWeights.map { ", weights \($0)" } ?? "") + (lengths.isEmpty ? "" : ", lengths \(lengths)")
        }
        var total: Int { queries + pieces.reduce(0, +) }
    }

    static let sizes = [
        Size(heads: 4, groups: 2, queries: 5, size: 16),
        Size(batch: 2, heads: 3, groups: 3, queries: 130),
        Size(batch: 3, heads: 6, groups: 2, queries: 70, pieces: [33, 7]),
        Size(batch: 3, heads: 3, groups: 1, queries: 37, pieces: [200], isShared: true),
        Size(batch: 2, heads: 4, groups: 1, queries: 1, size: 32, pieces: [100]),
        Size(heads: 2, groups: 2, queries: 65, size: 128, pieces: [1, 64]),
        Size(heads: 3, groups: 1, queries: 64, size: 80, pieces: [64]),
        Size(heads: 1, groups: 1, queries: 3, size: 256, pieces: [5]),
        Size(batch: 3, heads: 3, groups: 1, queries: 37, pieces: [200], isShared: true, logWeights: [-2.5, 0]),
        Size(batch: 2, heads: 6, groups: 2, queries: 70, pieces: [33, 7], logWeights: [0, 3, -0.5]),
        Size(batch: 2, heads: 4, groups: 1, queries: 1, size: 32, pieces: [100, 3], logWeights: [-1, 0, 2]),
        Size(batch: 2, heads: 4, groups: 2, queries: 70, pieces: [100], lengths: [[100, 37], nil]),
        Size(
            batch: 3, heads: 6, groups: 2, queries: 37, pieces: [200, 5], isShared: true, logWeights: [-2.5, 0, 0.5],
            lengths: [[0, 130], [5, 5], nil]),
        Size(batch: 2, heads: 4, groups: 1, queries: 1, size: 32, pieces: [100, 3], lengths: [[63], nil, [1]]),
    ]
    static let dtypes: [DType] = [.float32, .bfloat16]
    static let sets = Runtime.kernelSets

    /// Queries, keys and values that the dtype represents exactly; in memory by position, like a projection.
    private struct Case {
        var query: Tensor
        var keys: [Tensor]
        var values: [Tensor]
        /// The weights of the outputs' sum.
        var weights: Tensor
        let logWeights: [Double]?
        let biases: [Tensor?]

        init(_ size: Size, _ dtype: DType) throws {
            var generator = Generator(3)
            func byPosition(_ shape: [Int]) throws -> Tensor {
                try generator.tensor([shape[0], shape[2], shape[1], shape[3]]).to(dtype).transposed(1, 2)
            }
            query = try byPosition([size.batch, size.heads, size.queries, size.size])
            let shapes =
                size.pieces.map { [size.isShared ? 1 : size.batch, size.groups, $0, size.size] }
                + [[size.batch, size.groups, size.queries, size.size]]
            keys = try shapes.map(byPosition)
            values = try shapes.map(byPosition)
            weights = try generator.tensor(query.shape).to(dtype)
            logWeights = size.logWeights
            biases = try zip(size.lengths, shapes).map { lengths, shape in
                try lengths.map { try generator.bias([shape[0], shape[1], shape[2]], lengths: $0) }
            }
        }

        var inputs: [Tensor] { [query] + keys + values }
        var scale: Double { 4 / Double(query.size(3)).squareRoot() }

        func attention(in dtype: DType, gradients: Bool) throws -> (out: Tensor, gradients: [Tensor]) {
            let leaves = try inputs.map { input in
                let leaf = try input.to(dtype).cloned()
                try leaf.setRequiresGradient(gradients)
                return leaf
            }
            let count = keys.count
            // Scores large enough for a peaked softmax, for any head size.
            let out = try Tensor.attention(
                query: leaves[0], keys: Array(leaves[1...count]), values: Array(leaves[(count + 1)...]),
                logWeights: logWeights, biases: biases, causal: true, scale: scale)
            guard gradients else { return (out, []) }
            try (out * weights.to(dtype)).sum().backward()
            return (try out.detached(), try leaves.map { try #require(try $0.gradient) })
        }
    }

    private func error(_ found: Tensor, _ expected: Tensor) throws -> Double {
        #expect(found.shape == expected.shape)
        return Reference.relativeError(try found.array(of: Double.self), try expected.array(of: Double.self))
    }

    @Test(arguments: sets, sizes) func agreesWithLibtorch(_ set: String, _ size: Size) throws {
        for dtype in Self.dtypes {
            let example = try Case(size, dtype)
            let tolerance = dtype == .float32 ? 3e-6 : 6e-3
            let expected = try example.attention(in: .float64, gradients: true)
            try Runtime.withKernels(of: set) {
                let found = try example.attention(in: dtype, gradients: true)
                #expect(found.out.dtype == dtype)
                #expect(try error(found.out, expected.out) < tolerance, "\(dtype)")
                for (index, pair) in zip(found.gradients, expected.gradients).enumerated() {
                    #expect(try error(pair.0, pair.1) < tolerance, "\(dtype), gradient \(index)")
                }
                let plain = try withoutGradients { try example.attention(in: dtype, gradients: false).out }
                // A single query uses another kernel.
                #expect(try error(plain, found.out) < tolerance, "\(dtype), without gradients")
            }
        }
    }

    /// Directional derivatives of the output's sum match the gradients.
    @Test(arguments: sets) func gradientsMatchFiniteDifferences(_ set: String) throws {
        let size = Size(
            batch: 2, heads: 4, groups: 2, queries: 9, size: 16, pieces: [70], isShared: true, logWeights: [-1, 0],
            lengths: [[70, 20], nil])
        let example = try Case(size, .float32)
        try Runtime.withKernels(of: set) {
            let gradients = try example.attention(in: .float32, gradients: true).gradients
            var generator = Generator(11)
            for (index, input) in example.inputs.enumerated() {
                let direction = try generator.tensor(input.shape, dtype: .float32)
                func value(_ step: Double) throws -> Double {
                    var moved = example
                    let tensor = try input + direction * step
                    let count = example.keys.count
                    if index == 0 {
                        moved.query = tensor
                    } else if index <= count {
                        moved.keys[index - 1] = tensor
                    } else {
                        moved.values[index - 1 - count] = tensor
                    }
                    let out = try withoutGradients { try moved.attention(in: .float32, gradients: false).out }
                    return try (out.to(.float64) * example.weights.to(.float64)).sum().item()
                }
                let expected = try (value(0.01) - value(-0.01)) / 0.02
                let found: Double = try (gradients[index].to(.float64) * direction.to(.float64)).sum().item()
                #expect(abs(found - expected) < 2e-3 * max(1, abs(expected)), "input \(index): \(found), \(expected)")
            }
        }
    }

    /// Tensors that require no gradient get none, and the other gradients are unchanged.
    @Test func frozenPiecesGetNoGradient() throws {
        let example = try Case(Size(batch: 2, queries: 6, pieces: [10], isShared: true), .float32)
        let all = try example.attention(in: .float32, gradients: true).gradients
        let query = try example.query.cloned()
        try query.setRequiresGradient(true)
        let out = try Tensor.attention(
            query: query, keys: example.keys, values: example.values, causal: true, scale: example.scale)
        try (out * example.weights).sum().backward()
        #expect(try query.gradient?.array(of: Double.self) == all[0].array(of: Double.self))
        #expect(try example.keys[0].gradient == nil)
    }

    /// Sums depend neither on the number of threads nor on their scheduling.
    @Test func resultsDoNotDependOnTheThreadCount() async {
        // The number of threads is process-wide.
        await #expect(processExitsWith: .success) {
            let example = try Case(Size(batch: 1, heads: 9, groups: 3, queries: 300), .float32)
            for set in AttentionKernelTests.sets {
                try Runtime.withKernels(of: set) {
                    var results: [[[Float]]] = []
                    for threads in [1, 2, 3, 3, 2] {
                        try Runtime.setThreads(threads)
                        let found = try example.attention(in: .float32, gradients: true)
                        results.append(try ([found.out] + found.gradients).map { try $0.array() })
                    }
                    #expect(results.dropFirst().allSatisfy { $0 == results[0] }, "\(set)")
                }
            }
        }
    }

    /// The kernels return NaN where libtorch's operation does.
    @Test(arguments: sets, dtypes) func nanReachesTheRowsThatAttendToIt(_ set: String, _ dtype: DType) throws {
        let size = Size(batch: 2, heads: 4, groups: 2, queries: 150, size: 32, pieces: [70])
        let example = try Case(size, dtype)
        /// The rows of some queries of one sequence's heads.
        func rows(_ batch: Int, _ heads: Range<Int>, _ queries: Range<Int>) -> Set<Int> {
            Set(heads.flatMap { head in queries.map { (batch * 4 + head) * 150 + $0 } })
        }
        try Runtime.withKernels(of: set) {
            for (nan, gradients) in kindsOfNaN.flatMap({ [($0, false), ($0, true)] }) {
                // Key or value 100 of the last piece is NaN: the earlier queries of its tile.
                let tile = rows(0, 2..<4, 64..<100)
                func expectNaN(
                    _ expected: Set<Int>, besides: Set<Int> = [], _ change: (inout Case) throws -> Void
                ) throws {
                    var broken = example
                    try change(&broken)
                    let found = try broken.attention(in: dtype, gradients: gradients)
                    #expect(try rowsWithNaN(found.out).subtracting(besides) == expected)
                    guard gradients else { return }
                    // The queries' gradients of the same rows; a tile's gradients are sums over all its keys.
                    #expect(try rowsWithNaN(found.gradients[0]).subtracting(tile) == expected)
                }
                try expectNaN(rows(1, 2..<3, 75..<76)) { $0.query = try $0.query.replacing([1, 2, 75, 5], by: nan) }
                try expectNaN(rows(0, 2..<4, 100..<150)) {
                    $0.keys[1] = try $0.keys[1].replacing([0, 1, 100, 31], by: nan)
                }
                try expectNaN(rows(1, 0..<2, 0..<150)) {
                    $0.keys[0] = try $0.keys[0].replacing([1, 0, 3, 0], by: nan)
                }
                // A NaN value is also in sums over all keys of its tile.
                try expectNaN(rows(0, 2..<4, 100..<150), besides: tile) {
                    $0.values[1] = try $0.values[1].replacing([0, 1, 100, 17], by: nan)
                }
                try expectNaN(rows(1, 0..<2, 0..<150)) {
                    $0.values[0] = try $0.values[0].replacing([1, 0, 3, 0], by: nan)
                }
            }
        }
    }

    @Test func causalScaleMustBePositive() throws {
        let x = try Tensor.ones([1, 1, 3, 16])
        for scale in [0, -1, Double.nan] {
            expectFault("attention", "[1, 1, 3, 16]", "scale of more than 0") {
                _ = try Tensor.attention(query: x, key: x, value: x, causal: true, scale: scale)
            }
        }
        // Without masked keys any scale is valid.
        var generator = Generator(4)
        let query = try generator.tensor([1, 1, 1, 16])
        let (key, value) = (try generator.tensor([1, 1, 9, 16]), try generator.tensor([1, 1, 9, 16]))
        let expected = try Tensor.attention(query: query, key: key, value: value, scale: -1)
        let found = try Tensor.attention(
            query: query.to(.float32), key: key.to(.float32), value: value.to(.float32), scale: -1)
        #expect(try error(found, expected) < 3e-6)
    }
}

import Foundation
import LLoCOTorch
import Testing

/// The operations of a decode step, in every supported instruction set.
@Suite struct DecodingTests {
    static let sets = Runtime.kernelSets
    static let cacheTypes: [DType] = [.float32, .float16, .bfloat16]

    struct Size: Sendable, CustomStringConvertible {
        var batch = 1
        var heads: Int
        var groups: Int
        var size: Int
        /// The number of positions of each piece; negative for a piece that all sequences share.
        var pieces: [Int]

        var description: String { "\(batch)x\(heads)/\(groups) of \(size) over \(pieces)" }
    }
    static let sizes = [
        Size(heads: 9, groups: 3, size: 64, pieces: [1]),
        Size(heads: 9, groups: 3, size: 64, pieces: [63, 64, 65]),
        Size(heads: 4, groups: 4, size: 16, pieces: [130]),
        Size(heads: 4, groups: 1, size: 80, pieces: [17, 1000]),
        Size(heads: 2, groups: 1, size: 256, pieces: [70]),
        Size(batch: 3, heads: 6, groups: 2, size: 32, pieces: [-300, 9]),
        Size(batch: 5, heads: 8, groups: 2, size: 48, pieces: [-65, 3, -2]),
    ]

    @Test(arguments: sets, sizes) func attentionAgreesWithTheReference(_ set: String, _ size: Size) throws {
        try Runtime.withKernels(of: set) {
            for dtype in Self.cacheTypes {
                var generator = Generator(5)
                // Pieces are parts of larger buffers, like a cache's pages, with values laid out by position.
                let shapes = size.pieces.map { [$0 < 0 ? 1 : size.batch, size.groups, abs($0), size.size] }
                let keys = try shapes.map { shape in
                    try generator.tensor([shape[0], shape[1], shape[2] + 3, shape[3]], dtype: dtype)
                        .narrowed(2, start: 2, length: shape[2])
                }
                let values = try shapes.map { shape in
                    try generator.tensor([shape[0], shape[2], shape[1], shape[3]], dtype: dtype).transposed(1, 2)
                }
                let query = try generator.tensor([size.batch, size.heads, size.size], dtype: .float32)
                let out = try Tensor.zeros([size.batch, size.heads, size.size])
                // Large scores, for a peaked softmax.
                try (query * 4).attention(keys: keys, values: values, into: out)
                let weighted = try Tensor.zeros([size.batch, size.heads, size.size])
                let logWeights = size.pieces.indices.map { 1.25 - 2 * Double($0) }
                try (query * 4).attention(keys: keys, values: values, logWeights: logWeights, into: weighted)
                let biases: [Tensor?] = try shapes.enumerated().map { index, shape in
                    // All keys of the first head, fewer for each later head.
                    let lengths = (0..<size.groups).map { max(1, shape[2] * (size.groups - $0) / size.groups) }
                    return index == 1 ? nil : try generator.bias(Array(shape[..<3]), lengths: lengths)
                }
                let biased = try Tensor.zeros([size.batch, size.heads, size.size])
                try (query * 4).attention(
                    keys: keys, values: values, logWeights: logWeights, biases: biases, into: biased)

                func whole(_ pieces: [Tensor]) throws -> [Double] {
                    try Tensor.concatenated(
                        pieces.map { try $0.to(.float64).expanded([size.batch, -1, -1, -1]) }, 2
                    ).contiguous().array()
                }
                let total = size.pieces.reduce(0) { $0 + abs($1) }
                let weights = zip(size.pieces, logWeights).flatMap { Array(repeating: $1, count: abs($0)) }
                let added = try zip(shapes, biases).map { shape, bias in
                    try (bias ?? .zeros(Array(shape[..<3]))).expanded([size.batch, -1, -1])
                }
                let addedNumbers = try Tensor.concatenated(added, 2).contiguous().array(of: Double.self)
                func expected(_ bias: (_ batch: Int, _ group: Int, _ key: Int) -> Double) throws -> [Double] {
                    Reference.attention(
                        try query.array(of: Double.self).map { $0 * 4 }, try whole(keys), try whole(values),
                        .init(
                            batch: size.batch, heads: size.heads, groups: size.groups, queries: 1, keys: total,
                            size: size.size), scale: 1 / Double(size.size).squareRoot()
                    ) { bias($0, $1 / (size.heads / size.groups), $3) }
                }
                try expect(out, expected { _, _, _ in 0 }, tolerance: 2e-5)
                try expect(weighted, expected { weights[$2] }, tolerance: 2e-5)
                try expect(
                    biased,
                    expected { weights[$2] + addedNumbers[($0 * size.groups + $1) * total + $2] }, tolerance: 2e-5)
            }
        }
    }

    @Test(arguments: sets) func lastPieceMayBePartlyFilled(_ set: String) throws {
        try Runtime.withKernels(of: set) {
            var generator = Generator(12)
            let shapes = [[1, 2, 70, 32], [1, 2, 100, 32]]
            let keys = try shapes.map { try generator.tensor($0, dtype: .bfloat16) }
            let values = try shapes.map { try generator.tensor($0, dtype: .bfloat16) }
            let query = try generator.tensor([1, 4, 32], dtype: .float32)
            let (whole, cut) = (try Tensor.zeros([1, 4, 32]), try Tensor.zeros([1, 4, 32]))
            for length in [1, 64, 99, 100] {
                func shorter(_ pieces: [Tensor]) throws -> [Tensor] {
                    [pieces[0], try pieces[1].narrowed(2, start: 0, length: length)]
                }
                try query.attention(keys: shorter(keys), values: shorter(values), into: whole)
                try query.attention(keys: keys, values: values, last: length, into: cut)
                #expect(try cut.bytes() == whole.bytes())
            }
            expectFault("decode_attention", "101 positions of a last piece of 100") {
                try query.attention(keys: keys, values: values, last: 101, into: cut)
            }
        }
    }

    @Test(arguments: sets, cacheTypes) func nanReachesTheRowsThatAttendToIt(_ set: String, _ dtype: DType) throws {
        var generator = Generator(13)
        // Two sequences with two groups of two heads: a shared piece and one per sequence.
        let keys = try [[1, 2, 130, 32], [2, 2, 9, 32]].map { try generator.tensor($0, dtype: dtype) }
        let values = try [[1, 2, 130, 32], [2, 2, 9, 32]].map { try generator.tensor($0, dtype: dtype) }
        let query = try generator.tensor([2, 4, 32], dtype: .float32)
        try Runtime.withKernels(of: set) {
            for nan in kindsOfNaN {
                func expectNaN(_ expected: Set<Int>, _ query: Tensor, _ keys: [Tensor], _ values: [Tensor]) throws {
                    let out = try Tensor.zeros([2, 4, 32])
                    try query.attention(keys: keys, values: values, into: out)
                    #expect(try rowsWithNaN(out) == expected)
                }
                try expectNaN([], query, keys, values)
                try expectNaN([6], query.replacing([1, 2, 9], by: nan), keys, values)
                for place in [0, 64, 129] {
                    let key = try keys[0].replacing([0, 1, place, 3], by: nan)
                    try expectNaN([2, 3, 6, 7], query, [key, keys[1]], values)
                    let value = try values[0].replacing([0, 0, place, 3], by: nan)
                    try expectNaN([0, 1, 4, 5], query, keys, [value, values[1]])
                }
                try expectNaN([4, 5], query, [keys[0], keys[1].replacing([1, 0, 8, 31], by: nan)], values)
                try expectNaN([2, 3], query, keys, [values[0], values[1].replacing([0, 1, 0, 16], by: nan)])
            }
        }
    }

    @Test(arguments: [DType.float32, .bfloat16]) func embeddingRowsAreWritten(_ dtype: DType) throws {
        var generator = Generator(14)
        let table = try generator.tensor([7, 37], dtype: dtype)
        let row = try Tensor.zeros([1, 37])
        for id in [0, 3, 6] {
            try LinearWeight.dense(table).embedding(id, into: row)
            #expect(try row.array(of: Float.self) == table[id].array(of: Float.self))
        }
        expectFault("embedding", "[7, 37]", "found row 7") { try LinearWeight.dense(table).embedding(7, into: row) }
        expectFault("embedding", "[7, 37]", "found row -1") { try LinearWeight.dense(table).embedding(-1, into: row) }
        expectFault("embedding", "[7, 37]", "[1, 36]", "weight [V, D]") {
            try LinearWeight.dense(table).embedding(0, into: .zeros([1, 36]))
        }
    }

    @Test(arguments: sets) func normsMatchTheReference(_ set: String) throws {
        try Runtime.withKernels(of: set) {
            var generator = Generator(6)
            for (size, dtype) in [(1, DType.float32), (7, .bfloat16), (16, .float32), (40, .bfloat16)] {
                let x = try generator.tensor([3, size], dtype: .float32)
                let weight = try generator.tensor([size], dtype: dtype)
                let expected = Reference.rmsNorm(
                    try x.array(of: Double.self), try weight.to(.float64).array(), epsilon: 1e-5)
                let y = try Tensor.zeros([3, size])
                try x.rmsNorm(weight, epsilon: 1e-5, into: y)
                try expect(y, expected)
                try x.rmsNorm(weight, epsilon: 1e-5, into: x)
                try expect(x, expected)
            }
        }
    }

    @Test(arguments: sets, cacheTypes) func rotatesAndAppends(_ set: String, _ dtype: DType) throws {
        try Runtime.withKernels(of: set) {
            let (heads, groups, index) = (4, 2, 3)
            for size in [6, 32, 64] {
                // Two sequences, or two positions of one sequence.
                for (rows, batch) in [(1, 1), (2, 2), (2, 1)] {
                    var generator = Generator(7)
                    let merged = try generator.tensor([rows, (heads + 2 * groups) * size], dtype: .float32)
                    let before = try merged.array(of: Double.self)
                    let angles = (0..<rows).map { _ in generator.numbers(size / 2).map { $0 * 3 } }
                    func table(_ function: (Double) -> Double) throws -> Tensor {
                        try Tensor(angles.flatMap { $0.map { Float(function($0)) } }, shape: [rows, size / 2])
                    }
                    let keys = try Tensor.zeros([batch, groups, 8, size], dtype: dtype)
                    let values = try Tensor.zeros([batch, groups, 8, size], dtype: dtype)
                    try merged.rotaryAppend(
                        cosine: table(cos), sine: table(sin), heads: heads, groups: groups, keys: keys, values: values,
                        at: index)

                    let width = (heads + 2 * groups) * size
                    let expected = (0..<rows).flatMap { row -> [Double] in
                        let rotated = (heads + groups) * size
                        let x = Array(before[row * width..<row * width + rotated])
                        return Reference.rotary(x, shape: [1, heads + groups, 1, size], angles: [angles[row]])
                            + before[row * width + rotated..<(row + 1) * width]
                    }
                    try expect(merged, expected)
                    let after = try merged.array(of: Double.self)
                    var pages = [Double](repeating: 0, count: batch * groups * 8 * size)
                    var (keyPage, valuePage) = (pages, pages)
                    for row in 0..<rows {
                        for group in 0..<groups {
                            let sequence = batch == 1 ? 0 : row
                            let position = index + (batch == 1 ? row : 0)
                            for e in 0..<size {
                                let place = ((sequence * groups + group) * 8 + position) * size + e
                                keyPage[place] = after[row * width + (heads + group) * size + e]
                                valuePage[place] = after[row * width + (heads + groups + group) * size + e]
                            }
                        }
                    }
                    pages = try Tensor(keyPage, shape: keys.shape).to(.float32).to(dtype).to(.float64).array()
                    #expect(try keys.to(.float64).array() == pages)
                    pages = try Tensor(valuePage, shape: keys.shape).to(.float32).to(dtype).to(.float64).array()
                    #expect(try values.to(.float64).array() == pages)
                }
            }
        }
    }

    @Test(arguments: sets) func gatedUnitsMatchTheReference(_ set: String) throws {
        try Runtime.withKernels(of: set) {
            var generator = Generator(8)
            for size in [1, 16, 37, 1536] {
                let x = try generator.tensor([2, 2 * size], dtype: .float32) * 200
                let y = try Tensor.zeros([2, size])
                try x.swiGLU(into: y)
                let numbers = try x.array(of: Double.self)
                let expected = (0..<2 * size).map { i in
                    let (row, column) = (i / size * 2 * size, i % size)
                    return numbers[row + column] / (1 + exp(-numbers[row + column])) * numbers[row + size + column]
                }
                try expect(y, expected)
            }
        }
    }

    @Test(arguments: sets, [DType.float32, .bfloat16]) func adaptersAreAdded(_ set: String, _ dtype: DType) throws {
        try Runtime.withKernels(of: set) {
            var generator = Generator(9)
            for (input, rank, output) in [(64, 8, 24), (37, 5, 13), (96, 16, 31)] {
                let x = try generator.tensor([3, input], dtype: .float32)
                let a = try generator.tensor([rank, input], dtype: dtype)
                let b = try generator.tensor([output, rank], dtype: dtype)
                let whole = try generator.tensor([3, output + 9], dtype: .float32)
                let y = try whole.narrowed(1, start: 4, length: output)
                let before = try y.to(.float64).contiguous()
                try x.lowRank(a, b, scale: 0.5, addedTo: y)
                let delta = try x.to(.float64).linear(a.to(.float64)).linear(b.to(.float64))
                try expect(y.contiguous(), (before + delta * 0.5).array())
            }
        }
    }

    @Test(arguments: sets) func indexOfGreatestIsTheFirstOfEquals(_ set: String) throws {
        try Runtime.withKernels(of: set) {
            var generator = Generator(10)
            for count in [1, 15, 64, 1000] {
                var numbers = generator.numbers(count).map { Float($0) - 5 }
                let greatest = try Tensor(numbers, shape: [count]).indexOfGreatest()
                #expect(greatest == numbers.firstIndex(of: numbers.max()!))
                let place = count / 2
                for i in place..<count { numbers[i] = 1 }
                if place > 0 { numbers[0] = -.infinity }
                #expect(try Tensor(numbers, shape: [count]).indexOfGreatest() == place)
                // Each of these is invalid at any index.
                for fault in kindsOfNaN + [.infinity] {
                    for place in [0, count / 2, count - 1] {
                        var broken = numbers
                        broken[place] = fault
                        #expect(try Tensor(broken, shape: [count]).indexOfGreatest() == nil)
                    }
                }
            }
            #expect(try Tensor([-Float.infinity, -.infinity], shape: [2]).indexOfGreatest() == nil)
            expectFault("argmax", "[0] Float") { _ = try Tensor([Float](), shape: [0]).indexOfGreatest() }
        }
    }

    @Test func faultsNameTheShapes() throws {
        let out = try Tensor.zeros([1, 4, 32])
        let page = try Tensor.zeros([1, 2, 8, 32])
        func expectAttentionFault(
            _ q: Tensor, _ keys: [Tensor], _ values: [Tensor], _ out: Tensor, _ parts: String...,
            sourceLocation: SourceLocation = #_sourceLocation
        ) {
            for part in parts {
                expectFault("decode_attention", part, sourceLocation: sourceLocation) {
                    try q.attention(keys: keys, values: values, into: out)
                }
            }
        }
        expectAttentionFault(out, [], [], out, "expected keys and values")
        expectAttentionFault(
            out, [try page.to(.int64)], [try page.to(.int64)], out, "[1, 2, 8, 32] Long", "Float, Half")
        expectAttentionFault(out, [page], [try page.to(.bfloat16)], out, "one dtype")
        expectAttentionFault(out, [page], [page], try .zeros([1, 4, 16]), "[1, 4, 16]", "the shape of q")
        expectAttentionFault(try .zeros([1, 3, 32]), [page], [page], try .zeros([1, 3, 32]), "3 query heads over 2")
        expectAttentionFault(try .zeros([1, 4, 24]), [page], [page], try .zeros([1, 4, 24]), "multiple of 16")
        expectAttentionFault(try .zeros([2, 4, 32]), [try .zeros([3, 2, 8, 32])], [page], out, "the shape of q")
        expectAttentionFault(out, [page], [try .zeros([1, 2, 7, 32])], out, "one shape")
        let transposed = try Tensor.zeros([1, 2, 32, 8]).transposed(2, 3)
        expectAttentionFault(out, [transposed], [transposed], out, "adjacent")
        let none = try page.narrowed(2, start: 0, length: 0)
        expectAttentionFault(out, [none], [none], out, "at least one position")
        for bias in [
            try Tensor.zeros([1, 2, 7]), try .zeros([2, 2, 8]), try .zeros([1, 4, 8]), try .zeros([2, 8]),
            try .zeros([1, 2, 8], dtype: .bfloat16),
        ] {
            expectFault("decode_attention", "bias", "[1, 2, 8, 32]", "[B or 1, K, S] Float") {
                try out.attention(keys: [page], values: [page], biases: [bias], into: out)
            }
        }
        expectFault("decode_attention", "adjacent") {
            let bias = try Tensor.zeros([1, 8, 2]).transposed(1, 2)
            try out.attention(keys: [page], values: [page], biases: [bias], into: out)
        }
        let many = Array(repeating: page, count: 65)
        expectAttentionFault(out, many, many, out, "65 pieces")

        let merged = try Tensor.zeros([1, 8 * 32])
        let angles = try Tensor.zeros([1, 16])
        expectFault("rotary_append", "[1, 2, 8, 32]", "positions from 8 on exceed 8") {
            try merged.rotaryAppend(
                cosine: angles, sine: angles, heads: 4, groups: 2, keys: page, values: page, at: 8)
        }
        expectFault("rotary_append", "[1, 256]", "expected qkv") {
            try merged.rotaryAppend(
                cosine: angles, sine: angles, heads: 5, groups: 2, keys: page, values: page, at: 0)
        }
        expectFault("rotary_append", "[1, 15]", "cosine") {
            try merged.rotaryAppend(
                cosine: .zeros([1, 15]), sine: angles, heads: 4, groups: 2, keys: page, values: page, at: 0)
        }
        expectFault("rms_norm", "[1, 8]", "[7]", "weight [D]") {
            try Tensor.zeros([1, 8]).rmsNorm(.zeros([7]), epsilon: 1e-5, into: .zeros([1, 8]))
        }
        expectFault("swiglu", "[1, 8]", "[1, 8]", "y [M, I]") {
            try Tensor.zeros([1, 8]).swiGLU(into: .zeros([1, 8]))
        }
        expectFault("lora", "[1, 8]", "[2, 7]", "a [r, K]") {
            try Tensor.zeros([1, 8]).lowRank(.zeros([2, 7]), .zeros([4, 2]), scale: 1, addedTo: .zeros([1, 4]))
        }
    }
}

import Foundation
import LLoCOTorch
import Testing

@Suite struct LayersTests {
    static let floats: [DType] = [.float32, .float64, .bfloat16, .float16]

    /// Numbers that the dtype represents exactly, so that only the layer rounds.
    private func input(_ seed: UInt64, _ shape: [Int], _ dtype: DType) throws -> (tensor: Tensor, values: [Double]) {
        var generator = Generator(seed)
        let tensor = try generator.tensor(shape, dtype: dtype)
        return (tensor, try tensor.array(of: Double.self))
    }

    @Test(arguments: floats) func matrixProduct(_ dtype: DType) throws {
        let (a, b) = (try input(1, [3, 5], dtype), try input(2, [5, 4], dtype))
        try expect(
            a.tensor.matmul(b.tensor), Reference.matmul(a.values, b.values, rows: 3, inner: 5, columns: 4),
            shape: [3, 4], dtype: dtype)
    }

    @Test func matrixProductBroadcastsBatches() throws {
        let (a, b) = (try input(3, [2, 3, 4], .float64), try input(4, [4, 2], .float64))
        let expected = (0..<2).flatMap {
            Reference.matmul(Array(a.values[$0 * 12..<$0 * 12 + 12]), b.values, rows: 3, inner: 4, columns: 2)
        }
        try expect(a.tensor.matmul(b.tensor), expected, shape: [2, 3, 2])
        let vector = try input(5, [4], .float64)
        try expect(
            a.tensor[0].matmul(vector.tensor),
            Reference.matmul(Array(a.values[..<12]), vector.values, rows: 3, inner: 4, columns: 1), shape: [3])
    }

    @Test(arguments: floats) func linear(_ dtype: DType) throws {
        let x = try input(6, [2, 3, 5], dtype)
        let (weight, bias) = (try input(7, [4, 5], dtype), try input(8, [4], dtype))
        let product = Reference.matmul(
            x.values, Reference.transposed(weight.values, rows: 4, columns: 5), rows: 6, inner: 5, columns: 4)
        try expect(x.tensor.linear(weight.tensor), product, shape: [2, 3, 4], dtype: dtype)
        try expect(
            x.tensor.linear(weight.tensor, bias: bias.tensor),
            product.enumerated().map { $1 + bias.values[$0 % 4] }, shape: [2, 3, 4], dtype: dtype)
    }

    @Test(arguments: [DType.int64, .int32]) func embedding(_ dtype: DType) throws {
        let table = try Tensor([0.0, 1, 10, 11, 20, 21], shape: [3, 2])
        let ids = try Tensor([2, 0, 1, 2], shape: [2, 2]).to(dtype)
        try expect(table.embedding(ids), [20, 21, 0, 1, 10, 11, 20, 21], shape: [2, 2, 2])
        try expect(table.embedding(Tensor([Int](), shape: [1, 0])), [], shape: [1, 0, 2])
    }

    @Test(arguments: floats) func rmsNorm(_ dtype: DType) throws {
        let (x, weight) = (try input(9, [2, 3, 8], dtype), try input(10, [8], dtype))
        try expect(
            x.tensor.rmsNorm(weight.tensor, epsilon: 1e-5), Reference.rmsNorm(x.values, weight.values, epsilon: 1e-5),
            shape: [2, 3, 8], dtype: dtype)
    }

    @Test func rmsNormOfLargeFloat16NumbersDoesNotOverflow() throws {
        let x = try Tensor.full([1, 4], 30_000, dtype: .float16)
        try expect(x.rmsNorm(Tensor.ones([4], dtype: .float16), epsilon: 1e-5), [1, 1, 1, 1], dtype: .float16)
    }

    @Test func rmsNormOfZerosIsZero() throws {
        try expect(Tensor.zeros([1, 4]).rmsNorm(Tensor.ones([4]), epsilon: 1e-5), [0, 0, 0, 0])
    }

    @Test(arguments: floats) func layerNorm(_ dtype: DType) throws {
        let x = try input(11, [4, 6], dtype)
        let (weight, bias) = (try input(12, [6], dtype), try input(13, [6], dtype))
        try expect(
            x.tensor.layerNorm(weight.tensor, bias: bias.tensor, epsilon: 1e-6),
            Reference.layerNorm(x.values, weight.values, bias.values, epsilon: 1e-6), shape: [4, 6], dtype: dtype)
    }

    @Test(arguments: floats) func softmax(_ dtype: DType) throws {
        let x = try input(14, [3, 4], dtype)
        let expected = Reference.rows(x.values, 4, Reference.softmax)
        try expect(x.tensor.softmax(-1), expected, shape: [3, 4], dtype: dtype)
        try expect(x.tensor.logSoftmax(1), expected.map { log($0) }, shape: [3, 4], dtype: dtype)
        let columns = Reference.rows(Reference.transposed(x.values, rows: 3, columns: 4), 3, Reference.softmax)
        try expect(x.tensor.softmax(0).transposed(0, 1), columns, shape: [4, 3])
    }

    @Test func softmaxOfLargeLogitsIsFinite() throws {
        try expect(Tensor([1e4, 1e4, -1e4]).to(.float32).softmax(0), [0.5, 0.5, 0])
        try expect(Tensor([0, -Float.infinity]).softmax(0), [1, 0])
    }

    @Test(arguments: floats) func rotaryRotatesHalvesOfEachHead(_ dtype: DType) throws {
        let shape = [2, 3, 4, 6]
        let x = try input(15, shape, dtype)
        let angles = (0..<4).map { t in [1.0, 0.3, 0.01].map { $0 * Double(t) } }
        let flat = angles.flatMap { $0 }
        let cosine = try Tensor(flat.map { cos($0) }, shape: [4, 3]).to(dtype)
        let sine = try Tensor(flat.map { sin($0) }, shape: [4, 3]).to(dtype)
        let expected = Reference.rotary(x.values, shape: shape, angles: angles)
        try expect(x.tensor.rotary(cosine: cosine, sine: sine), expected, shape: shape, dtype: dtype)
        // The same angles again, one copy per batch entry.
        let (batchCosine, batchSine) = (
            try cosine.reshaped([1, 1, 4, 3]).expanded([2, 1, 4, 3]),
            try sine.reshaped([1, 1, 4, 3]).expanded([2, 1, 4, 3])
        )
        try expect(x.tensor.rotary(cosine: batchCosine, sine: batchSine), expected, shape: shape)
    }

    @Test func rotaryKeepsLengthsAndRelativePositions() throws {
        let (q, k) = (try input(16, [1, 1, 1, 8], .float64), try input(17, [1, 1, 1, 8], .float64))
        func rotated(_ x: Tensor, to position: Double) throws -> Tensor {
            let angles = [1, 0.1, 0.01, 0.001].map { $0 * position }
            return try x.rotary(
                cosine: Tensor(angles.map { cos($0) }, shape: [1, 4]),
                sine: Tensor(angles.map { sin($0) }, shape: [1, 4]))
        }
        func dot(_ a: Double, _ b: Double) throws -> Double {
            try (rotated(q.tensor, to: a) * rotated(k.tensor, to: b)).sum().item()
        }
        #expect(try abs(rotated(q.tensor, to: 77).norm().item() - q.tensor.norm().item()) < 1e-12)
        #expect(try abs(dot(5, 2) - dot(105, 102)) < 1e-10)
        #expect(try abs(dot(5, 2) - dot(2, 5)) > 1e-3)
    }
}

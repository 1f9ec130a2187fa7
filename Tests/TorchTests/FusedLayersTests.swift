import Foundation
import Testing
import Torch

/// The layers with kernels of their own, against the same composed of libtorch's operations, which float64 takes.
@Suite struct FusedLayersTests {
    /// float32 and bfloat16 have kernels; rows of no multiple of sixteen have a shorter end.
    static let cases: [(DType, Int)] = [(.float32, 64), (.float32, 37), (.bfloat16, 64), (.bfloat16, 37)]

    /// The outputs of `function` and the gradients of all inputs, for numbers as `dtype` holds them.
    private func results(
        _ dtype: DType, exact: Bool, _ shapes: [[Int]], _ function: ([Tensor]) throws -> [Tensor]
    ) throws -> [[Double]] {
        var generator = Generator(11)
        let inputs = try shapes.map { try generator.tensor($0, dtype: dtype).to(exact ? .float64 : dtype).cloned() }
        for input in inputs { try input.setRequiresGradient(true) }
        let outputs = try function(inputs)
        var sum = try Tensor.zeros([], dtype: .float64)
        for output in outputs {
            sum = try sum + (output.to(.float64) * generator.tensor(output.shape, dtype: dtype).to(.float64)).sum()
        }
        try sum.backward()
        return try outputs.map { try $0.detached().array(of: Double.self) }
            + inputs.map { try #require(try $0.gradient).array(of: Double.self) }
    }

    /// Expects outputs and gradients as near to those in float64 as one rounding allows.
    private func expectExact(
        _ dtype: DType, _ shapes: [Int]..., tolerance: Double? = nil,
        sourceLocation: SourceLocation = #_sourceLocation, _ function: ([Tensor]) throws -> [Tensor]
    ) throws {
        let found = try results(dtype, exact: false, shapes, function)
        let expected = try results(dtype, exact: true, shapes, function)
        for (number, (one, other)) in zip(found, expected).enumerated() {
            let error = Reference.relativeError(one, other)
            #expect(
                error < tolerance ?? (dtype == .float32 ? 1e-6 : 6e-3), "result \(number)",
                sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: cases) func rmsNorm(_ dtype: DType, _ size: Int) throws {
        var generator = Generator(12)
        let weight = try generator.tensor([size], dtype: dtype)
        try expectExact(dtype, [3, 5, size]) {
            [try $0[0].rmsNorm(weight.to($0[0].dtype), epsilon: 1e-5)]
        }
        try expectExact(dtype, [3, 5, size], [3, 5, size]) {
            let (sum, normed) = try $0[0].rmsNorm(adding: $0[1], weight.to($0[0].dtype), epsilon: 1e-5)
            return [sum, normed]
        }
        // One of the results alone.
        try expectExact(dtype, [4, size], [4, size]) {
            [try $0[0].rmsNorm(adding: $0[1], weight.to($0[0].dtype), epsilon: 1e-5).normed]
        }
        try expectExact(dtype, [4, size], [4, size]) {
            [try $0[0].rmsNorm(adding: $0[1], weight.to($0[0].dtype), epsilon: 1e-5).sum]
        }
    }

    @Test func trainedNormHasAGradientToo() throws {
        try expectExact(.float32, [4, 32], [32]) { [try $0[0].rmsNorm($0[1], epsilon: 1e-5)] }
        try expectExact(.float32, [4, 32], [4, 32], [32]) {
            [try $0[0].rmsNorm(adding: $0[1], $0[2], epsilon: 1e-5).normed]
        }
    }

    @Test(arguments: cases) func swiGLU(_ dtype: DType, _ size: Int) throws {
        try expectExact(dtype, [2, 7, 2 * size]) { [try ($0[0] * 4).swiGLU()] }
    }

    @Test(arguments: [DType.float32, .bfloat16]) func swiGLUOfLargeNumbers(_ dtype: DType) throws {
        let x = try Tensor([-300.0, 300, -1e30, 2, 2, 2], shape: [6]).to(dtype)
        try expect(x.swiGLU(), [0, 600, 0], shape: [3], dtype: dtype, tolerance: 1e-6)
    }

    static let turns: [(DType, Int, Bool)] = [
        (.float32, 64, false), (.float32, 8, true), (.bfloat16, 32, true), (.bfloat16, 6, false),
    ]

    @Test(arguments: turns) func rotaryHeads(_ dtype: DType, _ size: Int, _ eachItsOwn: Bool) throws {
        let shape = [2, 5, (3 + 2 * 1) * size]
        var generator = Generator(13)
        let angles = try generator.tensor(eachItsOwn ? [2, 1, 5, size / 2] : [5, size / 2])
        let (cosine, sine) = (try angles.cos().to(.float32), try angles.sin().to(.float32))
        func heads(_ x: Tensor) throws -> [Tensor] {
            let (query, key, value) = try x.rotaryHeads(cosine: cosine, sine: sine, heads: 3, groups: 1)
            #expect(query.shape == [2, 3, 5, size] && key.shape == [2, 1, 5, size] && value.shape == key.shape)
            return [query, key, value]
        }
        try expectExact(dtype, shape) { try heads($0[0]) }
        // A gradient for the values alone.
        try expectExact(dtype, shape) { [try heads($0[0])[2]] }
        // Without gradients in place, with the same results.
        let x = try generator.tensor(shape, dtype: dtype)
        let inPlace = try withoutGradients { try heads(x.cloned()) }
        try x.setRequiresGradient(true)
        let recorded = try heads(x)
        for (one, other) in zip(recorded, inPlace) { #expect(try one.detached().bytes() == other.bytes()) }
    }

    @Test func rotaryHeadsTurnAsRotaryDoes() throws {
        var generator = Generator(14)
        let x = try generator.tensor([1, 4, 4 * 8], dtype: .float32)
        let angles = try generator.tensor([4, 4], dtype: .float32)
        let (cosine, sine) = (try angles.cos(), try angles.sin())
        let split = try x.reshaped([1, 4, 4, 8]).transposed(1, 2)
        let expected = try split.rotary(cosine: cosine, sine: sine).array(of: Double.self)
        let value = try split.narrowed(1, start: 3, length: 1).array(of: Double.self)
        let heads = try x.cloned().rotaryHeads(cosine: cosine, sine: sine, heads: 2, groups: 1)
        try expect(.concatenated([heads.query, heads.key], 1), Array(expected[..<(3 * 32)]))
        try expect(heads.value, value)
    }

    @Test func faultsNameTheOperation() throws {
        let x = try Tensor.zeros([1, 3, 32])
        expectFault("rotary_heads", "[1, 3, 32]") {
            _ = try x.rotaryHeads(cosine: .ones([3, 4]), sine: .ones([3, 4]), heads: 3, groups: 1)
        }
        expectFault("rotary_heads", "[2, 4]") {
            _ = try x.rotaryHeads(cosine: .ones([2, 4]), sine: .ones([2, 4]), heads: 2, groups: 1)
        }
        expectFault("swiglu", "[3]") { _ = try Tensor.zeros([3]).swiGLU() }
        expectFault("add_rms_norm", "[2, 4]", "[3, 4]") {
            _ = try Tensor.zeros([2, 4]).rmsNorm(adding: .zeros([3, 4]), .ones([4]), epsilon: 1e-5)
        }
        expectFault("rms_norm", "[4]", "[5]") { _ = try Tensor.zeros([4]).rmsNorm(.ones([5]), epsilon: 1e-5) }
    }

    @Test func gradientsOfTheCompositions() throws {
        try checkGradients(of: [2, 3, 6], [2, 3, 6], [6]) {
            let (sum, normed) = try $0[0].rmsNorm(adding: $0[1], $0[2], epsilon: 1e-5)
            return try sum + normed * 2
        }
        try checkGradients(of: [3, 8]) { try $0[0].swiGLU() }
        let angles = try Tensor([0, 0.1, 1, 0.2, 2, 0.3], shape: [3, 2])
        let (cosine, sine) = (try angles.cos(), try angles.sin())
        try checkGradients(of: [2, 3, 16]) {
            let heads = try $0[0].rotaryHeads(cosine: cosine, sine: sine, heads: 2, groups: 1)
            return try .concatenated([heads.query, heads.key, heads.value], 1)
        }
    }

    @Test(arguments: [DType.float32, .bfloat16]) func lossIsThatOfTheWholeScores(_ dtype: DType) throws {
        var generator = Generator(15)
        let hidden = try generator.tensor([300, 24], dtype: dtype)
        let weight = try generator.tensor([77, 24], dtype: dtype)
        let targets = try Tensor((0..<300).map { $0 * 31 % 77 })
        let exact = try hidden.to(.float64).cloned()
        try exact.setRequiresGradient(true)
        let loss = try exact.linear(weight.to(.float64)).crossEntropy(targets, reduction: .sum)
        try (loss * 0.25).backward()
        let expected = try #require(try exact.gradient).array(of: Double.self)
        let tolerance = dtype == .float32 ? 1e-6 : 1e-2
        for tensor in [hidden, try hidden.to(.float64)] {
            let (sum, gradient) = try tensor.linearCrossEntropy(
                weight.to(tensor.dtype), targets, gradientScale: 0.25)
            #expect(abs(sum - (try loss.item())) < tolerance * sum)
            #expect(try sum == tensor.linearCrossEntropy(weight.to(tensor.dtype), targets))
            #expect(gradient.shape == [300, 24] && gradient.dtype == tensor.dtype)
            #expect(try Reference.relativeError(gradient.array(of: Double.self), expected) < tolerance)
        }
    }

    @Test(arguments: [DType.float32, .bfloat16]) func lossOfExtremeScores(_ dtype: DType) throws {
        let weight = try Tensor([1e4, -1e4, 0, 1, 2], shape: [5, 1]).to(dtype)
        let hidden = try Tensor([1.0], shape: [1, 1]).to(dtype)
        #expect(try abs(hidden.linearCrossEntropy(weight, Tensor([0]))) < 1e-6)
        let (sum, gradient) = try hidden.linearCrossEntropy(weight, Tensor([2]), gradientScale: 1)
        #expect(abs(sum - 1e4) < 40)
        #expect(try abs(gradient.item() - 1e4) < 40)
        for fault in [Double.nan, .infinity] {
            let broken = try Tensor([fault], shape: [1, 1]).to(dtype)
            let (sum, gradient) = try broken.linearCrossEntropy(weight, Tensor([2]), gradientScale: 1)
            #expect(try !sum.isFinite && !gradient.item().isFinite)
        }
        #expect(try Tensor.zeros([0, 1], dtype: dtype).linearCrossEntropy(weight, Tensor([Int]())) == 0)
        expectFault("linear_cross_entropy", "[5, 1]", "5") { _ = try hidden.linearCrossEntropy(weight, Tensor([5])) }
        expectFault("linear_cross_entropy", "[5, 1]") { _ = try hidden.linearCrossEntropy(weight, Tensor([-1])) }
        expectFault("linear_cross_entropy", "[2]") { _ = try hidden.linearCrossEntropy(weight, Tensor([1, 2])) }
    }
}

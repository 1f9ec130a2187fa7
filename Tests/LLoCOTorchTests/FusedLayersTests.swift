import Foundation
import LLoCOTorch
import Testing

/// The layers with kernels, in every supported instruction set, compared with the layers composed of libtorch's
/// operations, which float64 uses.
@Suite struct FusedLayersTests {
    static let sets = Runtime.kernelSets
    static let dtypes: [DType] = [.float32, .bfloat16]

    /// float32 and bfloat16 have kernels; a row size that is no multiple of sixteen has a shorter end.
    struct Rows: Sendable, CustomStringConvertible {
        let dtype: DType
        let size: Int

        var description: String { "\(size) \(dtype)" }
    }
    static let cases = dtypes.flatMap { dtype in [64, 37].map { Rows(dtype: dtype, size: $0) } }

    /// The outputs of `function` and the gradients of all inputs, for numbers that `dtype` represents exactly.
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

    /// Expects outputs and gradients within one rounding of those in float64.
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

    @Test(arguments: sets, cases) func rmsNorm(_ set: String, _ rows: Rows) throws {
        let (dtype, size) = (rows.dtype, rows.size)
        try Runtime.withKernels(of: set) {
            var generator = Generator(12)
            let weight = try generator.tensor([size], dtype: dtype)
            try expectExact(dtype, [3, 5, size]) {
                [try $0[0].rmsNorm(weight.to($0[0].dtype), epsilon: 1e-5)]
            }
            try expectExact(dtype, [3, 5, size], [3, 5, size]) {
                let (sum, normed) = try $0[0].rmsNorm(adding: $0[1], weight.to($0[0].dtype), epsilon: 1e-5)
                return [sum, normed]
            }
            // The gradient of one result only.
            try expectExact(dtype, [4, size], [4, size]) {
                [try $0[0].rmsNorm(adding: $0[1], weight.to($0[0].dtype), epsilon: 1e-5).normed]
            }
            try expectExact(dtype, [4, size], [4, size]) {
                [try $0[0].rmsNorm(adding: $0[1], weight.to($0[0].dtype), epsilon: 1e-5).sum]
            }
        }
    }

    @Test(arguments: sets) func trainableNormHasAGradient(_ set: String) throws {
        try Runtime.withKernels(of: set) {
            try expectExact(.float32, [4, 32], [32]) { [try $0[0].rmsNorm($0[1], epsilon: 1e-5)] }
            try expectExact(.float32, [4, 32], [4, 32], [32]) {
                [try $0[0].rmsNorm(adding: $0[1], $0[2], epsilon: 1e-5).normed]
            }
        }
    }

    @Test(arguments: sets, cases) func swiGLU(_ set: String, _ rows: Rows) throws {
        try Runtime.withKernels(of: set) {
            try expectExact(rows.dtype, [2, 7, 2 * rows.size]) { [try ($0[0] * 4).swiGLU()] }
        }
    }

    @Test(arguments: sets, cases) func geGLU(_ set: String, _ rows: Rows) throws {
        try Runtime.withKernels(of: set) {
            try expectExact(rows.dtype, [2, 7, 2 * rows.size]) { [try ($0[0] * 4).geGLU()] }
            let x = try Tensor([-1.5, 0, 2, 3, 5, -1], shape: [6]).to(.float32)
            // x · (1 + tanh(√(2/π) · (x + 0.044715 · x³))) / 2
            try expect(x.geGLU(), [-0.301284, 0, -1.954598], shape: [3], tolerance: 1e-5)
        }
    }

    /// If heads are partly rotated, the rest is unchanged, forward and backward.
    @Test(arguments: sets, [DType.float32, .bfloat16]) func partialRotaryLeavesTheRestUnchanged(
        _ set: String, _ dtype: DType
    ) throws {
        try Runtime.withKernels(of: set) {
            var generator = Generator(17)
            let (size, turned) = (16, 12)
            let angles = try generator.tensor([5, turned / 2])
            let (cosine, sine) = (try angles.cos().to(.float32), try angles.sin().to(.float32))
            func heads(_ x: Tensor) throws -> [Tensor] {
                let (query, key, value) = try x.rotaryHeads(cosine: cosine, sine: sine, heads: 2, groups: 1)
                return [query, key, value]
            }
            try expectExact(dtype, [2, 5, 4 * size]) { try heads($0[0]) }
            let x = try generator.tensor([1, 5, 4 * size], dtype: dtype)
            let split = try x.reshaped([1, 5, 4, size]).transposed(1, 2)
            let found = try Tensor.concatenated(heads(x.cloned()), 1)
            let rest = try split.narrowed(3, start: turned, length: size - turned)
            #expect(
                try found.narrowed(3, start: turned, length: size - turned).contiguous().bytes()
                    == rest.contiguous().bytes())
            let part = try split.narrowed(3, start: 0, length: turned).narrowed(1, start: 0, length: 3)
                .rotary(cosine: cosine, sine: sine)
            try expect(
                found.narrowed(3, start: 0, length: turned).narrowed(1, start: 0, length: 3).to(.float32),
                part.array(of: Double.self), tolerance: dtype == .float32 ? 1e-5 : 2e-2)
            // Without rotated elements nothing changes.
            let none = try Tensor.zeros([5, 0])
            let still = try x.cloned().rotaryHeads(cosine: none, sine: none, heads: 2, groups: 1)
            #expect(
                try Tensor.concatenated([still.query, still.key, still.value], 1).contiguous().bytes()
                    == split.contiguous().bytes())
        }
    }

    @Test(arguments: sets, dtypes) func swiGLUOfLargeNumbers(_ set: String, _ dtype: DType) throws {
        try Runtime.withKernels(of: set) {
            let x = try Tensor([-300.0, 300, -1e30, 2, 2, 2], shape: [6]).to(dtype)
            try expect(x.swiGLU(), [0, 600, 0], shape: [3], dtype: dtype, tolerance: 1e-6)
        }
    }

    struct Rotation: Sendable, CustomStringConvertible {
        let dtype: DType
        let size: Int
        /// Whether each sequence has separate angles.
        let perSequence: Bool

        var description: String { "heads of \(size) \(dtype)\(perSequence ? ", separate angles" : "")" }
    }
    static let rotations = [
        Rotation(dtype: .float32, size: 64, perSequence: false), Rotation(dtype: .float32, size: 8, perSequence: true),
        Rotation(dtype: .bfloat16, size: 32, perSequence: true),
        Rotation(dtype: .bfloat16, size: 6, perSequence: false),
    ]

    @Test(arguments: sets, rotations) func rotaryHeads(_ set: String, _ rotation: Rotation) throws {
        let (dtype, size) = (rotation.dtype, rotation.size)
        try Runtime.withKernels(of: set) {
            let shape = [2, 5, (3 + 2 * 1) * size]
            var generator = Generator(13)
            let angles = try generator.tensor(rotation.perSequence ? [2, 1, 5, size / 2] : [5, size / 2])
            let (cosine, sine) = (try angles.cos().to(.float32), try angles.sin().to(.float32))
            func heads(_ x: Tensor) throws -> [Tensor] {
                let (query, key, value) = try x.rotaryHeads(cosine: cosine, sine: sine, heads: 3, groups: 1)
                #expect(query.shape == [2, 3, 5, size] && key.shape == [2, 1, 5, size] && value.shape == key.shape)
                return [query, key, value]
            }
            try expectExact(dtype, shape) { try heads($0[0]) }
            // A gradient for the values only.
            try expectExact(dtype, shape) { [try heads($0[0])[2]] }
            // In place without gradients, with the same results.
            let x = try generator.tensor(shape, dtype: dtype)
            let inPlace = try withoutGradients { try heads(x.cloned()) }
            try x.setRequiresGradient(true)
            let recorded = try heads(x)
            for (one, other) in zip(recorded, inPlace) { #expect(try one.detached().bytes() == other.bytes()) }
        }
    }

    @Test(arguments: sets) func rotaryHeadsMatchRotary(_ set: String) throws {
        try Runtime.withKernels(of: set) {
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

    /// The kernels' backward passes.
    @Test(arguments: sets) func gradientsMatchFiniteDifferences(_ set: String) throws {
        var generator = Generator(16)
        let norm = try generator.tensor([37], dtype: .float32)
        let angles = try generator.tensor([3, 16], dtype: .float32) * 3
        let (cosine, sine) = (try angles.cos(), try angles.sin())
        try Runtime.withKernels(of: set) {
            try checkDirections(of: [2, 3, 37]) { try $0[0].rmsNorm(norm, epsilon: 1e-5) }
            try checkDirections(of: [2, 3, 37], [2, 3, 37]) {
                let (sum, normed) = try $0[0].rmsNorm(adding: $0[1], norm, epsilon: 1e-5)
                return try sum + normed * 2
            }
            try checkDirections(of: [3, 2 * 37]) { try $0[0].swiGLU() }
            try checkDirections(of: [3, 2 * 37]) { try $0[0].geGLU() }
            try checkDirections(of: [2, 3, 4 * 32]) {
                let heads = try $0[0].rotaryHeads(cosine: cosine, sine: sine, heads: 2, groups: 1)
                return try .concatenated([heads.query, heads.key, heads.value], 1)
            }
        }
    }

    @Test(arguments: sets) func lossGradientMatchesFiniteDifferences(_ set: String) throws {
        var generator = Generator(17)
        let hidden = try generator.tensor([40, 24], dtype: .float32) * 3
        let weight = try generator.tensor([77, 24], dtype: .float32)
        let targets = try Tensor((0..<40).map { $0 * 31 % 77 })
        try Runtime.withKernels(of: set) {
            let gradient = try hidden.linearCrossEntropy(.dense(weight), targets, gradientScale: 0.5).gradient.to(
                .float64)
            for _ in 0..<3 {
                let direction = try generator.tensor([40, 24], dtype: .float32)
                func value(_ step: Double) throws -> Double {
                    try 0.5 * (hidden + direction * step).linearCrossEntropy(.dense(weight), targets)
                }
                let found = try (gradient * direction.to(.float64)).sum().item()
                let expected = try (value(0.01) - value(-0.01)) / 0.02
                #expect(abs(found - expected) < 2e-3 * max(1, abs(expected)), "\(found), \(expected)")
            }
        }
    }

    @Test(arguments: sets, dtypes) func lossMatchesThatOfAllLogits(_ set: String, _ dtype: DType) throws {
        try Runtime.withKernels(of: set) {
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
                    .dense(weight.to(tensor.dtype)), targets, gradientScale: 0.25)
                #expect(abs(sum - (try loss.item())) < tolerance * sum)
                #expect(try sum == tensor.linearCrossEntropy(.dense(weight.to(tensor.dtype)), targets))
                #expect(gradient.shape == [300, 24] && gradient.dtype == tensor.dtype)
                #expect(try Reference.relativeError(gradient.array(of: Double.self), expected) < tolerance)
            }
        }
    }

    /// The loss of several targets per row is the weighted sum of their losses; shares need not add up to one.
    @Test(arguments: sets, dtypes) func lossOfSharedTargets(_ set: String, _ dtype: DType) throws {
        try Runtime.withKernels(of: set) {
            var generator = Generator(18)
            let (rows, size) = (40, 77)
            let hidden = try generator.tensor([rows, 24], dtype: dtype)
            let weight = try generator.tensor([size, 24], dtype: dtype)
            let targets = (0..<rows).flatMap { row in (0..<5).map { (row * 31 + $0 * 13) % size } }
            let shares = targets.indices.map { Double(($0 * 7) % 11) / 20 }
            let exact = try hidden.to(.float64).cloned()
            try exact.setRequiresGradient(true)
            let logarithms = try exact.linear(weight.to(.float64)).logSoftmax(-1)
            let loss = try
                -(logarithms.gathered(1, Tensor(targets, shape: [rows, 5]))
                * Tensor(shares, shape: [rows, 5])).sum()
            try (loss * 0.25).backward()
            let expected = try #require(try exact.gradient).array(of: Double.self)
            let tolerance = dtype == .float32 ? 1e-6 : 1e-2
            for tensor in [hidden, try hidden.to(.float64)] {
                let (sum, gradient) = try tensor.linearCrossEntropy(
                    .dense(weight.to(tensor.dtype)), Tensor(targets, shape: [rows, 5]),
                    shares: Tensor(shares, shape: [rows, 5]), gradientScale: 0.25)
                #expect(abs(sum - (try loss.item())) < tolerance * abs(sum))
                #expect(try Reference.relativeError(gradient.array(of: Double.self), expected) < tolerance)
            }
            // One target of share 1 is the plain loss.
            let one = Array(targets.enumerated().filter { $0.offset % 5 == 0 }.map(\.element))
            let plain = try hidden.linearCrossEntropy(.dense(weight), Tensor(one))
            let shared = try hidden.linearCrossEntropy(
                .dense(weight), Tensor(one, shape: [rows, 1]), shares: .ones([rows, 1]))
            #expect(abs(plain - shared) < 1e-6 * plain)
            expectFault("linear_cross_entropy", "twice [N, K]") {
                _ = try hidden.linearCrossEntropy(.dense(weight), Tensor(one), shares: .ones([rows, 1]))
            }
            expectFault("linear_cross_entropy", "shares of the targets' shape") {
                _ = try hidden.linearCrossEntropy(
                    .dense(weight), Tensor(one, shape: [rows, 1]), shares: .ones([rows, 2]))
            }
        }
    }

    @Test(arguments: sets, dtypes) func lossOfExtremeLogits(_ set: String, _ dtype: DType) throws {
        try Runtime.withKernels(of: set) {
            let weight = try Tensor([1e4, -1e4, 0, 1, 2], shape: [5, 1]).to(dtype)
            let hidden = try Tensor([1.0], shape: [1, 1]).to(dtype)
            #expect(try abs(hidden.linearCrossEntropy(.dense(weight), Tensor([0]))) < 1e-6)
            let (sum, gradient) = try hidden.linearCrossEntropy(.dense(weight), Tensor([2]), gradientScale: 1)
            #expect(abs(sum - 1e4) < 40)
            #expect(try abs(gradient.item() - 1e4) < 40)
            for fault in [Double.nan, .infinity] {
                let broken = try Tensor([fault], shape: [1, 1]).to(dtype)
                let (sum, gradient) = try broken.linearCrossEntropy(.dense(weight), Tensor([2]), gradientScale: 1)
                #expect(try !sum.isFinite && !gradient.item().isFinite)
            }
            #expect(try Tensor.zeros([0, 1], dtype: dtype).linearCrossEntropy(.dense(weight), Tensor([Int]())) == 0)
            expectFault("linear_cross_entropy", "[5, 1]", "5") {
                _ = try hidden.linearCrossEntropy(.dense(weight), Tensor([5]))
            }
            expectFault("linear_cross_entropy", "[5, 1]") {
                _ = try hidden.linearCrossEntropy(.dense(weight), Tensor([-1]))
            }
            expectFault("linear_cross_entropy", "[2]") {
                _ = try hidden.linearCrossEntropy(.dense(weight), Tensor([1, 2]))
            }
        }
    }
}

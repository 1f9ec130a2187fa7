import Foundation
import LLoCOCheckpoints
import LLoCOTestSupport
import LLoCOTorch
import Testing

/// Multiplication with weights in a mapped GGUF file, compared with their dequantized values.
@Suite struct FileWeightTests {
    private static let types = GGUFTensorType.allCases.filter { $0.blockElements > 1 }
    private let checkpoint: GGUFCheckpoint

    init() throws { checkpoint = try GGUFCheckpoint(Fixtures.folder.appending(path: "quantized.gguf")) }

    private func blocks(_ type: GGUFTensorType) throws -> FileWeight.Rows {
        try #require(try checkpoint.fileRows("\(type.name).weight"))
    }

    /// An input that 8-bit quantization in groups of 32 represents exactly: products are exact except for rounding in
    /// sums.
    private func input(rows: Int, columns: Int) throws -> Tensor {
        var generator = Generator(state: 7)
        let numbers = (0..<rows * columns).map { index in
            let number = index % 32 == 3 ? 127 : Int.random(in: -127...127, using: &generator)
            return Float(number) * [0.5, 1, 0.25][index / 32 % 3]
        }
        return try Tensor(numbers, shape: [rows, columns])
    }

    @Test(arguments: types, Runtime.kernelSets)
    func dequantizedValuesAndProducts(_ type: GGUFTensorType, _ kernels: String) throws {
        try Runtime.withKernels(of: kernels) {
            let weight = try QuantizedWeight(FileWeight([blocks(type)]))
            let reference = try checkpoint.tensor("\(type.name).weight", as: .float32)
            #expect(weight.shape == reference.shape && weight.bits == 0)
            let (rows, columns) = (reference.size(0), reference.size(1))
            #expect(weight.byteCount == rows * columns / type.blockElements * type.blockBytes)
            let (found, expected) = (
                try weight.dequantized().array(of: Float.self), try reference.array(of: Float.self)
            )
            for (a, b) in zip(found, expected) { #expect(abs(a - b) <= 1e-6 * max(1, abs(b))) }
            // Two parts concatenated by rows, here the same part twice.
            let joined = try QuantizedWeight(FileWeight([blocks(type), blocks(type)]))
            for count in [1, 2, 3, 4, 5, 8, 16] {
                let x = try input(rows: count, columns: columns)
                let whole = try Tensor.concatenated([reference, reference])
                var expected = try x.linear(whole)
                let y = try Tensor.zeros([count, 2 * rows])
                try joined.multiply(x, into: y)
                for adding in [false, true] {
                    if adding {
                        try joined.multiply(x, into: y, adding: true)
                        expected = try expected + expected
                    }
                    #expect(try (y - expected).norm().item() <= 1e-5 * expected.norm().item(), "\(count) rows")
                }
            }
        }
    }

    /// A weight of several types, each repeated 11 times, so that no size is a whole number of panels or tiles.
    private func weight(_ types: [GGUFTensorType], rounds: Bool = false) throws -> (file: LinearWeight, dense: Tensor) {
        var parts: [FileWeight.Rows] = []
        var dense: [Tensor] = []
        for type in types {
            let rows = try blocks(type)
            let bytes = FileBytes([[UInt8]](repeating: Array(rows.bytes), count: 11).flatMap { $0 }, name: type.name)
            parts.append(
                FileWeight.Rows(
                    bytes[0..<bytes.count], type: type.rawValue, count: 11 * rows.count, columns: rows.columns,
                    owner: bytes))
            dense += [Tensor](
                repeating: try checkpoint.tensor("\(type.name).weight", as: .float32), count: 11)
        }
        return (.file(try FileWeight(parts, roundsInput: rounds)), try .concatenated(dense))
    }

    /// Types whose rows in the fixture have the same number of columns.
    private static let stacks: [[GGUFTensorType]] =
        GGUFTensorType.allCases.map { [$0] }
        + [[.q8_0, .f32, .q4_0], [.bf16, .f16, .q5_1], [.q4_K, .q6_K, .q5_K]]

    /// Many rows, with gradients, LoRA matrices and a bias, give the results of the expanded weight.
    @Test(arguments: stacks) func manyRowsMatchTheExpandedWeight(_ types: [GGUFTensorType]) throws {
        let (file, dense) = try weight(types)
        #expect(file.shape == dense.shape)
        let expanded = try file.expanded(as: .float32)
        #expect(try (expanded - dense).norm().item() <= 1e-6 * dense.norm().item())
        let (rows, columns) = (dense.size(0), dense.size(1))
        let (a, b) = (
            try input(rows: 2, columns: columns) * 0.01, try input(rows: 2, columns: rows - 5).transposed(0, 1)
        )
        for dtype in [DType.float32, .bfloat16] {
            // Sums in float32 are computed in another order.
            let tolerance = dtype == .float32 ? 3e-6 : 1e-2
            let whole = try dense.to(dtype)
            let bias = try input(rows: 1, columns: rows).to(dtype).reshaped([rows])
            for count in [1, 21] {
                func outcome(_ weight: LinearWeight) throws -> [Tensor] {
                    let x = try input(rows: count, columns: columns).to(dtype).reshaped([1, count, columns])
                    let (a, b) = (try a.cloned(), try b.cloned().contiguous())
                    for tensor in [x, a, b] { try tensor.setRequiresGradient(true) }
                    let y = try x.linear(
                        weight, bias: bias, adding: [.init(a: a, b: b, start: 5, scale: 0.5, dropout: 0)])
                    let z = try x.linear(weight)
                    try (y * z).sum().backward()
                    return try [y, z] + [x, a, b].map { try #require(try $0.gradient) }
                }
                for (found, expected) in zip(try outcome(file), try outcome(.dense(whole))) {
                    let (found, expected) = (try found.to(.float32), try expected.to(.float32))
                    #expect(found.shape == expected.shape)
                    #expect(try (found - expected).norm().item() <= tolerance * expected.norm().item())
                }
            }
            // Rows by index.
            let ids = try Tensor([0, rows - 1, 3, 3], shape: [2, 2])
            let found = try file.embedding(ids, as: dtype).to(.float32)
            let expectedRows = try LinearWeight.dense(whole).embedding(ids, as: dtype).to(.float32)
            #expect(try (found - expectedRows).norm().item() <= tolerance * expectedRows.norm().item())
            #expect(throws: TorchError.self) { _ = try file.embedding(Tensor([rows]), as: dtype) }
            // As an output head.
            let hidden = try input(rows: 300, columns: columns).to(dtype) * 1e-3
            let targets = try Tensor((0..<300).map { $0 % rows })
            let (sum, gradient) = try hidden.linearCrossEntropy(file, targets, gradientScale: 1)
            let (expectedSum, expected) = try hidden.linearCrossEntropy(.dense(whole), targets, gradientScale: 1)
            #expect(abs(sum - expectedSum) <= tolerance * expectedSum)
            #expect(
                try (gradient - expected).to(.float32).norm().item() <= tolerance * expected.to(.float32).norm().item())
        }
    }

    /// A few rows of arbitrary input, which must not be rounded.
    @Test(arguments: types, Runtime.kernelSets)
    func fewRowsAreNotRounded(_ type: GGUFTensorType, _ kernels: String) throws {
        try Runtime.withKernels(of: kernels) {
            let (file, dense) = try weight([type])
            let bias = try input(rows: 1, columns: dense.size(0)).reshaped([dense.size(0)])
            for count in [1, 2, 3, 4, 7, 16] {
                let x = try numbers(rows: count, columns: dense.size(1))
                let expected = try x.linear(dense, bias: bias)
                #expect(try (x.linear(file, bias: bias) - expected).norm().item() <= 1e-6 * expected.norm().item())
            }
        }
    }

    /// Random numbers that 8-bit quantization does not represent exactly.
    private func numbers(rows: Int, columns: Int) throws -> Tensor {
        var generator = Generator(state: 11)
        return try Tensor(
            (0..<rows * columns).map { _ in Float.random(in: -1...1, using: &generator) }, shape: [rows, columns])
    }

    /// Gradients in 16-bit integers, with sizes that are not multiples of tiles or groups.
    @Test(arguments: stacks, Runtime.kernelSets.filter { $0.hasPrefix("avx") || $0 == "emulated" })
    func gradientsIn16BitIntegers(_ types: [GGUFTensorType], _ kernels: String) throws {
        try Runtime.withKernels(of: kernels) {
            let (file, dense) = try weight(types, rounds: true)
            let areBlocks = types.allSatisfy { $0.blockElements > 1 }
            for count in [32, 45, 1601] {
                let x = try numbers(rows: count, columns: dense.size(1))
                let bias = try numbers(rows: 1, columns: dense.size(0)).reshaped([dense.size(0)])
                let weights = try numbers(rows: count, columns: dense.size(0))
                func outcome(_ weight: LinearWeight) throws -> [Tensor] {
                    let x = try x.cloned()
                    try x.setRequiresGradient(true)
                    let y = try x.linear(weight, bias: bias)
                    try (y * weights).sum().backward()
                    return [y, try #require(try x.gradient)]
                }
                let (found, expected) = (try outcome(file), try outcome(.dense(dense)))
                for index in 0..<2 {
                    let distance = try (found[index] - expected[index]).norm().item() / expected[index].norm().item()
                    #expect(distance <= (index == 1 ? 3e-4 : areBlocks ? 1e-2 : 1e-6), "\(count) rows")
                    if index == 1 { #expect(distance > 1e-5, "rounded") }
                }
            }
            // NaN or infinity affects only its own row.
            for number in [Float.nan, .infinity] {
                let y = try numbers(rows: 40, columns: dense.size(0))
                try y[3][7].fill(Double(number))
                let x = try numbers(rows: 40, columns: dense.size(1))
                try x.setRequiresGradient(true)
                try (x.linear(file) * y).sum().backward()
                let sums = try #require(try x.gradient).sum(1).array(of: Float.self)
                #expect(sums.indices.filter { !sums[$0].isFinite } == [3])
            }
        }
    }

    /// x is rounded to 8 bits, as for a few rows. This input is represented exactly.
    @Test(arguments: stacks.filter { $0.allSatisfy { $0.blockElements > 1 } }, Runtime.kernelSets)
    func manyRowsInIntegers(_ types: [GGUFTensorType], _ kernels: String) throws {
        try Runtime.withKernels(of: kernels) {
            let (file, dense) = try weight(types, rounds: true)
            let bias = try input(rows: 1, columns: dense.size(0)).reshaped([dense.size(0)])
            for count in [1, 16, 17, 24, 1100] {
                let x = try input(rows: count, columns: dense.size(1))
                for bias in [nil, bias] {
                    let expected = try x.linear(dense, bias: bias)
                    let found = try withoutGradients { try x.linear(file, bias: bias) }
                    #expect(try (found - expected).norm().item() <= 1e-5 * expected.norm().item(), "\(count) rows")
                }
            }
        }
    }

    /// Arbitrary input is rounded to 8 bits if the weight allows it, with and without gradients.
    @Test func inputIsRoundedIfTheWeightAllowsIt() throws {
        let (file, dense) = try weight([.q4_0], rounds: true)
        let (exact, _) = try weight([.q4_0])
        let x = try input(rows: 20, columns: 96) * 1e-3 + Tensor.arange(0, 96) * 1e-2
        func distance(_ y: Tensor) throws -> Double {
            try (y - x.linear(dense)).norm().item() / x.linear(dense).norm().item()
        }
        let rounded = try withoutGradients { try x.linear(file) }
        #expect(try distance(rounded) > 1e-4)
        #expect(try distance(rounded) < 1e-2)
        #expect(try distance(withoutGradients { try x.linear(exact) }) < 1e-6)
        #expect(try distance(x.linear(exact)) < 1e-6)
        try x.setRequiresGradient(true)
        #expect(try x.linear(file).array(of: Float.self) == rounded.array(of: Float.self))
        let recomputed = try Tensor.recomputed([x], leaves: [], outputs: 1) { try [$0[0].linear(file)] }
        #expect(try recomputed[0].array(of: Float.self) == rounded.array(of: Float.self))
    }

    /// A backward pass can use the file's data after every other reference is gone.
    @Test func theFileOutlivesItsWeight() throws {
        let x = try input(rows: 20, columns: 96)
        try x.setRequiresGradient(true)
        var file: LinearWeight? = try weight([.q8_0, .q4_1]).file
        let sum = try x.linear(#require(file)).sum()
        file = nil
        try sum.backward()
        let dense = try weight([.q8_0, .q4_1]).dense
        let expected = try dense.sum(0).reshaped([1, 96])
        let found = try #require(try x.gradient)
        #expect(try (found - expected).norm().item() <= 1e-5 * found.norm().item())
    }

    /// Rows of heads in llama.cpp's order are restored to Hugging Face's order.
    @Test func permutedRows() throws {
        for name in ["llama-q8_0", "llama-mixed"] {
            let file = try GGUFCheckpoint(TestFiles.fixtures.appending(path: "gguf/\(name).gguf"))
            var permuted = 0
            for name in file.names {
                guard let rows = try file.fileRows(name) else { continue }
                let blocks = try FileWeight([rows])
                guard blocks.isQuantized else { continue }
                let (weight, reference) = (
                    try QuantizedWeight(blocks), try file.tensor(name, as: .float32)
                )
                #expect(try (weight.dequantized() - reference).norm().item() <= 1e-6 * reference.norm().item())
                let x = try input(rows: 2, columns: weight.shape[1])
                let y = try Tensor.zeros([2, weight.shape[0]])
                try weight.multiply(x, into: y)
                let expected = try x.linear(reference)
                #expect(try (y - expected).norm().item() <= 1e-5 * expected.norm().item(), "\(name)")
                if name.contains("q_proj") || name.contains("k_proj") { permuted += 1 }
            }
            #expect(permuted > 0)
        }
    }

    @Test func invalidBlocksAreRefused() throws {
        #expect(throws: CheckpointError.self) { _ = try checkpoint.fileRows("none") }
        let bytes = FileBytes([UInt8](repeating: 0, count: 340), name: "blocks")
        func blocks(_ type: UInt32, rows: Int, columns: Int, headRows: Int = 0, count: Int = 340)
            -> FileWeight.Rows
        {
            .init(bytes[0..<count], type: type, count: rows, columns: columns, headRows: headRows, owner: bytes)
        }
        _ = try QuantizedWeight(FileWeight([blocks(8, rows: 10, columns: 32)]))
        let faulty: [[FileWeight.Rows]] = [
            [], [blocks(1, rows: 10, columns: 32)], [blocks(99, rows: 10, columns: 32)],
            [blocks(8, rows: 10, columns: 33)], [blocks(8, rows: 9, columns: 32)], [blocks(8, rows: 0, columns: 32)],
            [blocks(8, rows: -1, columns: 32)], [blocks(8, rows: .max, columns: 32)],
            [blocks(8, rows: 10, columns: 32), blocks(8, rows: 5, columns: 64)],
            [blocks(8, rows: 10, columns: 32, headRows: 3)], [blocks(8, rows: 10, columns: 32, headRows: 4)],
            [blocks(8, rows: 10, columns: 32, count: 339)], [blocks(14, rows: 10, columns: 32)],
        ]
        for parts in faulty {
            #expect(throws: TorchError.self) { _ = try FileWeight(parts) }
        }
        // Unquantized data does not support products of few rows.
        let plain = try FileWeight([blocks(0, rows: 5, columns: 17)])
        #expect(!plain.isQuantized && plain.byteCount == 340)
        #expect(throws: TorchError.self) { _ = try QuantizedWeight(plain) }
    }
}

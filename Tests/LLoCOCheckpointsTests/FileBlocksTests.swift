import Foundation
import LLoCOCheckpoints
import LLoCOTestSupport
import LLoCOTorch
import Testing

/// Weights that are multiplied as they lie in a GGUF file, against the numbers that they stand for.
@Suite struct FileBlocksTests {
    private static let types = GGUFTensorType.allCases.filter { $0.blockElements > 1 }
    private let checkpoint: GGUFCheckpoint

    init() throws { checkpoint = try GGUFCheckpoint(Fixtures.folder.appending(path: "quantized.gguf")) }

    private func blocks(_ type: GGUFTensorType) throws -> QuantizedWeight.FileBlocks {
        try #require(try checkpoint.fileBlocks("\(type.name).weight"))
    }

    /// Numbers that eight bits hold exactly, in every group of 32 with a scale of its own: products are exact but for
    /// the rounding of sums.
    private func input(rows: Int, columns: Int) throws -> Tensor {
        var generator = Generator(state: 7)
        let numbers = (0..<rows * columns).map { index in
            let number = index % 32 == 3 ? 127 : Int.random(in: -127...127, using: &generator)
            return Float(number) * [0.5, 1, 0.25][index / 32 % 3]
        }
        return try Tensor(numbers, shape: [rows, columns])
    }

    @Test(arguments: types, Runtime.kernelSets)
    func numbersAndProducts(_ type: GGUFTensorType, _ kernels: String) throws {
        try Runtime.withKernels(of: kernels) {
            let weight = try QuantizedWeight([blocks(type)])
            let reference = try checkpoint.tensor("\(type.name).weight", as: .float32)
            #expect(weight.shape == reference.shape && weight.bits == 0)
            let (rows, columns) = (reference.size(0), reference.size(1))
            #expect(weight.byteCount == rows * columns / type.blockElements * type.blockBytes)
            let (found, expected) = (
                try weight.dequantized().array(of: Float.self), try reference.array(of: Float.self)
            )
            for (a, b) in zip(found, expected) { #expect(abs(a - b) <= 1e-6 * max(1, abs(b))) }
            // One below the other, with one of them twice.
            let joined = try QuantizedWeight([blocks(type), blocks(type)])
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

    /// Rows of heads in llama.cpp's order come where they belong.
    @Test func permutedRows() throws {
        for name in ["llama-q8_0", "llama-mixed"] {
            let file = try GGUFCheckpoint(TestFiles.fixtures.appending(path: "gguf/\(name).gguf"))
            var permuted = 0
            for name in file.names {
                guard let blocks = try file.fileBlocks(name) else { continue }
                let (weight, reference) = (try QuantizedWeight([blocks]), try file.tensor(name, as: .float32))
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

    @Test func whatIsNoBlocks() throws {
        #expect(try checkpoint.fileBlocks("F32.weight") == nil)
        #expect(throws: CheckpointError.self) { _ = try checkpoint.fileBlocks("none") }
        let bytes = FileBytes([UInt8](repeating: 0, count: 340), name: "blocks")
        func blocks(_ type: UInt32, rows: Int, columns: Int, headRows: Int = 0, count: Int = 340)
            -> QuantizedWeight.FileBlocks
        {
            .init(bytes[0..<count], type: type, rows: rows, columns: columns, headRows: headRows, owner: bytes)
        }
        _ = try QuantizedWeight([blocks(8, rows: 10, columns: 32)])
        let faulty: [[QuantizedWeight.FileBlocks]] = [
            [], [blocks(1, rows: 10, columns: 32)], [blocks(99, rows: 10, columns: 32)],
            [blocks(8, rows: 10, columns: 33)], [blocks(8, rows: 9, columns: 32)], [blocks(8, rows: 0, columns: 32)],
            [blocks(8, rows: -1, columns: 32)], [blocks(8, rows: .max, columns: 32)],
            [blocks(8, rows: 10, columns: 32), blocks(8, rows: 5, columns: 64)],
            [blocks(8, rows: 10, columns: 32, headRows: 3)], [blocks(8, rows: 10, columns: 32, headRows: 4)],
            [blocks(8, rows: 10, columns: 32, count: 339)], [blocks(14, rows: 10, columns: 32)],
        ]
        for parts in faulty {
            #expect(throws: TorchError.self) { _ = try QuantizedWeight(parts) }
        }
    }
}

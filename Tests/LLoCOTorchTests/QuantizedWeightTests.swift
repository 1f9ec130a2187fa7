import Foundation
import LLoCOTorch
import Testing

/// 8-bit and 4-bit weights, in every supported instruction set.
@Suite struct QuantizedWeightTests {
    static let sets = Runtime.kernelSets

    /// The GGUF formats whose groups are recovered.
    enum Format: CaseIterable {
        case q4WithMinimum, q4, q8

        var bits: Int { self == .q8 ? 8 : 4 }
    }

    /// float32 weights that this format represents exactly: [rows, columns].
    static func weights(_ format: Format, rows: Int, columns: Int, seed: UInt64 = 1) throws -> Tensor {
        var generator = Generator(seed)
        func half(_ x: Double) -> Double { Double(Float16(x)) }
        let groups = (0..<rows * columns / 32).map { _ in
            let w = generator.numbers(32).map { ($0 + $0 * $0 * $0) * 0.05 }
            switch format {
            case .q4WithMinimum:
                let (minimum, maximum) = (w.min()!, w.max()!)
                let step = (maximum - minimum) / 15
                return w.map { half(step) * (($0 - minimum) / step).rounded() + half(minimum) }
            case .q4:
                let extreme = w.max { abs($0) < abs($1) }!
                let step = extreme / -8
                return w.map { half(step) * (min(15, floor($0 / step + 8.5)) - 8) }
            case .q8:
                let step = w.map(abs).max()! / 127
                return w.map { half(step) * ($0 / step).rounded() }
            }
        }
        return try Tensor(groups.flatMap { $0.map(Float.init) }, shape: [rows, columns])
    }

    @Test(arguments: sets, Format.allCases) func groupsAreRecovered(_ set: String, _ format: Format) throws {
        try Runtime.withKernels(of: set) {
            for (rows, columns) in [(1, 32), (16, 96), (37, 160)] {
                let weights = try Self.weights(format, rows: rows, columns: columns)
                let quantized = try QuantizedWeight(weights, bits: .lossless)
                #expect(quantized.bits == format.bits)
                #expect(quantized.shape == [rows, columns])
                #expect(try quantized.dequantized().array(of: Float.self) == weights.array(of: Float.self))
            }
        }
    }

    /// Weights rounded to bfloat16 are recovered in the same number of bits, closer to the file's weights than the
    /// rounded ones.
    @Test(arguments: sets, Format.allCases) func roundedGroupsAreRecovered(_ set: String, _ format: Format) throws {
        try Runtime.withKernels(of: set) {
            let weights = try Self.weights(format, rows: 37, columns: 160)
            let rounded = try weights.to(.bfloat16)
            let quantized = try QuantizedWeight(rounded, bits: .lossless)
            #expect(quantized.bits == format.bits)
            let exact = try weights.array(of: Double.self)
            let found = Reference.relativeError(try quantized.dequantized().array(of: Double.self), exact)
            #expect(found < Reference.relativeError(try rounded.to(.float64).array(of: Double.self), exact))
        }
    }

    @Test(arguments: sets) func otherWeightsAreNotLosslessInFourBits(_ set: String) throws {
        try Runtime.withKernels(of: set) {
            var generator = Generator(2)
            var numbers = generator.numbers(33 * 64)
            // A group of zeros, one of equal numbers, tiny numbers and an outlier.
            for i in 0..<32 { (numbers[i], numbers[32 + i], numbers[64 + i]) = (0, 0.25, numbers[64 + i] * 1e-6) }
            numbers[100] = 300
            let weights = try Tensor(numbers.map(Float.init), shape: [33, 64])
            func error(_ bits: QuantizedWeight.Bits, is expected: Int) throws -> Double {
                let quantized = try QuantizedWeight(weights, bits: bits)
                #expect(quantized.bits == expected)
                let found = try quantized.dequantized().array(of: Double.self)
                #expect(found[0..<32].allSatisfy { $0 == 0 })
                #expect(found[32..<64].allSatisfy { abs($0 - 0.25) < 1e-3 })
                // Without the group of the outlier.
                return Reference.relativeError(Array(found[128...]), Array(numbers[128...]))
            }
            #expect(try error(.lossless, is: 8) < 0.006)
            #expect(try error(.eight, is: 8) < 0.006)
            #expect(try error(.four, is: 4) < 0.08)
        }
    }

    @Test(arguments: sets) func multipliesUpToSixteenRows(_ set: String) throws {
        try Runtime.withKernels(of: set) {
            var generator = Generator(3)
            for (out, columns) in [(16, 32), (37, 96), (200, 576)] {
                let weights = try generator.tensor([out, columns], dtype: .float32)
                for bits in [QuantizedWeight.Bits.eight, .four] {
                    let quantized = try QuantizedWeight(weights, bits: bits)
                    let held = try quantized.dequantized().array(of: Double.self)
                    let transposed = Reference.transposed(held, rows: out, columns: columns)
                    for rows in 1...16 {
                        let x = try generator.tensor([rows, columns], dtype: .float32)
                        let numbers = try x.array(of: Double.self)
                        // y is a part of a wider tensor.
                        let whole = try Tensor.full([rows, out + 5], 1, dtype: .float32)
                        let y = try whole.narrowed(1, start: 2, length: out)
                        try quantized.multiply(x, into: y, adding: rows % 2 == 0)
                        let found = try y.contiguous().array(of: Double.self).map { $0 - (rows % 2 == 0 ? 1 : 0) }
                        func error(_ x: [Double]) -> Double {
                            Reference.relativeError(
                                found, Reference.matmul(x, transposed, rows: rows, inner: columns, columns: out))
                        }
                        #expect(error(numbers) < 0.01, "\(bits), \(rows) rows of \(columns)")
                        // A number halfway between two may be rounded to either.
                        #expect(error(Self.rounded(numbers)) < 1e-3, "\(bits), \(rows) rows of \(columns)")
                        let around = try whole.array(of: Float.self).enumerated().filter {
                            let column = $0.offset % (out + 5)
                            return column < 2 || column >= out + 2
                        }
                        #expect(around.allSatisfy { $0.element == 1 })
                    }
                }
            }
        }
    }

    /// x as the product rounds it: 8 bits, one scale per 32.
    static func rounded(_ x: [Double]) -> [Double] {
        Reference.rows(x, 32) { group in
            let scale = group.map(abs).max()! / 127
            return group.map { ($0 / scale).rounded() * scale }
        }
    }

    @Test(arguments: sets) func nonFiniteInputReachesTheOutput(_ set: String) throws {
        try Runtime.withKernels(of: set) {
            let quantized = try QuantizedWeight(.ones([16, 64]), bits: .eight)
            let y = try Tensor.zeros([1, 16])
            var numbers = [Float](repeating: 1, count: 64)
            numbers[40] = .nan
            try quantized.multiply(Tensor(numbers, shape: [1, 64]), into: y)
            #expect(try y.array(of: Float.self).allSatisfy(\.isNaN))
            try quantized.multiply(.zeros([1, 64]), into: y)
            #expect(try y.array(of: Float.self).allSatisfy { $0 == 0 })
        }
    }

    @Test func faultsNameTheShapes() throws {
        expectFault("quantized_create", "[4, 40] Float", "multiple of 32") {
            _ = try QuantizedWeight(.zeros([4, 40]), bits: .eight)
        }
        expectFault("quantized_create", "[64] Float", "two dimensions") {
            _ = try QuantizedWeight(.zeros([64]), bits: .eight)
        }
        expectFault("quantized_create", "[4, 64] Double", "Float or BFloat16") {
            _ = try QuantizedWeight(.zeros([4, 64], dtype: .float64), bits: .eight)
        }
        for value in [Double.nan, .infinity, 1e6] {
            expectFault("quantized_create", "[4, 64] Float", "finite", "65504") {
                _ = try QuantizedWeight(.full([4, 64], value, dtype: .float32), bits: .lossless)
            }
        }
        let quantized = try QuantizedWeight(.zeros([5, 64]), bits: .eight)
        expectFault("quantized_linear", "[17, 64]", "[17, 5]", "1 to 16") {
            try quantized.multiply(.zeros([17, 64]), into: .zeros([17, 5]))
        }
        expectFault("quantized_linear", "[2, 32]", "weights [5, 64]") {
            try quantized.multiply(.zeros([2, 32]), into: .zeros([2, 5]))
        }
        expectFault("quantized_linear", "[2, 64]", "[1, 5]") {
            try quantized.multiply(.zeros([2, 64]), into: .zeros([1, 5]))
        }
        expectFault("quantized_linear", "[1, 64] BFloat16", "x: expected Float") {
            try quantized.multiply(.zeros([1, 64], dtype: .bfloat16), into: .zeros([1, 5]))
        }
        expectFault("quantized_linear", "[1, 64]", "adjacent") {
            try quantized.multiply(
                Tensor.zeros([64, 1]).transposed(0, 1), into: Tensor.zeros([5, 2]).transposed(0, 1))
        }
    }
}

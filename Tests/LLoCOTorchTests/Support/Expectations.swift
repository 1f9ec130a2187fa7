import LLoCOTorch
import Testing

/// The maximum error of a result of a few operations, relative to the exact one (absolute below 1).
enum Tolerance {
    static func of(_ dtype: DType) -> Double {
        switch dtype {
        case .float64: 1e-12
        case .float32: 1e-5
        case .float16: 4e-3
        case .bfloat16: 3e-2
        default: 0
        }
    }
}

/// Expects the tensor's shape and every element, by default within its dtype's tolerance.
func expect(
    _ tensor: Tensor, _ expected: [Double], shape: [Int]? = nil, dtype: DType? = nil, tolerance: Double? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    if let shape { #expect(tensor.shape == shape, sourceLocation: sourceLocation) }
    if let dtype { #expect(tensor.dtype == dtype, sourceLocation: sourceLocation) }
    let found = try tensor.array(of: Double.self)
    try #require(found.count == expected.count, sourceLocation: sourceLocation)
    let tolerance = tolerance ?? Tolerance.of(tensor.dtype)
    let different = found.indices.first { index in
        let (a, b) = (found[index], expected[index])
        if a == b || (a.isNaN && b.isNaN) { return false }
        return !(abs(a - b) <= tolerance * max(1, abs(b)))
    }
    if let different {
        Issue.record(
            "element \(different): found \(found[different]), expected \(expected[different])",
            sourceLocation: sourceLocation)
    }
}

/// Expects an error whose message is one line that starts with the operation and contains all of `parts`.
func expectFault(
    _ operation: String, _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Void
) {
    do {
        try body()
        Issue.record("\(operation) was expected to throw", sourceLocation: sourceLocation)
    } catch let error as TorchError {
        let line = error.description
        #expect(line.hasPrefix("\(operation)("), sourceLocation: sourceLocation)
        for part in parts { #expect(line.contains(part), sourceLocation: sourceLocation) }
        #expect(!line.contains(where: \.isNewline) && line.count < 500, sourceLocation: sourceLocation)
    } catch {
        Issue.record("expected a TorchError, found \(error)", sourceLocation: sourceLocation)
    }
}

/// The indices of the rows, along the last dimension, that contain NaN.
func rowsWithNaN(_ tensor: Tensor) throws -> Set<Int> {
    let numbers = try tensor.contiguous().array(of: Double.self)
    let size = tensor.size(-1)
    return Set(numbers.indices.filter { numbers[$0].isNaN }.map { $0 / size })
}

/// The NaN of arithmetic, and one with all bits set, which kernels that manipulate bits could turn into a number.
let kindsOfNaN: [Float] = [.nan, Float(bitPattern: .max)]

extension Tensor {
    /// A row-major copy with `value` at one index.
    func replacing(_ place: [Int], by value: Float) throws -> Tensor {
        let copy = try contiguous().cloned()
        var element = copy
        for index in place { element = try element.selected(0, index) }
        try element.copy(from: Tensor([value], shape: []))
        return copy
    }
}

import LLoCOTorch
import Testing

/// Compares the gradients of `function`, a tensor of float64 tensors, with central finite differences.
///
/// The differentiated scalar is a fixed random combination of the outputs, so that swapped elements are detected.
func checkGradients(
    of shapes: [Int]..., seed: UInt64 = 5, tolerance: Double = 1e-8, step: Double = 1e-5,
    sourceLocation: SourceLocation = #_sourceLocation, function: ([Tensor]) throws -> Tensor
) throws {
    var generator = Generator(seed)
    let inputs = try shapes.map { try generator.tensor($0) }
    let outputs = try withoutGradients { try function(inputs).shape }
    let weights = try generator.tensor(outputs)
    func scalar() throws -> Tensor { try (function(inputs) * weights).sum() }

    for input in inputs { try input.setRequiresGradient(true) }
    try scalar().backward()
    for (number, input) in inputs.enumerated() {
        let gradient = try #require(try input.gradient, sourceLocation: sourceLocation)
        #expect(gradient.shape == input.shape, sourceLocation: sourceLocation)
        let found = try gradient.array(of: Double.self)
        let values = try input.array(of: Double.self)
        let expected = try withoutGradients {
            try values.indices.map { index in
                func moved(_ by: Double) throws -> Double {
                    var changed = values
                    changed[index] += by
                    try input.copy(from: Tensor(changed, shape: input.shape))
                    return try scalar().item()
                }
                return try (moved(step) - moved(-step)) / (2 * step)
            }
        }
        try input.copy(from: Tensor(values, shape: input.shape))
        let error = Reference.relativeError(found, expected)
        #expect(error < tolerance, "input \(number)", sourceLocation: sourceLocation)
        #expect(expected.contains { $0 != 0 }, "input \(number) changes nothing", sourceLocation: sourceLocation)
    }
}

/// Compares the gradients of `function`, a tensor of float32 tensors, with central finite differences along random
/// directions: float32 is too coarse for differences of single elements, but not for sums.
///
/// The differentiated scalar is a fixed random combination of the outputs, as above.
func checkDirections(
    of shapes: [Int]..., seed: UInt64 = 5, tolerance: Double = 2e-3, step: Double = 0.01, directions: Int = 3,
    sourceLocation: SourceLocation = #_sourceLocation, function: ([Tensor]) throws -> Tensor
) throws {
    var generator = Generator(seed)
    let inputs = try shapes.map { try generator.tensor($0, dtype: .float32) }
    let outputs = try withoutGradients { try function(inputs.map { try $0.cloned() }).shape }
    let weights = try generator.tensor(outputs)
    func scalar(_ inputs: [Tensor]) throws -> Tensor { try (function(inputs).to(.float64) * weights).sum() }

    let leaves = try inputs.map { try $0.cloned() }
    for leaf in leaves { try leaf.setRequiresGradient(true) }
    try scalar(leaves).backward()
    for (number, leaf) in leaves.enumerated() {
        let gradient = try #require(try leaf.gradient, sourceLocation: sourceLocation).to(.float64)
        #expect(gradient.shape == leaf.shape, sourceLocation: sourceLocation)
        for _ in 0..<directions {
            let direction = try generator.tensor(leaf.shape, dtype: .float32)
            func value(_ step: Double) throws -> Double {
                try withoutGradients {
                    // Copies, because operations may work in place without gradients.
                    var moved = try inputs.map { try $0.cloned() }
                    moved[number] = try inputs[number] + direction * step
                    return try scalar(moved).item()
                }
            }
            let found = try (gradient * direction.to(.float64)).sum().item()
            let expected = try (value(step) - value(-step)) / (2 * step)
            #expect(
                abs(found - expected) < tolerance * max(1, abs(expected)), "input \(number): \(found), \(expected)",
                sourceLocation: sourceLocation)
        }
    }
}

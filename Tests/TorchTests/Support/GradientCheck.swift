import Testing
import Torch

/// Compares the gradients of `function`, a tensor of float64 tensors, with central finite differences.
///
/// A fixed random combination of the outputs is differentiated, so that no two elements can stand for each other.
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

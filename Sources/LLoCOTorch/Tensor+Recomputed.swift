internal import CLLoCOTorch
import Foundation

extension Tensor {
    /// Runs `body` on `inputs` with gradient checkpointing (Chen et al. 2016): no activations are stored, the backward
    /// pass runs `body` again. Random draws repeat.
    ///
    /// - Parameters:
    ///   - leaves: the other tensors that `body` uses and that require gradients; any other tensor that gradients must
    ///     reach has to be in `inputs`
    ///   - body: computes `outputs` tensors, deterministically
    /// - Returns: the tensors that `body` returned
    /// - Throws: the error of `body`, or `TorchError`
    package static func recomputed(
        _ inputs: [Tensor], leaves: [Tensor], outputs: Int, _ body: @escaping ([Tensor]) throws -> [Tensor]
    ) throws -> [Tensor] {
        let box = RecomputedBody(inputs: inputs.count, outputs: outputs, body)
        var results = [OpaquePointer?](repeating: nil, count: outputs)
        let status = inputs.withHandles { inputs, inputCount in
            leaves.withHandles { leaves, leafCount in
                ctorch_recomputed(
                    inputs, inputCount, leaves, leafCount,
                    { Unmanaged<RecomputedBody>.fromOpaque($0!).takeUnretainedValue().run($1!, $2!) },
                    Unmanaged.passRetained(box).toOpaque(),
                    { Unmanaged<RecomputedBody>.fromOpaque($0!).release() }, &results, outputs)
            }
        }
        if status != 0, let error = box.error { throw error }
        try check(status)
        return results.map { Tensor(handle: $0!) }
    }
}

/// A Swift closure that C calls.
private final class RecomputedBody {
    private let inputCount: Int
    private let outputCount: Int
    private let body: ([Tensor]) throws -> [Tensor]
    /// The last run's error; C passes on only its description.
    private(set) var error: (any Error)?

    init(inputs: Int, outputs: Int, _ body: @escaping ([Tensor]) throws -> [Tensor]) {
        inputCount = inputs
        outputCount = outputs
        self.body = body
    }

    func run(
        _ inputs: UnsafePointer<OpaquePointer?>, _ outputs: UnsafeMutablePointer<OpaquePointer?>
    ) -> UnsafeMutablePointer<CChar>? {
        do {
            let results = try body((0..<inputCount).map { Tensor(handle: inputs[$0]!) })
            precondition(results.count == outputCount, "found \(results.count) outputs, expected \(outputCount)")
            for (index, tensor) in results.enumerated() { outputs[index] = ctorch_tensor_retained(tensor.handle) }
            return nil
        } catch {
            self.error = error
            return strdup("\(error)")
        }
    }
}

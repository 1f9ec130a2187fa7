internal import CLLoCOTorch
import Foundation

extension Tensor {
    /// What `body` makes of `inputs`, without what it would keep for gradients in between: where they are asked for, it
    /// runs once more (gradient checkpointing, Chen et al. 2016). What it draws at random it draws again.
    ///
    /// - Parameters:
    ///   - leaves: what the body reads besides and that requires gradients; any other tensor that gradients shall reach
    ///     has to be among `inputs`
    ///   - body: makes `outputs` tensors, the same ones however often it runs
    package static func recomputed(
        _ inputs: [Tensor], leaves: [Tensor], outputs: Int, _ body: @escaping ([Tensor]) throws -> [Tensor]
    ) throws -> [Tensor] {
        let box = RecomputedBody(inputs: inputs.count, outputs: outputs, body)
        var made = [OpaquePointer?](repeating: nil, count: outputs)
        let status = inputs.withHandles { inputs, inputCount in
            leaves.withHandles { leaves, leafCount in
                ctorch_recomputed(
                    inputs, inputCount, leaves, leafCount,
                    { Unmanaged<RecomputedBody>.fromOpaque($0!).takeUnretainedValue().run($1!, $2!) },
                    Unmanaged.passRetained(box).toOpaque(),
                    { Unmanaged<RecomputedBody>.fromOpaque($0!).release() }, &made, outputs)
            }
        }
        if status != 0, let error = box.error { throw error }
        try check(status)
        return made.map { Tensor(handle: $0!) }
    }
}

/// A Swift closure as C runs it.
private final class RecomputedBody {
    private let inputCount: Int
    private let outputCount: Int
    private let body: ([Tensor]) throws -> [Tensor]
    /// What the last run has thrown: C hands on its description alone.
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
            let made = try body((0..<inputCount).map { Tensor(handle: inputs[$0]!) })
            precondition(made.count == outputCount, "\(made.count) outputs, announced \(outputCount)")
            for (index, tensor) in made.enumerated() { outputs[index] = ctorch_tensor_retained(tensor.handle) }
            return nil
        } catch {
            self.error = error
            return strdup("\(error)")
        }
    }
}

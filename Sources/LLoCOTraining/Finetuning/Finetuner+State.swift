public import Foundation
import LLoCOCheckpoints

extension Finetuner {
    /// The state that the next step depends on, as a safetensors file: adapter, optimizer moments and step count.
    public func state() throws -> Data {
        try SafetensorsWriter.data(training.tensors(), metadata: training.metadata())
    }

    /// The size of ``state()`` in bytes, without its header.
    public var stateByteCount: Int { training.byteCount }

    /// Restores a state of ``state()``.
    ///
    /// - Throws: `TrainingError` or `CheckpointError` if the state is malformed or does not fit this run.
    public func restore(_ state: Data) throws {
        let name = "the saved training state"
        let checkpoint = try SafetensorsCheckpoint(data: state, named: name)
        try training.restore(checkpoint, metadata: checkpoint.metadata, named: name)
    }
}

public import Foundation
import LLoCOCheckpoints

extension Finetuner {
    /// Everything that the next step depends on: the adapter, the optimizer's moments, the step; a safetensors file.
    public func state() throws -> Data {
        try SafetensorsWriter.data(training.tensors(), metadata: training.metadata())
    }

    /// The size of `state`, but for its header.
    public var stateByteCount: Int { training.byteCount }

    /// Goes on where `state` was taken.
    ///
    /// - Throws: `TrainingError` or `CheckpointError` where the state is malformed or not of this run.
    public func restore(_ state: Data) throws {
        let name = "the saved training state"
        let checkpoint = try SafetensorsCheckpoint(data: state, named: name)
        try training.restore(checkpoint, metadata: checkpoint.metadata, named: name)
    }
}

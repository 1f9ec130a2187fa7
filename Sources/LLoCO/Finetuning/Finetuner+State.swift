import Checkpoints
public import Foundation
import Models
import Torch

extension Finetuner {
    /// Everything that the next step depends on: the adapter, the optimizer's moments, the step; a safetensors file.
    public func state() throws -> Data {
        var tensors: [String: Tensor] = [:]
        for (index, parameter) in adapter.parameters.enumerated() {
            tensors["parameter.\(index)"] = try parameter.detached()
            tensors["first.\(index)"] = optimizer.firstMoments[index]
            tensors["second.\(index)"] = optimizer.secondMoments[index]
        }
        return try SafetensorsWriter.data(tensors, metadata: ["step": "\(optimizer.stepCount)"])
    }

    /// Goes on where `state` was taken.
    public func restore(_ state: Data) throws {
        let checkpoint = try SafetensorsCheckpoint(data: state, named: "the saved training state")
        guard let step = checkpoint.metadata["step"].flatMap(Int.init), step <= totalSteps else {
            throw TrainingError("the saved training state names no step of this run")
        }
        func tensors(_ kind: String) throws -> [Tensor] {
            try adapter.parameters.indices.map { index in
                try checkpoint.tensor("\(kind).\(index)", shape: adapter.parameters[index].shape, as: .float32)
            }
        }
        for (own, saved) in zip(adapter.parameters, try tensors("parameter")) { try own.copy(from: saved) }
        try optimizer.restore(
            stepCount: step, firstMoments: tensors("first"), secondMoments: tensors("second"))
    }
}

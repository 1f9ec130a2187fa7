import Checkpoints
public import Foundation
import Models
import Torch

extension CompressorTrainer {
    static let stateName = "training-state.safetensors"

    /// Writes the compressor as trained so far, and beside it what a continued run needs.
    public func save(to folder: URL, baseModel: String, trainedTokens: Int) throws {
        // A checkpoint that could not be used would replace one that can.
        for parameter in parameters where try parameter.detached().isFinite().to(.float32).min().item() < 1 {
            throw TrainingError(
                "training became unstable by step \(optimizer.stepCount): the last checkpoint stays; "
                    + "lower the learning rate")
        }
        try checkpoint(baseModel: baseModel, trainedTokens: trainedTokens).write(to: folder)
        var tensors: [String: Tensor] = [:]
        for (index, parameter) in parameters.enumerated() {
            tensors["parameter.\(index)"] = try parameter.detached()
            tensors["first.\(index)"] = optimizer.firstMoments[index]
            tensors["second.\(index)"] = optimizer.secondMoments[index]
        }
        try SafetensorsWriter.write(
            tensors,
            metadata: ["step": "\(optimizer.stepCount)", "tokens": "\(trainedTokens)", "base_model": baseModel],
            to: folder.appending(path: Self.stateName))
    }

    /// Takes up a run that was saved in `folder`; returns the tokens it had read, or nil where there is none.
    public func resume(from folder: URL, baseModel: String) throws -> Int? {
        let file = folder.appending(path: Self.stateName)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        let checkpoint = try SafetensorsCheckpoint(file)
        guard checkpoint.metadata["base_model"] == baseModel, let step = checkpoint.metadata["step"].flatMap(Int.init),
            let tokens = checkpoint.metadata["tokens"].flatMap(Int.init)
        else { throw TrainingError("\(file.path): the saved run is of another base model; give another --out") }
        func tensors(_ kind: String) throws -> [Tensor] {
            try parameters.indices.map {
                try checkpoint.tensor("\(kind).\($0)", shape: parameters[$0].shape, as: .float32)
            }
        }
        for (own, saved) in zip(parameters, try tensors("parameter")) { try own.copy(from: saved) }
        try optimizer.restore(stepCount: step, firstMoments: tensors("first"), secondMoments: tensors("second"))
        return tokens
    }

    /// The compressor as trained so far.
    public func checkpoint(baseModel: String, trainedTokens: Int) throws -> CompressorCheckpoint {
        CompressorCheckpoint(
            description: .init(
                scheme: CompressionScheme(segmentTokens: recipe.segmentTokens, summaryTokens: recipe.summaryTokens),
                baseModel: baseModel, trainedTokens: trainedTokens),
            embedSummary: embedSummary, adapter: adapter)
    }

    private var parameters: [Tensor] { adapter.parameters + [embedSummary] }
}

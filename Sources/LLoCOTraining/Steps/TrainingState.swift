import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOTorch

/// What training moves: parameters, the optimizer with their moments, and the step that it has come to.
///
/// Everything that the next step depends on is in it and in the run's seed, so that a continued run ends with the very
/// parameters of one that was not interrupted.
final class TrainingState {
    private let optimizer: AdamW
    private let parameters: [Tensor]
    private let peaks: [Double]
    private let schedule: LearningRateSchedule
    private let clipNorm: Double
    /// What a failed step leaves as it was; the error says so.
    private let kept: String

    /// - Parameter groups: parameters with the learning rate at its peak, float32
    init(_ groups: [AdamW.Group], schedule: LearningRateSchedule, clipNorm: Double, kept: String) throws {
        optimizer = try AdamW(groups)
        parameters = groups.flatMap(\.parameters)
        peaks = groups.map(\.learningRate)
        self.schedule = schedule
        self.clipNorm = clipNorm
        self.kept = kept
        for parameter in parameters { try parameter.setRequiresGradient(true) }
    }

    /// Steps made so far, those of an interrupted run included.
    var stepCount: Int { optimizer.stepCount }

    /// Clips the gradients that stand in the parameters to the recipe's norm.
    ///
    /// - Parameters:
    ///   - loss: of the step that made them
    ///   - step: that step, counted from 0
    /// - Returns: their joint norm before
    /// - Throws: `TrainingError` where the loss or the norm is not finite: no gradient is left then.
    func clipGradients(loss: Double, step: Int) throws -> Double {
        let norm = try LLoCOTorch.clipGradients(of: parameters, toNorm: clipNorm)
        guard loss.isFinite, norm.isFinite else {
            try clearGradients()
            throw TrainingError.notFinite(step: step + 1, loss: loss, norm: norm, kept: kept)
        }
        return norm
    }

    /// Moves the parameters along their gradients, and clears these.
    func step() throws {
        let share = schedule.share(at: optimizer.stepCount)
        for index in optimizer.groups.indices { optimizer.groups[index].learningRate = peaks[index] * share }
        try optimizer.step()
        try clearGradients()
    }

    func clearGradients() throws { try optimizer.clearGradients() }

    /// - Throws: `TrainingError` where a parameter holds what is no number.
    func checkFinite() throws {
        for parameter in parameters where try !parameter.detached().isAllFinite() {
            throw TrainingError(
                .failed, "training became unstable by step \(stepCount): \(kept); lower the learning rate")
        }
    }

    // MARK: - Saving

    /// The bytes of `tensors()`.
    var byteCount: Int { 3 * 4 * parameters.reduce(0) { $0 + $1.count } }

    /// By name: the parameters, in the groups' order, their moments, and how often each was moved.
    func tensors() throws -> [String: Tensor] {
        var tensors = ["updates": try Tensor(optimizer.updateCounts.map(Float.init))]
        for (index, parameter) in parameters.enumerated() {
            tensors["parameter.\(index)"] = try parameter.detached()
            tensors["first.\(index)"] = optimizer.firstMoments[index]
            tensors["second.\(index)"] = optimizer.secondMoments[index]
        }
        return tensors
    }

    /// The field `step` besides what a run wants to find again.
    func metadata(_ run: [String: String] = [:]) -> [String: String] {
        run.merging(["step": "\(stepCount)"]) { $1 }
    }

    /// Goes on where `tensors()` and `metadata()` were taken.
    ///
    /// - Throws: `TrainingError` where the step is none of this run, `CheckpointError` naming the tensor that is missing
    ///   or of another shape. The parameters stay as they were then.
    func restore(_ saved: some Checkpoint, metadata: [String: String], named name: String) throws {
        guard let step = metadata["step"].flatMap({ Int($0) }), step >= 0 else {
            throw TrainingError(.damaged, "\(name): names no step of a run")
        }
        guard step <= schedule.steps else {
            throw TrainingError(
                .invalid, "\(name): has made \(step) steps, more than the \(schedule.steps) of this run",
                hint: .allowSteps(step))
        }
        func tensors(_ kind: String) throws -> [Tensor] {
            try parameters.indices.map {
                try saved.tensor("\(kind).\($0)", shape: parameters[$0].shape, as: .float32)
            }
        }
        let (values, first, second) = (try tensors("parameter"), try tensors("first"), try tensors("second"))
        // States of a version that moved all in every step do not say it.
        let updates =
            saved.contains("updates")
            ? try saved.tensor("updates", shape: [parameters.count], as: .float32).array(of: Float.self).map { count in
                guard count.isFinite, 0...Float(step) ~= count else {
                    throw TrainingError(.damaged, "\(name): a parameter was moved \(count) times in \(step) steps")
                }
                return Int(count)
            } : parameters.map { _ in step }
        for (own, value) in zip(parameters, values) { try own.copy(from: value) }
        try optimizer.restore(
            stepCount: step, updateCounts: updates, firstMoments: first, secondMoments: second)
    }
}

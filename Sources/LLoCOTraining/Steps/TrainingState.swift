import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOTorch

/// The state of training: parameters, the optimizer with its moments, and the step count.
///
/// The next step depends only on this state and the run's seed. A resumed run thus ends with exactly the parameters of
/// an uninterrupted one.
final class TrainingState {
    private let optimizer: AdamW
    private let parameters: [Tensor]
    private let peaks: [Double]
    private let schedule: LearningRateSchedule
    private let clipNorm: Double
    /// Appended to an error about instability: says what remains valid.
    private let failureNote: String

    /// - Parameter groups: float32 parameters with their peak learning rates
    init(_ groups: [AdamW.Group], schedule: LearningRateSchedule, clipNorm: Double, failureNote: String) throws {
        optimizer = try AdamW(groups)
        parameters = groups.flatMap(\.parameters)
        peaks = groups.map(\.learningRate)
        self.schedule = schedule
        self.clipNorm = clipNorm
        self.failureNote = failureNote
        for parameter in parameters { try parameter.setRequiresGradient(true) }
    }

    /// Number of steps made so far, including those before an interruption.
    var stepCount: Int { optimizer.stepCount }

    /// Clips the parameters' accumulated gradients to the recipe's norm.
    ///
    /// - Parameters:
    ///   - loss: the loss of the step
    ///   - step: the step's number, from 0
    /// - Returns: the joint norm before clipping
    /// - Throws: `TrainingError` if the loss or the norm is not finite; the gradients are cleared then.
    func clipGradients(loss: Double, step: Int) throws -> Double {
        let norm = try LLoCOTorch.clipGradients(of: parameters, toNorm: clipNorm)
        guard loss.isFinite, norm.isFinite else {
            try clearGradients()
            throw TrainingError.notFinite(step: step + 1, loss: loss, norm: norm, failureNote: failureNote)
        }
        return norm
    }

    /// Updates the parameters and clears their gradients.
    func step() throws {
        let share = schedule.share(at: optimizer.stepCount)
        for index in optimizer.groups.indices { optimizer.groups[index].learningRate = peaks[index] * share }
        try optimizer.step()
        try clearGradients()
    }

    func clearGradients() throws { try optimizer.clearGradients() }

    /// Checks the parameters.
    ///
    /// - Throws: `TrainingError` if a parameter is not finite.
    func checkFinite() throws {
        for parameter in parameters where try !parameter.detached().isAllFinite() {
            throw TrainingError(
                .failed,
                "training became unstable by step \(stepCount) (a parameter is not finite): \(failureNote); lower the "
                    + "learning rate")
        }
    }

    // MARK: - Saving

    /// The bytes of `tensors()`.
    var byteCount: Int { 3 * 4 * parameters.reduce(0) { $0 + $1.count } }

    /// The state's tensors by name: the parameters, in the groups' order, their moments, and their update counts.
    func tensors() throws -> [String: Tensor] {
        var tensors = ["updates": try Tensor(optimizer.updateCounts.map(Float.init))]
        for (index, parameter) in parameters.enumerated() {
            tensors["parameter.\(index)"] = try parameter.detached()
            tensors["first.\(index)"] = optimizer.firstMoments[index]
            tensors["second.\(index)"] = optimizer.secondMoments[index]
        }
        return tensors
    }

    /// The metadata of a saved state: the field `step` and the run's fields.
    func metadata(_ run: [String: String] = [:]) -> [String: String] {
        run.merging(["step": "\(stepCount)"]) { $1 }
    }

    /// Restores the state that `tensors()` and `metadata()` returned.
    ///
    /// - Throws: `TrainingError` if the step is missing or beyond this run; `CheckpointError` naming a tensor that is
    ///   missing or has another shape. The parameters are unchanged then.
    func restore(_ saved: some Checkpoint, metadata: [String: String], named name: String) throws {
        guard let step = metadata["step"].flatMap({ Int($0) }), step >= 0 else {
            throw TrainingError(.damaged, "\(name): no valid 'step' in its metadata, expected a number of steps")
        }
        guard step <= schedule.steps else {
            throw TrainingError(
                .invalid, "\(name): \(step) steps made, expected at most the \(schedule.steps) steps of this run",
                hint: .allowSteps(step))
        }
        func tensors(_ kind: String) throws -> [Tensor] {
            try parameters.indices.map {
                try saved.tensor("\(kind).\($0)", shape: parameters[$0].shape, as: .float32)
            }
        }
        let (values, first, second) = (try tensors("parameter"), try tensors("first"), try tensors("second"))
        // An older version updated all parameters in every step and saved no counts.
        let updates =
            saved.contains("updates")
            ? try saved.tensor("updates", shape: [parameters.count], as: .float32).array(of: Float.self).map { count in
                guard count.isFinite, 0...Float(step) ~= count else {
                    throw TrainingError(
                        .damaged, "\(name): 'updates': \(count) updates of a parameter, expected 0 to \(step)")
                }
                return Int(count)
            } : parameters.map { _ in step }
        for (parameter, value) in zip(parameters, values) { try parameter.copy(from: value) }
        try optimizer.restore(
            stepCount: step, updateCounts: updates, firstMoments: first, secondMoments: second)
    }
}

/// A batch of rows in a training step.
package protocol TrainingPass {
    var objective: CompressorTrainer.Objective { get }
    var rowCount: Int { get }
    /// Number of tokens processed
    var tokens: Int { get }
    /// Number of predicted tokens in each row
    var predictedByRow: Int { get }

    /// Accumulates the gradients of scale · loss over the predicted tokens; returns the unscaled sum of losses.
    func backward(_ trainer: CompressorTrainer, scale: Double) throws -> Double
}

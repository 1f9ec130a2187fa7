/// Rows of a training step that are computed together.
package protocol TrainingPass {
    var objective: CompressorTrainer.Objective { get }
    var rowCount: Int { get }
    /// Tokens read
    var tokens: Int { get }
    /// Tokens of each row that the loss counts
    var predictedByRow: Int { get }

    /// The gradients of scale · loss over what the rows predict; returns the sum, unscaled.
    func backward(_ trainer: CompressorTrainer, scale: Double) throws -> Double
}

import LLoCOLibrary
import LLoCOTraining

extension LossPlot {
    /// The curves of a compressor's training: the loss, or one curve per objective.
    static func curves(of lines: [CompressorTrainingLog.Line]) -> [Curve] {
        let objectives = CompressorTrainer.Objective.allCases.compactMap { objective -> Curve? in
            let losses = lines.compactMap { line in
                line.losses?[objective.rawValue].map { TrainingLoss(step: line.step, loss: $0) }
            }
            return losses.isEmpty ? nil : Curve(name: objective.rawValue, losses: losses)
        }
        let rest = objectives.count > 1 ? lines.filter { $0.losses == nil } : lines
        return (objectives.count > 1 ? objectives : [])
            + [Curve(name: "loss", losses: rest.map { TrainingLoss(step: $0.step, loss: $0.loss) })]
    }
}

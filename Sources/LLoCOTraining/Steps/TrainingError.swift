/// Training that cannot go on. The description is one line.
public struct TrainingError: Error, CustomStringConvertible, Sendable {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }

    static func notFinite(step: Int, loss: Double, norm: Double, kept: String) -> TrainingError {
        TrainingError(
            "training became unstable at step \(step) (loss \(loss), gradient norm \(norm)): "
                + "\(kept); lower the learning rate")
    }
}

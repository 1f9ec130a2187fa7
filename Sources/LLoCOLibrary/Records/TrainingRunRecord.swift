public import Foundation

/// A stored training run of a group's adapter, without its state.
public struct TrainingRunRecord: Hashable, Sendable, Identifiable {
    /// The run's key within the library.
    public let id: Int64
    /// The name of the group that the run trains an adapter for.
    public let group: String
    /// The identity of the vectors that the adapter is trained to read.
    public let identity: VectorIdentity
    /// The hyperparameters, JSON.
    public let settings: String
    /// The SHA-256 of the training data.
    public let dataDigest: String
    /// The last step whose state is stored; 0 before the first.
    public let step: Int
    /// The number of steps of the whole run.
    public let totalSteps: Int
    /// Whether the run is finished.
    public let isFinished: Bool
    /// When the run began.
    public let started: Date
    /// When the run last saved its state.
    public let updated: Date

    /// Creates a record from its fields.
    public init(
        id: Int64, group: String, identity: VectorIdentity, settings: String, dataDigest: String, step: Int,
        totalSteps: Int, isFinished: Bool, started: Date, updated: Date
    ) {
        self.id = id
        self.group = group
        self.identity = identity
        self.settings = settings
        self.dataDigest = dataDigest
        self.step = step
        self.totalSteps = totalSteps
        self.isFinished = isFinished
        self.started = started
        self.updated = updated
    }
}

/// The loss of one training step.
public struct TrainingLoss: Hashable, Sendable {
    /// The step, from 1.
    public let step: Int
    /// The mean loss in nats per token.
    public let loss: Double

    /// Creates the loss of a step.
    public init(step: Int, loss: Double) {
        self.step = step
        self.loss = loss
    }
}

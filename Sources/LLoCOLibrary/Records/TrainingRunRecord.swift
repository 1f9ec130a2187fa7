public import Foundation

/// A training run of a group's adapter, without its state.
public struct TrainingRunRecord: Hashable, Sendable, Identifiable {
    /// Its key within the library.
    public let id: Int64
    /// The name of its group.
    public let group: String
    /// What the adapter in training is bound to.
    public let identity: VectorIdentity
    /// The hyperparameters, JSON.
    public let settings: String
    /// The SHA-256 of the data it trains on.
    public let dataDigest: String
    /// The last step whose state is stored; 0 before the first.
    public let step: Int
    /// How many steps it takes.
    public let totalSteps: Int
    /// Whether it reached its end.
    public let isFinished: Bool
    /// When it began.
    public let started: Date
    /// When it last saved.
    public let updated: Date

    /// A run of the given parts.
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
    /// Its mean loss in nats a token.
    public let loss: Double

    /// The loss of a step.
    public init(step: Int, loss: Double) {
        self.step = step
        self.loss = loss
    }
}

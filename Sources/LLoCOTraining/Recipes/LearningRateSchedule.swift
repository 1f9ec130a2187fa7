import Foundation

/// The learning rate of every step, as a share of its peak: a linear rise, then a fall.
public struct LearningRateSchedule: Sendable, Equatable {
    /// How the rate falls after the rise.
    public enum Decay: String, Sendable, Codable, CaseIterable {
        /// half a cosine to zero
        case cosine
        /// a straight line to zero
        case linear
        /// not at all
        case constant
    }

    /// All steps of the run, at least 1: the fall ends with them.
    public let steps: Int
    /// The first of them, in which the rate rises in equal parts; the last of these has all of it. 0 for none.
    public let warmupSteps: Int
    /// How the rate falls after the rise
    public let decay: Decay

    /// A schedule; less than one step counts as one, less than no step of rise as none.
    public init(steps: Int, warmupSteps: Int, decay: Decay) {
        self.steps = max(1, steps)
        self.warmupSteps = max(0, warmupSteps)
        self.decay = decay
    }

    /// The share of the peak, 0...1, at a step counted from 0.
    public func share(at step: Int) -> Double {
        if step < warmupSteps { return Double(step + 1) / Double(warmupSteps) }
        let progress = min(1, Double(step - warmupSteps) / Double(max(1, steps - warmupSteps)))
        return switch decay {
        case .cosine: 0.5 * (1 + cos(.pi * progress))
        case .linear: 1 - progress
        case .constant: 1
        }
    }
}

import Foundation

/// A learning rate schedule: linear warmup, then decay. It gives each step's rate as a share of the peak.
public struct LearningRateSchedule: Sendable, Equatable {
    /// The decay after warmup.
    public enum Decay: String, Sendable, Codable, CaseIterable {
        /// Half a cosine to zero
        case cosine
        /// Linear to zero
        case linear
        /// No decay
        case constant
    }

    /// Number of steps of the run, at least 1; the decay ends with them.
    public let steps: Int
    /// Number of warmup steps; the last one has the peak rate. 0 for no warmup.
    public let warmupSteps: Int
    /// The decay after warmup
    public let decay: Decay

    /// Creates a schedule; `steps` below 1 count as 1, `warmupSteps` below 0 as 0.
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

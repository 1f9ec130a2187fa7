/// A mean, or another figure, with its 95 % bootstrap interval.
public struct IntervalEstimate: Sendable, Codable, Equatable {
    /// The point estimate.
    public var mean: Double
    /// The lower end of the interval.
    public var low: Double
    /// The upper end of the interval.
    public var high: Double

    /// Creates an estimate.
    public init(mean: Double, low: Double, high: Double) {
        self.mean = mean
        self.low = low
        self.high = high
    }
}

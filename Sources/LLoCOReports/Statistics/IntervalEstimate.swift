/// A figure of questions with its 95 % bootstrap interval.
public struct IntervalEstimate: Sendable, Codable, Equatable {
    public var mean: Double
    public var low: Double
    public var high: Double

    public init(mean: Double, low: Double, high: Double) {
        self.mean = mean
        self.low = low
        self.high = high
    }
}

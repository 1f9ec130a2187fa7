/// One side of a plot: what it measures, and where its ticks are.
public struct PlotAxis: Sendable, Equatable {
    public struct Tick: Sendable, Equatable {
        public var value: Double
        public var label: String

        public init(value: Double, label: String) {
            self.value = value
            self.label = label
        }
    }

    /// With its unit.
    public var label: String
    public var scale: PlotScale
    public var ticks: [Tick]

    /// - Parameter ticks: nil for the scale's own, with numbers for labels
    public init(label: String, scale: PlotScale, ticks: [Tick]? = nil) {
        self.label = label
        self.scale = scale
        self.ticks = ticks ?? scale.ticks.map { Tick(value: $0, label: NumberText.tick($0)) }
    }
}

/// An axis of a plot: its label, scale and ticks.
public struct PlotAxis: Sendable, Equatable {
    /// A tick with its label.
    public struct Tick: Sendable, Equatable {
        /// The value on the scale.
        public var value: Double
        /// The text at the tick.
        public var label: String

        /// Creates a tick.
        public init(value: Double, label: String) {
            self.value = value
            self.label = label
        }
    }

    /// The label, including the unit.
    public var label: String
    /// The scale.
    public var scale: PlotScale
    /// The ticks.
    public var ticks: [Tick]

    /// Creates an axis.
    ///
    /// - Parameter ticks: the ticks; nil for the scale's default ticks with numbers as labels
    public init(label: String, scale: PlotScale, ticks: [Tick]? = nil) {
        self.label = label
        self.scale = scale
        self.ticks = ticks ?? scale.ticks.map { Tick(value: $0, label: NumberText.tick($0)) }
    }
}

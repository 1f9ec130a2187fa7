import LLoCOReports
import Testing

@Suite struct PlotScaleTests {
    /// Ticks are few, and lie within the ends.
    @Test(
        arguments: [
            [0, 100], [31.2, 47.9], [-3.5, 8.1], [0.00021, 0.00047], [5, 5], [0, 0], [-2, -2], [1e12, 1e12 + 1], [],
            [100_000, 2_300_000], [1, 1_000_000], [380, 9000], [0, 40, 1210], [1e-300, 1e300], [.nan, 3, .infinity],
            [0.07, 12], [1e-9, 1e14],
        ] as [[Double]])
    func ticks(values: [Double]) {
        for kind in [nil, .linear, .logarithmic] as [PlotScale.Kind?] {
            let scale = PlotScale(fitting: values, kind: kind)
            #expect(scale.low < scale.high && scale.low.isFinite && scale.high.isFinite, "\(values) \(scale)")
            let ticks = scale.ticks
            #expect((2...14).contains(ticks.count), "\(values) \(String(describing: kind)) \(ticks)")
            #expect(ticks == ticks.sorted())
            let places = ticks.map(scale.position(of:))
            #expect(places.allSatisfy { (0...1).contains($0) })
            #expect(Set(places).count == places.count, "\(values) \(ticks)")
            for value in values where value.isFinite && abs(value) < 1e15 {
                let isInside = value >= scale.low * (1 - 1e-9) && value <= scale.high * (1 + 1e-9)
                #expect(scale.kind == .logarithmic || isInside || scale.low < 0, "\(value) \(scale)")
            }
        }
    }

    /// A scale is logarithmic if values span more than a decade and none is negative.
    @Test func kind() {
        #expect(PlotScale(fitting: [1, 10]).kind == .linear)
        #expect(PlotScale(fitting: [1, 10.5]).kind == .logarithmic)
        #expect(PlotScale(fitting: [-1, 1, 100]).kind == .linear)
        #expect(PlotScale(fitting: [0, 1, 100]).hasZero)
        #expect(!PlotScale(fitting: [1, 100]).hasZero)
    }

    /// Ticks of known ranges.
    @Test func known() {
        #expect(PlotScale(fitting: [0, 47], kind: .linear).ticks == [0, 10, 20, 30, 40, 50])
        #expect(PlotScale(fitting: [380, 9000]).ticks == [200, 500, 1000, 2000, 5000, 10_000])
        #expect(PlotScale(fitting: [0, 5, 90_000]).ticks == [0, 10, 100, 1000, 10_000, 100_000])
        #expect(
            PlotScale(fitting: [0.1, 0.3], kind: .linear).ticks.map(NumberText.tick) == [
                "0.1", "0.15", "0.2", "0.25", "0.3",
            ])
    }

    /// Zero has a separate position below the smallest value, and order is kept.
    @Test func zero() {
        let scale = PlotScale(fitting: [0, 40, 1210])
        let places = [0, 40, 384, 1210].map(scale.position(of:))
        #expect(places[0] == 0)
        #expect(places == places.sorted() && Set(places).count == 4)
        #expect(places[1] > 0.09)
    }

    /// Number formats of reports.
    @Test func numbers() {
        #expect(NumberText.fixed(1234567.891, 1) == "1,234,567.9")
        #expect(NumberText.fixed(-0.04, 1) == "0.0")
        #expect(NumberText.fixed(-12.34, 1) == "−12.3")
        #expect(NumberText.fixed(.nan, 1) == "–")
        #expect(NumberText.fixed(.infinity, 1) == "–")
        #expect(NumberText.signed(3.14, 1) == "+3.1")
        #expect(NumberText.signed(0.01, 1) == "0.0")
        #expect(NumberText.signed(-3.14, 1) == "−3.1")
        #expect(NumberText.count(Int.min).hasPrefix("−9,223,"))
        #expect(NumberText.probability(0.0002) == "< 0.001")
        #expect([0.002, 50, 2000, 20_000].map(NumberText.tick) == ["0.002", "50", "2,000", "20k"])
        #expect([131_072, 3e6, 2_097_152, -0.5].map(NumberText.tick) == ["131,072", "3M", "2,097,152", "−0.5"])
        #expect(NumberText.coordinate(-0.04) == "0")
        #expect(NumberText.coordinate(12.34) == "12.3")
    }
}

import Foundation

/// A scale that maps values to positions on an axis, with its ticks.
public struct PlotScale: Sendable, Equatable {
    /// The kind of scale.
    public enum Kind: Sendable { case linear, logarithmic }

    /// The kind of the scale.
    public let kind: Kind
    /// The value at the low end; positive for a logarithmic scale.
    public let low: Double
    /// The value at the high end; positive for a logarithmic scale.
    public let high: Double
    /// Whether a logarithmic scale has a separate position for zero before the low end.
    public let hasZero: Bool

    /// The share of a logarithmic axis between zero and the low end.
    private static let zeroShare = 0.1
    /// Target number of ticks.
    private static let targetTickCount = 5.0
    /// Drawable range: times, tokens, scores and losses are well inside it.
    private static let largest = 1e15
    private static let smallest = 1e-9

    /// Creates a scale that contains `values`, with round numbers at its ends; non-finite values are ignored.
    ///
    /// - Parameters:
    ///   - kind: the kind; nil for logarithmic if no value is negative and the positive ones span more than a decade
    ///   - low: a fixed low end, for linear scales only
    ///   - high: a fixed high end, for linear scales only
    public init(fitting values: [Double], kind: Kind? = nil, low: Double? = nil, high: Double? = nil) {
        let values = values.filter { $0.isFinite && abs($0) < Self.largest }
        let positive = values.filter { $0 > 0 }.map { max($0, Self.smallest) }
        let smallest = positive.min() ?? 1
        let largest = positive.max() ?? 1
        let spansDecade = largest > 10 * smallest && !values.contains { $0 < 0 }
        self.kind = kind ?? (spansDecade ? .logarithmic : .linear)
        switch self.kind {
        case .logarithmic:
            hasZero = values.contains { $0 <= 0 }
            let ends = (Self.roundDown(smallest), Self.roundUp(largest))
            self.low = ends.0 < ends.1 ? ends.0 : Self.roundDown(ends.0 * 0.9)
            self.high = ends.0 < ends.1 ? ends.1 : Self.roundUp(ends.1 * 1.1)
        case .linear:
            hasZero = false
            var minimum = low ?? values.min() ?? 0
            var maximum = high ?? values.max() ?? 1
            if !(minimum < maximum) {
                // A single value is put in the middle; a single zero at the low end.
                let margin = maximum == 0 ? 1 : abs(maximum) / 2
                if high == nil { maximum = minimum + margin }
                if low == nil, minimum != 0 { minimum -= margin }
                if !(minimum < maximum) { maximum = minimum + max(1, abs(minimum)) }
            }
            let step = Self.step(minimum, maximum)
            self.low = low ?? (minimum / step).rounded(.down) * step
            self.high = high ?? (maximum / step).rounded(.up) * step
        }
    }

    /// The position of a value, from 0 at the low end to 1 at the high end; clamped.
    public func position(of value: Double) -> Double {
        guard value.isFinite else { return 0 }
        let share: Double
        switch kind {
        case .linear:
            share = (value - low) / (high - low)
        case .logarithmic:
            guard value > 0 else { return 0 }
            let zero = hasZero ? Self.zeroShare : 0
            share = zero + (1 - zero) * max(0, log(value / low) / log(high / low))
        }
        return min(1, max(0, share))
    }

    /// Round numbers from the low end to the high end.
    public var ticks: [Double] {
        switch kind {
        case .linear:
            let step = Self.step(low, high)
            let first = (low / step).rounded(.up)
            let last = (high / step + 1e-9).rounded(.down)
            guard last >= first, last - first < 50 else { return [low, high] }
            return (0...Int(last - first)).map { (first + Double($0)) * step }
        case .logarithmic:
            return (hasZero ? [0] : []) + logarithmicTicks
        }
    }

    private var logarithmicTicks: [Double] {
        let exponents = Int(log10(low).rounded(.down))...Int(log10(high).rounded(.up))
        let isShort = log10(high / low) < 3.1
        let stride = max(1, Int((Double(exponents.count) / 7).rounded(.up)))
        var ticks: [Double] = []
        for exponent in exponents where (exponent - exponents.lowerBound) % stride == 0 {
            for factor in isShort ? [1.0, 2, 5] : [1] {
                let tick = Self.decimal(factor, exponent)
                if tick >= low * (1 - 1e-9), tick <= high * (1 + 1e-9) { ticks.append(tick) }
            }
        }
        return ticks
    }

    /// The tick step: 1, 2 or 5 times a power of ten, so that about ``targetTickCount`` ticks fit.
    private static func step(_ low: Double, _ high: Double) -> Double {
        let rough = (high - low) / targetTickCount
        // The ends differ only by rounding errors.
        guard rough > abs(high) * 1e-12, rough.isFinite, rough > 0 else { return max(abs(high), 1) }
        let exponent = Int(log10(rough).rounded(.down))
        let factor = rough / decimal(1, exponent)
        return decimal(factor < 1.5 ? 1 : factor < 3.5 ? 2 : factor < 7.5 ? 5 : 10, exponent)
    }

    private static func roundDown(_ value: Double) -> Double {
        let exponent = Int(log10(value).rounded(.down))
        return [5, 2, 1].map { decimal($0, exponent) }.first { $0 <= value * (1 + 1e-9) } ?? decimal(5, exponent - 1)
    }

    private static func roundUp(_ value: Double) -> Double {
        let exponent = Int(log10(value).rounded(.down))
        return [1, 2, 5, 10].map { decimal($0, exponent) }.first { $0 >= value * (1 - 1e-9) }
            ?? decimal(20, exponent)
    }

    /// `factor` x 10^`exponent`, correctly rounded: negative powers of ten are not exact, so they are divided by.
    private static func decimal(_ factor: Double, _ exponent: Int) -> Double {
        exponent < 0 ? factor / pow(10, Double(-exponent)) : factor * pow(10, Double(exponent))
    }
}

package import CoreMetrics
import Synchronization

/// A backend of swift-metrics that exports Prometheus' text format 0.0.4.
///
/// Timers (in seconds) and aggregating recorders are histograms.
package final class PrometheusRegistry: MetricsFactory {
    private let series = Mutex<[Series.Key: Series]>([:])
    private let help: [String: String]

    /// Creates an empty registry.
    ///
    /// - Parameter help: descriptions of metrics by name
    package init(help: [String: String]) { self.help = help }

    private func series(_ label: String, _ dimensions: [(String, String)], _ kind: Series.Kind) -> Series {
        let key = Series.Key(
            name: label, labels: dimensions.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ","))
        return series.withLock { series in
            let found = series[key] ?? Series(kind)
            series[key] = found
            return found
        }
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, .counter)
    }
    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, .gauge)
    }
    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        series(label, dimensions, aggregate ? .histogram : .gauge)
    }
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, .histogram)
    }
    // Series live as long as the server does.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    /// All metrics in Prometheus' text format, sorted by name.
    package func text() -> String {
        let all = series.withLock { Array($0) }.sorted { ($0.key.name, $0.key.labels) < ($1.key.name, $1.key.labels) }
        var text = ""
        var last = ""
        for (key, series) in all {
            if key.name != last {
                if let help = help[key.name] { text += "# HELP \(key.name) \(help)\n" }
                text += "# TYPE \(key.name) \(series.kind.rawValue)\n"
                last = key.name
            }
            text += series.lines(key)
        }
        return text
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}

/// One metric with one set of labels.
private final class Series: CounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    struct Key: Hashable {
        let name: String
        let labels: String
    }
    enum Kind: String {
        case counter
        case gauge
        case histogram
    }
    private struct Values {
        var value = 0.0
        var count = 0
        var buckets = Array(repeating: 0, count: Series.bounds.count)
    }

    let kind: Kind
    private let values = Mutex(Values())

    /// The upper bounds of a histogram's buckets: from one token's seconds to a long prompt's
    private static let bounds = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]

    init(_ kind: Kind) { self.kind = kind }

    func increment(by amount: Int64) { values.withLock { $0.value += Double(amount) } }
    func increment(by amount: Double) { values.withLock { $0.value += amount } }
    func decrement(by amount: Double) { values.withLock { $0.value -= amount } }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { values.withLock { $0.value = value } }
    func reset() { values.withLock { $0 = Values() } }
    func record(_ value: Int64) { record(Double(value)) }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func record(_ value: Double) {
        guard kind == .histogram else { return set(value) }
        values.withLock { values in
            values.value += value
            values.count += 1
            for (index, bound) in Self.bounds.enumerated() where value <= bound { values.buckets[index] += 1 }
        }
    }

    func lines(_ key: Key) -> String {
        let values = values.withLock { $0 }
        let labels = key.labels.isEmpty ? "" : "{\(key.labels)}"
        guard kind == .histogram else { return "\(key.name)\(labels) \(values.value.plain)\n" }
        let before = key.labels.isEmpty ? "" : key.labels + ","
        var text = ""
        for (bound, count) in zip(Self.bounds, values.buckets) {
            text += "\(key.name)_bucket{\(before)le=\"\(bound.plain)\"} \(count)\n"
        }
        text += "\(key.name)_bucket{\(before)le=\"+Inf\"} \(values.count)\n"
        return text + "\(key.name)_sum\(labels) \(values.value.plain)\n\(key.name)_count\(labels) \(values.count)\n"
    }
}

extension Double {
    /// Integers without a fraction.
    fileprivate var plain: String { self == rounded() && abs(self) < 1e15 ? String(Int(self)) : String(self) }
}

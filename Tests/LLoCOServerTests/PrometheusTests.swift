import LLoCOServer
import Metrics
import Testing

@Suite struct PrometheusTests {
    @Test func metricsAreExportedAsText() {
        let registry = PrometheusRegistry(help: ["b_seconds": "How long."])
        for _ in 0..<2 { Counter(label: "a_total", dimensions: [("x", "q\"\n")], factory: registry).increment(by: 3) }
        Metrics.Timer(label: "b_seconds", factory: registry).recordSeconds(0.03)
        Metrics.Timer(label: "b_seconds", factory: registry).recordSeconds(1000)
        Gauge(label: "c", factory: registry).record(1.5)
        let lines = registry.text().split(separator: "\n").map(String.init)
        #expect(
            lines.prefix(4) == [
                "# TYPE a_total counter", #"a_total{x="q\"\n"} 6"#, "# HELP b_seconds How long.",
                "# TYPE b_seconds histogram",
            ])
        for line in [
            #"b_seconds_bucket{le="0.02"} 0"#, #"b_seconds_bucket{le="0.05"} 1"#, #"b_seconds_bucket{le="+Inf"} 2"#,
            "b_seconds_sum 1000.03", "b_seconds_count 2", "# TYPE c gauge", "c 1.5",
        ] { #expect(lines.contains(line), "\(line)") }
    }
}

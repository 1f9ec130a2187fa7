import Foundation
import LLoCO
import Metrics

/// The metrics of a server.
final class ServerMetrics: Sendable {
    private let registry = PrometheusRegistry(help: help)
    private let start = Date()

    private static let help = [
        "lloco_requests_total": "Requests by route, method and status.",
        "lloco_request_seconds": "Seconds from a request to its response's head, by route.",
        "lloco_prompt_tokens_total": "Prompt positions of answers.",
        "lloco_generated_tokens_total": "Generated tokens.",
        "lloco_answers_total": "Answers by mode and finish reason.",
        "lloco_first_token_seconds": "Seconds from an answer's admission to its first token.",
        "lloco_token_seconds": "Mean seconds per token after the first.",
        "lloco_answers_admitted": "Answers that are queued or generated.",
        "lloco_batch_answers": "Answers in the batch, in prefill or decoding.",
        "lloco_answers_refused_total": "Answers refused because of the limit of concurrent answers.",
        "lloco_cache_bytes": "Bytes of the caches of adapters, vectors and text prompts.",
        "lloco_cache_hits": "Cache hits.",
        "lloco_cache_misses": "Cache misses.",
        "lloco_jobs": "Jobs by state.",
        "lloco_uptime_seconds": "Seconds since the server started.",
    ]

    /// Counts an answered request.
    func count(route: String, method: String, status: Int, seconds: Double) {
        Counter(
            label: "lloco_requests_total",
            dimensions: [("route", route), ("method", method), ("status", "\(status)")], factory: registry
        ).increment()
        Metrics.Timer(label: "lloco_request_seconds", dimensions: [("route", route)], factory: registry)
            .recordSeconds(seconds)
    }

    /// Counts an ended answer; nil if it failed or was cancelled.
    func count(_ answer: Answer?) {
        Counter(
            label: "lloco_answers_total",
            dimensions: [("mode", answer?.mode.rawValue ?? ""), ("end", answer?.finishReason ?? "failed")],
            factory: registry
        ).increment()
        guard let answer else { return }
        Counter(label: "lloco_prompt_tokens_total", factory: registry).increment(by: answer.promptTokens)
        Counter(label: "lloco_generated_tokens_total", factory: registry).increment(by: answer.generatedTokens)
        let first = answer.seconds.total - answer.seconds.decode
        Metrics.Timer(label: "lloco_first_token_seconds", factory: registry).recordSeconds(first)
        if answer.generatedTokens > 1 {
            Metrics.Timer(label: "lloco_token_seconds", factory: registry)
                .recordSeconds(answer.seconds.decode / Double(answer.generatedTokens - 1))
        }
    }

    /// Counts an answer that was refused because of the limit.
    func countRefusal() { Counter(label: "lloco_answers_refused_total", factory: registry).increment() }

    /// All metrics in Prometheus' text format, with current values of gauges.
    func text(_ library: DocumentLibrary, admitted: Int, jobs: [Job]) -> String {
        set("lloco_answers_admitted", admitted)
        set("lloco_batch_answers", library.engine.growingAnswers)
        let engine = library.engine
        for (name, use) in [
            ("adapters", engine.adapters.use), ("vectors", engine.vectors.use), ("prompts", library.promptCacheUse),
        ] {
            set("lloco_cache_bytes", use.bytes, [("cache", name)])
            set("lloco_cache_hits", use.hits, [("cache", name)])
            set("lloco_cache_misses", use.misses, [("cache", name)])
        }
        for state in JobState.allCases {
            set("lloco_jobs", jobs.count { $0.state == state }, [("state", state.rawValue)])
        }
        set("lloco_uptime_seconds", Int(-start.timeIntervalSinceNow))
        return registry.text()
    }

    private func set(_ name: String, _ value: Int, _ dimensions: [(String, String)] = []) {
        Gauge(label: name, dimensions: dimensions, factory: registry).record(value)
    }
}

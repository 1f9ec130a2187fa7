import Foundation
import LLoCO
import Metrics

/// What a server counts.
final class ServerMetrics: Sendable {
    private let registry = PrometheusRegistry(help: help)
    private let start = Date()

    private static let help = [
        "lloco_requests_total": "Requests by route, method and status.",
        "lloco_request_seconds": "Seconds from a request to the end of its response's head, by route.",
        "lloco_prompt_tokens_total": "Positions of the prompts of answers.",
        "lloco_generated_tokens_total": "Tokens of answers.",
        "lloco_answers_total": "Answers by mode and by how they ended.",
        "lloco_first_token_seconds": "Seconds from an answer's admission to its first token.",
        "lloco_token_seconds": "Mean seconds between two tokens of an answer.",
        "lloco_answers_admitted": "Answers that are given or wait.",
        "lloco_batch_answers": "Answers whose prompts are read or that grow, all in one batch.",
        "lloco_answers_refused_total": "Answers refused because too many were in hand.",
        "lloco_cache_bytes": "Bytes that are held: adapters, documents' vectors, prompts of text.",
        "lloco_cache_hits": "How often what was asked for was held.",
        "lloco_cache_misses": "How often it had to be loaded or computed.",
        "lloco_jobs": "Jobs by state.",
        "lloco_uptime_seconds": "Seconds since the server began.",
    ]

    /// A request that was answered.
    func count(route: String, method: String, status: Int, seconds: Double) {
        Counter(
            label: "lloco_requests_total",
            dimensions: [("route", route), ("method", method), ("status", "\(status)")], factory: registry
        ).increment()
        Metrics.Timer(label: "lloco_request_seconds", dimensions: [("route", route)], factory: registry)
            .recordSeconds(seconds)
    }

    /// An answer that has ended; nil for one that failed or was cancelled.
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

    /// An answer that was refused because too many were in hand.
    func countRefusal() { Counter(label: "lloco_answers_refused_total", factory: registry).increment() }

    /// All of it in Prometheus' text format, with what stands at this moment.
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

import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOModels
import LLoCOTestSupport
import LLoCOTokenizers
import LLoCOTorch
import Synchronization
import Testing

/// Texts generated in one loop are the same as if generated alone.
@Suite struct GenerationLoopTests {
    private let model: LanguageModel

    init() throws { model = try Self.load(.full) }

    private static func load(_ weights: DecodeWeights) throws -> LanguageModel {
        try LanguageModel(
            path: TestFiles.fixtures.appending(path: "llama-rope3"), dtype: .float32, decodeWeights: weights)
    }

    private struct Request: Sendable {
        let prompt: [Int]
        let options: GenerationOptions
    }

    /// Prompts of different lengths, some longer than a prefill chunk, with different limits and sampling.
    private func requests(_ count: Int) throws -> [Request] {
        var generator = SplitMix64(seed: 3)
        return try (0..<count).map { index in
            let length = [3, 17, 40, 200][index % 4]
            var options = GenerationOptions(maximumTokens: 5 + index % 23, endTokens: [])
            if index % 3 == 1 { options.sampling = try SamplingOptions(temperature: 2, seed: UInt64(index)) }
            if index % 5 == 2 { options.endTokens = Set(0..<40) }
            return Request(
                prompt: (0..<length).map { _ in
                    Int.random(in: 4..<model.configuration.vocabularySize, using: &generator)
                },
                options: options)
        }
    }

    @Test(arguments: [DecodeWeights.full, .eightBit], [3, 64])
    func textsMatchGenerationAlone(_ weights: DecodeWeights, _ maximumBatch: Int) async throws {
        let model = try Self.load(weights)
        let requests = try requests(24)
        let alone = try requests.map { try model.generate(model.decoder.embed($0.prompt), options: $0.options) }
        let loop = GenerationLoop(model, maximumBatch: maximumBatch)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (request, alone) in zip(requests, alone) {
                group.addTask {
                    var pieces: [String] = []
                    let text = try await loop.generate(model.decoder.embed(request.prompt), options: request.options) {
                        pieces.append($0)
                    }
                    #expect(text.ids == alone.ids && text.text == alone.text && text.end == alone.end)
                    #expect(pieces.joined() == text.text && !pieces.contains(""))
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func zeroTokensGenerateNothing() async throws {
        let loop = GenerationLoop(model)
        let text = try await loop.generate(model.decoder.embed([5]), options: .init(maximumTokens: 0))
        #expect(text.ids.isEmpty && text.text.isEmpty && text.end == .length)
        let long = try model.decoder.embed(Array(repeating: 5, count: model.window))
        await #expect(throws: ModelError.self) { try await loop.generate(long) }
    }

    /// A cancelled leader hands the steps over; the other texts are unchanged.
    @Test func cancellationEndsOnlyItsText() async throws {
        let loop = GenerationLoop(model)
        let endless = GenerationOptions(maximumTokens: 800, endTokens: [])
        let prompts = (0..<6).map { index in (0..<20).map { 4 + (index * 31 + $0 * 7) % 280 } }
        let alone = try prompts.map {
            try model.generate(model.decoder.embed($0), options: .init(maximumTokens: 300, endTokens: []))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            let (model, started) = (model, Counter())
            for (index, prompt) in prompts.enumerated() {
                let ends = index.isMultiple(of: 2)
                let task = Task {
                    try await loop.generate(
                        model.decoder.embed(prompt),
                        options: ends ? endless : .init(maximumTokens: 300, endTokens: [])
                    ) { _ in started.add(1) }
                }
                group.addTask {
                    if ends {
                        while started.value < 20 * (index + 1) { try await Task.sleep(for: .milliseconds(1)) }
                        task.cancel()
                        await #expect(throws: CancellationError.self) { try await task.value }
                    } else {
                        let text = try await task.value
                        #expect(text.ids == alone[index].ids)
                    }
                }
            }
            try await group.waitForAll()
        }
        // The loop works after the cancellations.
        let last = try await loop.generate(
            model.decoder.embed(prompts[0]), options: .init(maximumTokens: 300, endTokens: []))
        #expect(last.ids == alone[0].ids)
    }

    /// A leader cancelled before its first step wakes the next one.
    @Test func manyAreCancelledAtOnce() async throws {
        let (model, loop) = (model, GenerationLoop(model))
        for round in 0..<20 {
            let tasks = (0..<12).map { index in
                Task {
                    try await loop.generate(
                        model.decoder.embed([5 + index]), options: .init(maximumTokens: 40 + round, endTokens: []))
                }
            }
            try await Task.sleep(for: .milliseconds(round % 5))
            for (index, task) in tasks.enumerated() where !index.isMultiple(of: 4) { task.cancel() }
            for (index, task) in tasks.enumerated() {
                let result = await task.result
                if index.isMultiple(of: 4) { #expect(try result.get().ids.count == 40 + round) }
            }
        }
    }

    @Test func errorOfOnTextEndsOnlyItsText() async throws {
        struct Full: Error {}
        let (model, loop) = (model, GenerationLoop(model))
        let prompt = Array(10..<30)
        let options = GenerationOptions(maximumTokens: 60, endTokens: [])
        let alone = try model.generate(model.decoder.embed(prompt), options: options)
        let failing = Task {
            try await loop.generate(model.decoder.embed(prompt), options: options) { _ in throw Full() }
        }
        let other = try await loop.generate(model.decoder.embed(prompt), options: options)
        #expect(other.ids == alone.ids)
        await #expect(throws: Full.self) { _ = try await failing.value }
    }

    /// A later, long prompt does not block a growing text: it is prefilled in chunks.
    @Test func longPromptsArePrefilledInChunks() async throws {
        let (model, loop) = (model, GenerationLoop(model))
        let long = (0..<900).map { 4 + $0 % 280 }
        let order = Order()
        try await withThrowingTaskGroup(of: Void.self) { group in
            let short = Task {
                try await loop.generate(
                    model.decoder.embed([9, 8, 7]), options: .init(maximumTokens: 1000, endTokens: [])
                ) { _ in order.add("short") }
            }
            while order.events.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
            group.addTask {
                order.add("requested")
                let text = try await loop.generate(
                    model.decoder.embed(long), options: .init(maximumTokens: 2, endTokens: []))
                order.add("long")
                short.cancel()
                let alone = try model.generate(
                    model.decoder.embed(long), options: .init(maximumTokens: 2, endTokens: []))
                #expect(text.ids == alone.ids)
            }
            try await group.waitForAll()
        }
        let events = order.events
        let start = try #require(events.firstIndex(of: "requested"))
        let end = try #require(events.firstIndex(of: "long"))
        #expect(events[start..<end].filter { $0 == "short" }.count >= 3, "\(events)")
    }
}

/// Events in chronological order.
private final class Order: Sendable {
    private let list = Mutex<[String]>([])

    var events: [String] { list.withLock { $0 } }

    func add(_ event: String) { list.withLock { $0.append(event) } }
}

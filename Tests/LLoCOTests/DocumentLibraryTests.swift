import Foundation
import LLoCO
import LLoCOModelTestSupport
import LLoCOTestSupport
import Synchronization
import Testing

/// The public API as a program uses it: several tasks, streams, cancellation.
@Suite(.seeded) struct DocumentLibraryTests {
    let engine: Engine
    let library: DocumentLibrary
    let folder: TemporaryFolder

    init() async throws {
        engine = Engine(try LoadedModel.tiny())
        library = engine.library(try SQLiteLibrary.inMemory())
        folder = try TemporaryFolder()
        for name in ["river", "mill"] {
            let file = folder.url.appending(path: "\(name).txt")
            try Data(Sample.text(name, paragraphs: 6).utf8).write(to: file)
            try await library.add(contentsOf: [file.path], to: "g")
        }
    }

    private static func options(_ mode: AnswerMode = .compressed, _ document: String = "river.txt")
        -> Answerer.Options
    {
        var options = Answerer.Options()
        options.mode = mode
        options.documents = [document]
        options.generation.maximumTokens = 12
        // Whole passages are longer than the tiny model's window.
        if mode == .retrieval { options.budget = .positions(100) }
        return options
    }

    @Test func addingReportsProgress() async throws {
        let file = folder.url.appending(path: "road.txt")
        try Data(Sample.text("road", paragraphs: 6).utf8).write(to: file)
        let reports = Mutex<[AddingProgress]>([])
        let added = Mutex(0)
        let documents = try await library.add(contentsOf: [file.path], to: "h") { progress in
            reports.withLock { $0.append(progress) }
        } onAdded: { _ in
            added.withLock { $0 += 1 }
        }
        let last = try #require(reports.withLock { $0.last })
        #expect(documents.count == 1 && documents[0].document.group == "h" && added.withLock { $0 } == 1)
        #expect(last.doneTokens == documents[0].tokens && last.totalTokens == last.doneTokens && last.count == 1)
        #expect(try await library.add(contentsOf: [file.path]).first?.compressedTokens == 0)
    }

    @Test func piecesFormTheAnswer() async throws {
        let answer = library.ask("What is item 3?", options: Self.options())
        var text = ""
        for try await piece in answer { text += piece }
        let whole = try await answer.result
        #expect(text.trimmingCharacters(in: .whitespacesAndNewlines) == whole.answer)
        #expect(!whole.passages.isEmpty && whole.documents == ["river.txt"])
    }

    /// Concurrent questions share adapters, caches and the index, and get the same answers as alone.
    @Test func concurrentAnswersEqualSequentialAnswers() async throws {
        let asked = [AnswerMode.compressed, .full, .hybrid, .retrieval, .none].flatMap { mode in
            ["river.txt", "mill.txt"].map { (mode, $0) }
        }
        var alone: [String] = []
        for (mode, document) in asked {
            alone.append(
                try await library.ask("What is item 3?", options: Self.options(mode, document)).result.answer)
        }
        let together = try await withThrowingTaskGroup(of: (Int, String).self) { group in
            for (index, ask) in asked.enumerated() {
                group.addTask { [library] in
                    let answer = library.ask("What is item 3?", options: Self.options(ask.0, ask.1))
                    return (index, try await answer.result.answer)
                }
            }
            return try await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
        }
        #expect(asked.indices.map { together[$0] } == alone)
    }

    @Test func aCancelledAnswerStops() async throws {
        var long = Self.options(.none)
        long.generation.maximumTokens = 400
        long.generation.endTokens = []
        let answer = library.ask("What?", options: long)
        var pieces = 0
        await #expect(throws: CancellationError.self) {
            for try await _ in answer {
                pieces += 1
                answer.cancel()
            }
            // Its last pieces may have come before the cancellation.
            _ = try await answer.result
        }
        await #expect(throws: CancellationError.self) { _ = try await answer.result }
        // The engine stays usable.
        #expect(try await library.ask("What?", options: Self.options(.none)).result.generatedTokens > 0)
    }

    @Test func aCancelledTaskStopsItsAnswer() async throws {
        var long = Self.options(.none)
        long.generation.maximumTokens = 400
        long.generation.endTokens = []
        let asked = long
        let task = Task { [library] in try await library.ask("What?", options: asked).result }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
    }

    /// A cancelled addition keeps its finished segments, and the same call resumes it.
    @Test func aCancelledAdditionResumes() async throws {
        let text = Sample.text("road", paragraphs: 12)
        let steps = Mutex(0)
        let gate = Mutex<Task<AddedDocument, any Error>?>(nil)
        let task = Task { [library] in
            try await library.add(text: text, path: "/road.txt", group: "g") { _, _ in
                steps.withLock { $0 += 1 }
                if steps.withLock({ $0 }) == 3 { gate.withLock { $0?.cancel() } }
            }
        }
        gate.withLock { $0 = task }
        let outcome = await task.result
        let again = try await library.add(text: text, path: "/road.txt", group: "g")
        if case .failure(let error) = outcome {
            #expect(error is CancellationError)
            #expect(again.compressedTokens < again.tokens)
        } else {
            #expect(again.compressedTokens == 0)
        }
    }

    /// A cancelled addition that waits for another one throws at once.
    @Test func aCancelledAdditionStopsWaiting() async throws {
        let (begun, begin) = AsyncStream<Void>.makeStream()
        let release = DispatchSemaphore(value: 0)
        let isReleased = Mutex(false)
        let first = Task { [library] in
            try await library.add(text: Sample.text("road", paragraphs: 4), path: "/road.txt", group: "g") { _, _ in
                begin.finish()
                if !isReleased.withLock({ $0 }) { release.wait() }
            }
        }
        for await _ in begun {}
        let second = Task { [library] in try await library.add(text: "A mill.", path: "/other.txt", group: "g") }
        second.cancel()
        await #expect(throws: CancellationError.self) { _ = try await second.value }
        isReleased.withLock { $0 = true }
        release.signal()
        #expect(try await first.value.compressedTokens > 0)
        #expect(try await library.add(text: "A mill.", path: "/other.txt", group: "g").compressedTokens > 0)
    }

    @Test func additionsOfOneDocumentWaitForEachOther() async throws {
        let text = Sample.text("road", paragraphs: 8)
        let added = try await withThrowingTaskGroup(of: AddedDocument.self) { group in
            for _ in 0..<3 {
                group.addTask { [library] in try await library.add(text: text, path: "/road.txt", group: "g") }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(added.map(\.compressedTokens).sorted() == [0, 0, added[0].tokens])
    }

    @Test func errorsHaveCodes() async throws {
        var unknown = Self.options()
        unknown.documents = ["none.txt"]
        let asked = unknown
        await #expect { _ = try await library.ask("What?", options: asked).result } throws: {
            ErrorCode(of: $0) == .notFound
        }
        let long = String(repeating: "what river? ", count: 200)
        await #expect { _ = try await library.ask(long, options: Self.options()).result } throws: {
            ErrorCode(of: $0) == .doesNotFit
        }
    }
}

@Suite(.seeded) struct AdapterCacheTests {
    @Test func theLeastRecentlyUsedAdapterIsEvicted() throws {
        let fixture = try CompressorFixture()
        let adapter = try fixture.adapter()
        let bytes = adapter.parameters.reduce(0) { $0 + $1.count * $1.dtype.byteCount }
        let cache = AdapterCache(byteLimit: 2 * bytes)
        let identity = VectorIdentity(model: "m", compressor: "c", variant: "v")
        let keys = ["a", "b", "c"].map { AdapterCache.Key(identity: identity, config: "", digest: $0) }
        cache.keep(adapter, keys[0])
        cache.keep(adapter, keys[1])
        #expect(cache.adapter(keys[0]) != nil)
        cache.keep(adapter, keys[2])
        #expect(cache.count == 2 && cache.adapter(keys[1]) == nil && cache.adapter(keys[0]) != nil)
        // An adapter larger than the whole limit is cached alone.
        let small = AdapterCache(byteLimit: 1)
        small.keep(adapter, keys[0])
        #expect(small.count == 1)
    }
}

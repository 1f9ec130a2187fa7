import Foundation
import LLoCO
import LLoCOCompression
import LLoCOLibrary
import LLoCOModelTestSupport
import LLoCOTestSupport
import Testing

/// The caches of an engine save work and do not change answers.
@Suite(.seeded) struct CachingTests {
    private func library(_ engine: Engine) async throws -> DocumentLibrary {
        let library = engine.library(try SQLiteLibrary.inMemory())
        for name in ["river", "mill"] {
            try await library.add(text: Sample.text(name, paragraphs: 6), path: "\(name).txt", group: name)
        }
        return library
    }

    private func ask(
        _ library: DocumentLibrary, _ document: String, _ mode: AnswerMode, _ question: String = "What is there?"
    ) async throws -> String {
        var options = Answerer.Options()
        options.mode = mode
        options.documents = [document]
        options.generation.maximumTokens = 12
        return try await library.ask(question, options: options).result.answer
    }

    @Test func vectorsAreReloadedOnlyAfterAChange() async throws {
        let model = try LoadedModel.tiny()
        let engine = Engine(model)
        let library = try await library(engine)
        let first = try await ask(library, "river.txt", .compressed)
        #expect(engine.vectors.use.count == 1 && engine.vectors.use.hits == 0)
        #expect(try await ask(library, "river.txt", .compressed) == first)
        #expect(engine.vectors.use.count == 1 && engine.vectors.use.hits == 1)
        _ = try await ask(library, "mill.txt", .compressed)
        #expect(engine.vectors.use.count == 2)
        // A document of the same content in another library has the same vectors.
        let other = try await self.library(engine)
        #expect(try await ask(other, "river.txt", .compressed) == first)
        #expect(engine.vectors.use.count == 2 && engine.vectors.use.hits == 2)
        // A changed text has other vectors, and its answers equal those of an engine with empty caches.
        try await library.add(text: Sample.text("tower", paragraphs: 6), path: "river.txt", group: "river")
        let changed = try await ask(library, "river.txt", .compressed)
        #expect(engine.vectors.use.count == 3)
        let fresh = Engine(model).library(library.store)
        #expect(try await ask(fresh, "river.txt", .compressed) == changed)
    }

    @Test func theLeastRecentlyUsedVectorsAreEvicted() async throws {
        let model = try LoadedModel.tiny()
        let whole = Engine(model)
        let library = try await library(whole)
        for name in ["river.txt", "mill.txt"] { _ = try await ask(library, name, .compressed) }
        let engine = Engine(model, vectors: VectorCache(byteLimit: whole.vectors.use.bytes - 1))
        let bounded = engine.library(library.store)
        for name in ["river.txt", "mill.txt", "mill.txt", "river.txt"] { _ = try await ask(bounded, name, .compressed) }
        #expect(engine.vectors.use.count == 1 && engine.vectors.use.hits == 1 && engine.vectors.use.misses == 3)
    }

    /// The prompt cache holds several texts, and concurrent questions share them.
    @Test func textsArePrefilledOnce() async throws {
        let model = try LoadedModel.tiny()
        let library = try await library(Engine(model))
        library.reusedStep = 16
        var alone: [String] = []
        for document in ["river.txt", "mill.txt"] {
            for question in ["What is there?", "Who?"] {
                alone.append(try await ask(Engine(model).library(library.store), document, .full, question))
            }
        }
        for document in ["river.txt", "mill.txt"] { _ = try await ask(library, document, .full, "First?") }
        #expect(library.promptCacheUse.misses <= 2)
        let before = library.promptCacheUse.hits
        async let a = ask(library, "river.txt", .full, "What is there?")
        async let b = ask(library, "river.txt", .full, "Who?")
        async let c = ask(library, "mill.txt", .full, "What is there?")
        async let d = ask(library, "mill.txt", .full, "Who?")
        #expect(try await [a, b, c, d] == alone)
        #expect(library.promptCacheUse.hits == before + 4)
    }

    /// A prompt whose reusable prefix another prompt contains is not cached separately.
    @Test func oneOfManyPromptsAboutATextIsCached() async throws {
        let library = try await library(Engine(try LoadedModel.tiny()))
        library.reusedStep = 128
        for question in ["First?", "Who?", "What is there?"] {
            _ = try await ask(library, "river.txt", .full, question)
        }
        #expect(library.promptCacheUse.count == 1 && library.promptCacheUse.hits == 2)
    }
}

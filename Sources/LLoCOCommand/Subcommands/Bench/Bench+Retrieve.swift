import Foundation
import LLoCO
import LLoCOBase
import LLoCOCompression
import LLoCOLibrary
import LLoCOModels
import LLoCOTokenizers
import Logging

/// Measures a question's search in libraries of many passages.
extension Bench {
    private static let questions = 50

    func measureRetrieve() async throws {
        let table = BenchTable(
            [
                .work, BenchColumn("passages", 8) { "\($0.passages ?? 0)" },
                .seconds("query ms", 9, digits: 2) { $0.seconds.map { 1000 * $0 } },
                .seconds("embed ms", 9, digits: 2) { $0.embedSeconds.map { 1000 * $0 } },
                .seconds("search ms", 9, digits: 2) { $0.searchSeconds.map { 1000 * $0 } },
                .seconds("dense ms", 9, digits: 2) { $0.denseSeconds.map { 1000 * $0 } },
                .seconds("keyword ms", 10, digits: 2) { $0.keywordSeconds.map { 1000 * $0 } },
                .seconds("first search ms", 15, digits: 1) { $0.firstSearchSeconds.map { 1000 * $0 } },
                .seconds("insert s", 9, digits: 1) { $0.insertSeconds },
            ], json: output.json)
        let compute = engine.model.compute
        try compute.apply()
        let encoder = try SentenceEmbedder(
            folder: Settings.embedder(engine.embedder), device: compute.parsedDevice())
        let embedder = try TimedEmbedder(LoadedEmbedder(encoder))
        let folder = try TemporaryFolder()
        let quiet = Logger(label: "lloco.bench") { _ in TerminalLog() }
        let library = try SQLiteLibrary.open(folder.path("library.lloco"), for: .writing, logger: quiet)
        var writer = SyntheticPassages(library: library, embedder: embedder, seed: compute.seed)
        // The library grows from size to size.
        for count in passages.values.sorted() {
            let bar = ProgressBar("retrieve: writing \(count) passages")
            let start = ContinuousClock.now
            try writer.grow(to: count) { bar.update($0, of: count) }
            let inserted = start.duration(to: .now).seconds
            bar.finish()
            let retriever = Retriever(library: library, embedder: embedder, logger: quiet)
            /// The seconds of a search, and the part for embedding the question.
            func search(
                _ question: String, _ method: Retriever.Method
            ) async throws -> (all: Double, embedding: Double) {
                embedder.forget()
                let start = ContinuousClock.now
                _ = try await retriever.search(question, method: method)
                return (start.duration(to: .now).seconds, embedder.seconds)
            }
            var (all, embeds, searches, dense, keyword) = ([Double](), [Double](), [Double](), [Double](), [Double]())
            var first = 0.0
            var tokens = 0
            let searching = ProgressBar("retrieve: searching \(count) passages")
            for number in 0...Self.questions {
                let question = writer.question()
                let both = try await search(question, .fusion)
                searching.update(number, of: Self.questions)
                // The first search reads the embeddings from the file.
                guard number > 0 else {
                    first = both.all - both.embedding
                    continue
                }
                tokens += encoder.tokenizer.encodeForEmbedding(question, maxTokens: encoder.maximumTokens).ids.count
                all.append(both.all)
                embeds.append(both.embedding)
                searches.append(both.all - both.embedding)
                // Other questions: the caches hold the rows of the question before.
                let alone = try await search(writer.question(), .dense)
                dense.append(alone.all - alone.embedding)
                keyword.append(try await search(writer.question(), .keyword).all)
            }
            searching.finish()
            let mean = tokens / Self.questions
            var line = BenchLine(work: Work.retrieve.rawValue, tokens: mean)
            line.seconds = all.median
            line.tokensPerSecond = Double(mean) / all.median
            line.passages = count
            line.embedSeconds = embeds.median
            line.searchSeconds = searches.median
            line.denseSeconds = dense.median
            line.keywordSeconds = keyword.median
            line.firstSearchSeconds = first
            line.insertSeconds = inserted
            try table.print(line)
        }
    }
}

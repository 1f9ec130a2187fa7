import Foundation
import LLoCO
import Models
import Tokenizers
import Torch

/// A question's search in libraries of many passages.
extension Bench {
    private static let questions = 50

    func measureRetrieve() throws {
        let table = BenchTable(
            [
                .work, BenchColumn("passages", 8) { "\($0.passages ?? 0)" },
                .seconds("query ms", 9, digits: 2) { $0.seconds.map { 1000 * $0 } },
                .seconds("embed ms", 9, digits: 2) { $0.embedSeconds.map { 1000 * $0 } },
                .seconds("search ms", 9, digits: 2) { $0.searchSeconds.map { 1000 * $0 } },
                .seconds("first search ms", 15, digits: 1) { $0.firstSearchSeconds.map { 1000 * $0 } },
                .seconds("insert s", 9, digits: 1) { $0.insertSeconds },
            ], json: output.json)
        let compute = engine.model.compute
        try compute.apply()
        let encoder = try SentenceEmbedder(
            folder: EngineOptions.embedderFolder(engine.embedder), device: compute.parsedDevice())
        let embedder = try TimedEmbedder(LoadedEmbedder(encoder))
        let folder = try TemporaryFolder()
        let library = try Library.open(folder.path("library.lloco"), for: .writing)
        var writer = SyntheticPassages(library: library, embedder: embedder, seed: compute.seed)
        // The library grows from size to size.
        for count in passages.values.sorted() {
            let bar = ProgressBar("retrieve: writing \(count) passages")
            let start = ContinuousClock.now
            try writer.grow(to: count) { bar.update($0, of: count) }
            let inserted = start.duration(to: .now).seconds
            bar.finish()
            let retriever = Retriever(library: library, embedder: embedder)
            var (all, embeds, searches) = ([Double](), [Double](), [Double]())
            var first = 0.0
            var tokens = 0
            let searching = ProgressBar("retrieve: searching \(count) passages")
            for number in 0...Self.questions {
                let question = writer.question()
                let start = ContinuousClock.now
                _ = try retriever.search(question)
                let seconds = start.duration(to: .now).seconds
                let embedding = embedder.seconds
                searching.update(number, of: Self.questions)
                // The first one reads the embeddings.
                if number == 0 {
                    first = seconds - embedding
                } else {
                    tokens += encoder.tokenizer.encodeForEmbedding(question, maxTokens: encoder.maximumTokens).ids.count
                    all.append(seconds)
                    embeds.append(embedding)
                    searches.append(seconds - embedding)
                }
            }
            searching.finish()
            let mean = tokens / Self.questions
            var line = BenchLine(work: Work.retrieve.rawValue, tokens: mean)
            line.seconds = all.median
            line.tokensPerSecond = Double(mean) / all.median
            line.passages = count
            line.embedSeconds = embeds.median
            line.searchSeconds = searches.median
            line.firstSearchSeconds = first
            line.insertSeconds = inserted
            try table.print(line)
        }
    }
}

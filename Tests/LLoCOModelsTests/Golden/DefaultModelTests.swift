import Foundation
import LLoCOModels
import LLoCOTestSupport
import LLoCOTokenizers
import LLoCOTorch
import Testing

/// The default models compared with transformers' results, if both are available.
@Suite(
    .serialized,
    .enabled(
        if: TestFiles.hasDefaultGolden,
        "the default models or their reference values are not here: see Fixtures/README.md, LLOCO_GOLDEN"))
struct DefaultModelTests {
    private let values: DefaultModelValues

    init() throws {
        values = try DefaultModelValues(in: TestFiles.golden)
    }

    @Test func smolLM2() throws {
        let model = try LanguageModel(path: #require(TestFiles.languageModel), dtype: .float32)
        let tokenizer = try model.tokenizer
        for sample in values.tokens { #expect(tokenizer.encode(sample.text, special: .parsed) == sample.ids) }
        for sample in values.greedy {
            let prompt = try model.decoder.embed(tokenizer.encode(sample.prompt, special: .parsed))
            let generated = try model.generate(
                prompt, options: GenerationOptions(maximumTokens: sample.ids.count, endTokens: []))
            #expect(generated.ids == sample.ids)
            #expect(tokenizer.decode(generated.ids, skippingSpecial: false) == sample.text)
        }
        for sample in values.nll {
            guard let path = sample.path else { continue }
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let ids = Array(tokenizer.encode(text, special: .parsed).prefix(sample.tokens))
            let nll = try model.negativeLogLikelihood(of: ids)
            #expect(abs(nll - sample.nll) < Tolerance.of(.float32) * sample.nll)
        }
    }

    @Test func smolLM2InSixteenBits() throws {
        // A shorter text, because processors without 16-bit products are slow.
        let (single, half) = (
            try LanguageModel(path: #require(TestFiles.languageModel), dtype: .float32),
            try LanguageModel(path: #require(TestFiles.languageModel), dtype: .bfloat16)
        )
        let ids = Array(values.greedy.flatMap(\.ids) + values.tokens.flatMap(\.ids)).prefix(96)
        let expected = try single.negativeLogLikelihood(of: Array(ids))
        let found = try half.negativeLogLikelihood(of: Array(ids))
        #expect(abs(found - expected) < Tolerance.likelihood * expected)
    }

    @Test func miniLM() throws {
        let embedder = try SentenceEmbedder(folder: #require(TestFiles.encoder))
        let vectors = try embedder.embed(values.embeddings.map(\.text))
        for (sample, vector) in zip(values.embeddings, vectors) {
            let encoded = embedder.tokenizer.encodeForEmbedding(sample.text, maxTokens: embedder.maximumTokens)
            #expect(encoded.ids == sample.ids)
            let dot = zip(sample.vector, vector).reduce(0.0) { $0 + $1.0 * Double($1.1) }
            #expect(dot > Tolerance.cosine && dot < 1 + 1 - Tolerance.cosine)
        }
    }
}

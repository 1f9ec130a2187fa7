import Foundation
import Models
import Testing
import Tokenizers
import Torch

/// The default models against transformers' results, where both are at hand.
@Suite(.serialized, .enabled(if: Place.hasDefaultModels, "the default models or their reference values are not here"))
struct DefaultModelTests {
    private struct Values: Decodable {
        struct Tokens: Decodable {
            let text: String
            let ids: [Int]
        }

        struct Likelihood: Decodable {
            let file: String
            let tokens: Int
            let nll: Double
        }

        struct Greedy: Decodable {
            let prompt: String
            let ids: [Int]
            let text: String
        }

        struct Embedding: Decodable {
            let text: String
            let ids: [Int]
            let vector: [Float]
        }

        let tokens: [Tokens]
        let nll: [Likelihood]
        let greedy: [Greedy]
        let embeddings: [Embedding]
    }

    private let values: Values

    init() throws {
        let file = Place.golden.appending(path: "smollm2.json")
        values = try JSONDecoder().decode(Values.self, from: Data(contentsOf: file))
    }

    @Test func smolLM2() throws {
        let model = try LanguageModel(path: Place.languageModel, dtype: .float32)
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
            // The licence texts that Debian and Ubuntu carry.
            let file = URL(fileURLWithPath: "/usr/share/common-licenses").appending(path: sample.file)
            guard let text = try? String(contentsOf: file, encoding: .utf8) else { continue }
            let ids = Array(tokenizer.encode(text, special: .parsed).prefix(sample.tokens))
            let nll = try model.negativeLogLikelihood(of: ids)
            #expect(abs(nll - sample.nll) < Tolerance.of(.float32) * sample.nll)
        }
    }

    @Test func smolLM2InSixteenBits() throws {
        // A shorter text: processors without 16-bit products are slow at this.
        let (single, half) = (
            try LanguageModel(path: Place.languageModel, dtype: .float32),
            try LanguageModel(path: Place.languageModel, dtype: .bfloat16)
        )
        let ids = Array(values.greedy.flatMap(\.ids) + values.tokens.flatMap(\.ids)).prefix(96)
        let expected = try single.negativeLogLikelihood(of: Array(ids))
        let found = try half.negativeLogLikelihood(of: Array(ids))
        #expect(abs(found - expected) < Tolerance.likelihood * expected)
    }

    @Test func miniLM() throws {
        let embedder = try SentenceEmbedder(folder: Place.sentenceEncoder)
        let vectors = try embedder.embed(values.embeddings.map(\.text))
        for (sample, vector) in zip(values.embeddings, vectors) {
            let encoded = embedder.tokenizer.encodeForEmbedding(sample.text, maxTokens: embedder.maximumTokens)
            #expect(encoded.ids == sample.ids)
            let dot = zip(sample.vector, vector).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            #expect(dot > Tolerance.cosine && dot < 1 + 1 - Tolerance.cosine)
        }
    }
}

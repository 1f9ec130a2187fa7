import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTestSupport
import LLoCOTorch
import Testing

/// Compressed vectors against those of a public implementation, and against each other.
@Suite struct CompressorTests {
    let fixture: CompressorFixture

    init() throws { fixture = try CompressorFixture() }

    @Test(arguments: zip(CompressionScheme.Carry.allCases, ["accumulate", "newest", "independent"]))
    func vectorsMatchTheReference(carry: CompressionScheme.Carry, name: String) throws {
        var progress: [Int] = []
        let vectors = try fixture.compressor(carry).compress(fixture.values.document) { progress.append($0) }.rows
        let reference = try fixture.tensors.tensor("vectors.\(name)", as: .float32)
        #expect(vectors.dtype == .float32)
        #expect(try relativeError(vectors, reference) < referenceTolerance)
        #expect(progress == fixture.scheme().segments(of: fixture.values.document.count).map(\.upperBound))
    }

    @Test func vectorsWithAnAdapterMatchTheReference() throws {
        let vectors = try fixture.compressor(adapter: fixture.adapter()).compress(fixture.values.document).rows
        let reference = try fixture.tensors.tensor("vectors.adapter", as: .float32)
        #expect(try relativeError(vectors, reference) < referenceTolerance)
        #expect(try relativeError(vectors, fixture.vectors()) > 0.01, "the adapter changes the vectors")
    }

    @Test(arguments: [false, true]) func logitsAfterTheVectorsMatchTheReference(adapted: Bool) throws {
        let prefix = adapted ? "adapter." : ""
        let adapters = ActiveAdapters(adapted ? [try fixture.adapter()] : [])
        let prompt = try Tensor.concatenated(
            [fixture.vectors(), fixture.decoder.embed(fixture.values.question)[0]]).unsqueezed(0)
        let logits = try withoutGradients {
            try fixture.decoder.logits(fixture.decoder.hiddenStates(prompt, adapters: adapters))[0]
        }
        let reference = try fixture.tensors.tensor("\(prefix)question_logits", as: .float32)
        let count = fixture.values.question.count
        let questionLogits = try logits.narrowed(0, start: logits.size(0) - count, length: count)
        #expect(try relativeError(questionLogits, reference) < referenceTolerance)
        if !adapted {
            let greedy = fixture.values.questionGreedy
            let text = try fixture.model.generate(
                prompt, options: GenerationOptions(maximumTokens: greedy.count, endTokens: []))
            #expect(text.ids == greedy)
        }
    }

    @Test(arguments: CompressionScheme.Carry.allCases)
    func aRunResumesFromStoredVectors(carry: CompressionScheme.Carry) throws {
        let compressor = try fixture.compressor(carry)
        let ids = fixture.values.document
        let segments = compressor.scheme.segments(of: ids.count).map { Array(ids[$0]) }
        var whole = try CompressionRun(compressor, rounding: .bfloat16)
        for segment in segments { _ = try whole.compress(segment) }
        let expected = try whole.vectors().rows
        #expect(expected.shape == [segments.count * 3, fixture.decoder.configuration.hiddenSize])
        for done in 0...segments.count {
            let stored = try SegmentVectors(rows: expected[0..<done * 3].to(.bfloat16))
            var run = try CompressionRun(compressor, after: stored, rounding: .bfloat16)
            for segment in segments[done...] { _ = try run.compress(segment) }
            #expect(try run.vectors().rows.bytes() == expected.bytes(), "\(carry) after \(done) segments")
        }
        // The rounding error is that of bfloat16's 8 significant bits.
        #expect(try relativeError(expected, compressor.compress(ids).rows) < 0.02)
    }

    /// Compression without a cache: every segment recomputes the whole prefix.
    private func vectorsWithoutCache(_ ids: [Int], _ compressor: Compressor) throws -> Tensor {
        try withoutGradients {
            var prefix: [Tensor] = []
            for range in compressor.scheme.segments(of: ids.count) {
                let input = try Tensor.concatenated(
                    prefix + [fixture.decoder.embed(Array(ids[range]))[0], fixture.embedSummary])
                let hidden = try fixture.decoder.hiddenStates(input.unsqueezed(0))[0]
                prefix.append(try hidden.narrowed(0, start: hidden.size(0) - 3, length: 3))
            }
            return try Tensor.concatenated(prefix)
        }
    }

    @Test func eightySegmentsAreCompressed() throws {
        let compressor = try fixture.compressor()
        var generator = SplitMix64(seed: 4)
        let count = 79 * fixture.values.segmentTokens + 1
        let ids = (0..<count).map { _ in Int.random(in: 4..<280, using: &generator) }
        let vectors = try compressor.compress(ids).rows
        #expect(vectors.size(0) == 240)
        #expect(try vectors.isFinite().to(.float32).sum().item() == Double(vectors.count))
        // Errors accumulate over the segments.
        #expect(try relativeError(vectors, vectorsWithoutCache(ids, compressor)) < 1e-3)
    }

    @Test func segmentsHaveNoGaps() {
        let scheme = CompressionScheme(segmentTokens: 20, summaryTokens: 3)
        #expect(scheme.segments(of: 0) == [])
        #expect(scheme.segments(of: 1) == [0..<1])
        #expect(scheme.segments(of: 20) == [0..<20])
        #expect(scheme.segments(of: 47) == [0..<20, 20..<40, 40..<47])
        #expect(scheme.description == "accumulated-20-3")
        #expect(CompressionScheme().description == "accumulated-1536-50")
    }

    @Test func invalidSegmentsAreRefused() throws {
        var run = try CompressionRun(fixture.compressor())
        #expect(message { _ = try run.compress([]) }?.contains("0 tokens") == true)
        #expect(message { _ = try run.compress(Array(repeating: 5, count: 21)) }?.contains("21 tokens") == true)
        #expect(message { _ = try run.compress([5, 100_000]) }?.contains("100000") == true)
        #expect(try run.vectors().rows.shape == [0, fixture.decoder.configuration.hiddenSize])
        // A failure does not change the run.
        let ids = Array(fixture.values.document.prefix(30))
        for range in fixture.scheme().segments(of: ids.count) { _ = try run.compress(Array(ids[range])) }
        #expect(try relativeError(run.vectors().rows, fixture.compressor().compress(ids).rows) == 0)
    }

    @Test func nonFiniteVectorsAreRefused() throws {
        let broken = try fixture.embedSummary.cloned()
        try broken[0..<1].fill(.nan)
        let compressor = try Compressor(
            decoder: fixture.decoder, embedSummary: broken, adapter: nil, scheme: fixture.scheme())
        #expect(message { _ = try compressor.compress([5, 6, 7]) }?.contains("non-finite") == true)
    }

    @Test func textsBeyondTheWindowAreRefused() throws {
        let compressor = try fixture.compressor()
        try compressor.check(tokens: 20 * 2700, named: "a.txt")
        #expect(message { try compressor.check(tokens: 20 * 2800, named: "a.txt") }?.contains("a.txt: 56000") == true)
    }

    @Test func partsOfAnotherModelAreRefused() throws {
        let scheme = fixture.scheme()
        let narrow = try Tensor.zeros([3, 8])
        #expect(
            message {
                _ = try Compressor(decoder: fixture.decoder, embedSummary: narrow, adapter: nil, scheme: scheme)
            }?
            .contains("another model") == true)
        var fewer = scheme
        fewer.summaryTokens = 2
        #expect(
            message {
                _ = try Compressor(
                    decoder: fixture.decoder, embedSummary: fixture.embedSummary, adapter: nil, scheme: fewer)
            }?.contains("expected [2") == true)
        var none = scheme
        none.segmentTokens = 0
        #expect(
            message {
                _ = try Compressor(
                    decoder: fixture.decoder, embedSummary: fixture.embedSummary, adapter: nil, scheme: none)
            } != nil)
        let other = try LanguageModel(path: TestFiles.fixtures.appending(path: "llama-linear"), dtype: .float32)
        let size = other.configuration.size(of: .query)
        let foreign = try Adapter(
            AdapterCheckpoint(
                configuration: .init(rank: 2, alpha: 2, targetModules: ["q_proj"]),
                weights: [
                    AdapterTarget(layer: 0, module: .query): .init(
                        a: .zeros([2, size.input]), b: .zeros([size.output, 2]))
                ]), for: other.decoder)
        #expect(
            message {
                _ = try Compressor(
                    decoder: fixture.decoder, embedSummary: fixture.embedSummary, adapter: foreign, scheme: scheme)
            }?.contains("the adapter is of another model") == true)
    }
}

extension CompressorTests {
    /// With the default model, a run that resumes from stored vectors gives exactly the bytes of an uninterrupted one.
    @Test(.enabled(if: TestFiles.languageModel != nil, "the default models are not here: run Scripts/bootstrap"))
    func theDefaultModelResumesFromStoredVectors() throws {
        let model = try LanguageModel(path: #require(TestFiles.languageModel))
        let scheme = CompressionScheme(segmentTokens: 96, summaryTokens: 50)
        let summary = try model.decoder.embed(Array(repeating: 0, count: 50))[0]
        let compressor = try Compressor(decoder: model.decoder, embedSummary: summary, adapter: nil, scheme: scheme)
        var generator = SplitMix64(seed: 9)
        let segments = (0..<3).map { _ in (0..<96).map { _ in Int.random(in: 20..<40_000, using: &generator) } }
        var whole = try CompressionRun(compressor, rounding: .bfloat16)
        for segment in segments { _ = try whole.compress(segment) }
        let expected = try whole.vectors().rows
        for done in 1..<3 {
            var run = try CompressionRun(
                compressor, after: SegmentVectors(rows: expected[0..<done * 50].to(.bfloat16)), rounding: .bfloat16)
            for segment in segments[done...] { _ = try run.compress(segment) }
            #expect(try run.vectors().rows.bytes() == expected.bytes(), "after \(done) segments")
        }
    }
}

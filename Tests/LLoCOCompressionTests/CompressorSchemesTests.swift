import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
import LLoCODocuments
import LLoCOLibrary
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTestSupport
import LLoCOTokenizers
import LLoCOTorch
import Testing

/// Compression methods other than the published one.
@Suite struct CompressorSchemesTests {
    let fixture: CompressorFixture

    init() throws { fixture = try CompressorFixture() }

    private func compressor(_ scheme: CompressionScheme) throws -> Compressor {
        try Compressor(
            decoder: fixture.decoder, embedSummary: fixture.embedSummary[0..<scheme.learnedRows],
            adapter: fixture.adapter(), scheme: scheme)
    }

    /// A run that resumes from stored vectors gives the results of an uninterrupted one. A text's end does not change
    /// earlier vectors.
    @Test(arguments: CompressionScheme.everyMethod) func aRunResumesFromStoredVectors(
        _ scheme: CompressionScheme
    ) throws {
        let compressor = try compressor(scheme)
        let segments = scheme.segments(of: 67).map { Array(fixture.values.document[$0]) }
        var whole = try CompressionRun(compressor, rounding: .bfloat16)
        for segment in segments { _ = try whole.compress(segment) }
        let all = try whole.vectors()
        let expected = try all.rows
        // The last segment has seven tokens.
        let count = scheme.segmentCompressor.summaryInput == .attended ? 11 : 12
        #expect(expected.shape == [count, compressor.vectorSize])
        for done in 0...segments.count {
            var run = try CompressionRun(
                compressor, after: SegmentVectors(rows: expected[0..<min(done * 3, count)].to(.bfloat16)),
                rounding: .bfloat16)
            for segment in segments[done...] { _ = try run.compress(segment) }
            #expect(try relativeError(run.vectors().rows, expected) < 1e-6, "after \(done) segments")
        }
        // Only independent segments do not depend on earlier ones.
        var alone = try CompressionRun(compressor, rounding: .bfloat16)
        let independent = try alone.compress(segments[2]).rows
        let isSame = try relativeError(expected[6..<9], independent) < 1e-6
        #expect(isSame == (scheme.carry == .independent))
        // Rounding may change the order of attended positions with nearly equal weights.
        let unrounded = try compressor.compress(fixture.values.document.prefix(67).map { $0 }).rows
        if scheme.segmentCompressor.summaryInput == .attended {
            #expect(try relativeError(unrounded.sum(0), expected.sum(0)) < 0.05)
        } else {
            #expect(try relativeError(unrounded, expected) < 0.05)
        }
    }

    /// A segment's vectors equal those of one forward pass over its text and summary positions.
    @Test(arguments: VectorForm.allCases, [CompressionMethod.SummaryInput.learned, .picked])
    func vectorsMatchASingleForwardPass(_ form: VectorForm, _ input: CompressionMethod.SummaryInput) throws {
        let scheme = CompressionScheme(
            segmentTokens: 20, summaryTokens: 3, carry: .independent,
            method: try CompressionMethod(form: form, summaryInput: input, adapterScope: .everywhere))
        let compressor = try compressor(scheme)
        let decoder = fixture.decoder
        let ids = Array(fixture.values.document.prefix(20))
        let start = form == .keysAndValues ? [fixture.values.eos] : []
        let cache = KeyValueCache(layerCount: decoder.configuration.layerCount)
        try withoutGradients {
            _ = start.isEmpty ? nil : try decoder.hiddenStates(decoder.embed(start), cache: cache)
            var summary = compressor.embedSummary
            if input == .picked {
                // -log p of each token with the compressor's adapter and leading position.
                let text = KeyValueCache(layerCount: decoder.configuration.layerCount)
                _ = start.isEmpty ? nil : try decoder.hiddenStates(decoder.embed(start), cache: text)
                let states = try decoder.hiddenStates(decoder.embed(ids), cache: text, adapters: compressor.adapters)
                let logarithms = try decoder.logits(states[0]).logSoftmax(-1).array(of: Float.self)
                let size = decoder.configuration.vocabularySize
                let surprisal = [0] + (1..<20).map { -logarithms[($0 - 1) * size + ids[$0]] }
                let places = (0..<20).sorted { surprisal[$0] > surprisal[$1] }.prefix(3).sorted()
                summary = try decoder.embed(places.map { ids[$0] })[0] + compressor.embedSummary
            }
            let hidden = try decoder.hiddenStates(
                .concatenated([decoder.embed(ids), summary.unsqueezed(0)], 1), cache: cache,
                adapters: compressor.adapters)[0]
            let expected = try form == .embeddings ? hidden[20..<23] : decoder.keysAndValues(of: cache, last: 3)[0]
            #expect(try relativeError(compressor.compress(ids).rows, expected) < referenceTolerance)
        }
    }

    /// With scope `summaries`, the adapter is active neither at the text's positions nor at vectors.
    @Test(arguments: VectorForm.allCases) func theAdapterIsActiveOnlyAtSummaryPositions(
        _ form: VectorForm
    ) throws {
        let scheme = CompressionScheme(
            segmentTokens: 20, summaryTokens: 3, carry: .independent,
            method: try CompressionMethod(form: form, summaryInput: .picked, adapterScope: .summaries))
        let compressor = try compressor(scheme)
        #expect(try compressor.readingAdapters.list.isEmpty && compressor.adapters.list.count == 1)
        let ids = Array(fixture.values.document.prefix(20))
        let plain = try Compressor(
            decoder: fixture.decoder, embedSummary: compressor.embedSummary, adapter: nil, scheme: scheme)
        #expect(try relativeError(compressor.compress(ids).rows, plain.compress(ids).rows) > 1e-3)
    }

    @Test func shortSegmentsAreCompressed() throws {
        for scheme in CompressionScheme.everyMethod where scheme.carry == .independent {
            let compressor = try compressor(scheme)
            let count = scheme.segmentCompressor.summaryInput == .attended ? 1 : 3
            #expect(try compressor.compress([7]).rows.shape == [count, compressor.vectorSize])
            #expect(try compressor.compress([7, 9]).values.isAllFinite())
        }
    }

    /// Attended vectors are a segment's keys and values; their number is proportional to the segment's length.
    @Test func attendedVectorsAreTheSegmentsKeysAndValues() throws {
        let decoder = fixture.decoder
        var usual = Compressor.attendedScheme
        usual.segmentTokens = 20
        let compressor = try Compressor.attended(for: decoder, usual)
        #expect(try compressor.adapters.list.isEmpty && compressor.scheme.carry == .independent)
        let scheme = CompressionScheme(
            segmentTokens: 20, summaryTokens: 4, carry: .independent, method: .attended(AttendedKeysAndValues()))
        #expect((1...20).map { scheme.vectors(of: $0) } == (1...20).map { ($0 + 4) / 5 })
        let ids = Array(fixture.values.document.prefix(20))
        let made = try Compressor(
            decoder: decoder, embedSummary: .zeros([0, decoder.configuration.hiddenSize]), adapter: nil, scheme: scheme
        ).compress(ids).rows
        let cache = KeyValueCache(layerCount: decoder.configuration.layerCount)
        let (expected, fewer, all) = try withoutGradients {
            _ = try decoder.hiddenStates(decoder.embed([fixture.values.eos]), cache: cache)
            let queries = QueryRecord(decoder)
            _ = try decoder.hiddenStates(decoder.embed(ids), cache: cache, queries: queries)
            return (
                try decoder.attendedKeysAndValues(of: cache, last: 20, queries: queries, kept: 4).rows[0],
                try decoder.attendedKeysAndValues(of: cache, last: 20, queries: queries, kept: 2).rows[0],
                try decoder.keysAndValues(of: cache, last: 20)[0]
            )
        }
        #expect(try relativeError(made, expected) < 1e-5)
        #expect(try relativeError(fewer, expected[0..<2]) < 1e-6, "fewer vectors are a prefix of more")
        // With as many vectors as tokens, all positions are kept, ordered by weight: compare order-independent sums.
        let whole = try compressor.compress(ids).rows
        #expect(try relativeError(whole.sum(0), all.sum(0)) < 1e-4)
        #expect(try relativeError((whole * whole).sum(0), (all * all).sum(0)) < 1e-4)
        #expect(try relativeError(whole, all) > 1e-2)
        #expect(throws: ModelError.self) {
            try CompressionMethod(form: .embeddings, summaryInput: .attended, adapterScope: .everywhere)
        }
    }

    /// Schemes survive encoding. A scheme without method fields, from an older version, is the published method.
    @Test func schemesAreEncodedAndDecoded() throws {
        let old = Data(#"{"segmentTokens": 20, "summaryTokens": 3, "carry": "newest"}"#.utf8)
        #expect(
            try JSONDecoder().decode(CompressionScheme.self, from: old)
                == CompressionScheme(segmentTokens: 20, summaryTokens: 3, carry: .newest))
        #expect(Set(CompressionScheme.everyMethod.map(\.description)).count == CompressionScheme.everyMethod.count)
        for scheme in CompressionScheme.everyMethod {
            #expect(try JSONDecoder().decode(CompressionScheme.self, from: JSONEncoder().encode(scheme)) == scheme)
        }
        #expect(CompressionScheme.everyMethod[0].description == "accumulated-20-3")
    }

    /// Names and encodings of all schemes are stable: they identify stored vectors.
    @Test func namesAndEncodingsAreStable() throws {
        let lines = try Data(contentsOf: packageRoot.appending(path: "Fixtures/schemes.tsv"))
        let spelled = String(decoding: lines, as: UTF8.self).split(separator: "\n").map { $0.split(separator: "\t") }
        try #require(spelled.count == 45 && spelled.count == CompressionScheme.everyMethod.count)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        for (scheme, fields) in zip(CompressionScheme.everyMethod, spelled) {
            #expect(scheme.description == fields[0])
            #expect(String(decoding: try encoder.encode(scheme), as: UTF8.self) == fields[1])
            #expect(try JSONDecoder().decode(CompressionScheme.self, from: Data(fields[1].utf8)) == scheme)
        }
    }

    /// Concatenation, selection and conversion keep each vector's bias.
    @Test func vectorsKeepTheirBias() throws {
        let values = try Tensor.randn([2, 5, 4])
        let bias = try Tensor.randn([2, 3, 5])
        let vectors = SegmentVectors(values, bias: bias)
        let joined = try SegmentVectors.concatenated([vectors, vectors.last(2)])
        #expect(joined.count == 7 && joined.bias?.shape == [2, 3, 7])
        #expect(try joined.last(2).bias?.bytes() == bias.narrowed(2, start: 3, length: 2).bytes())
        #expect(try joined.selected([5..<7]).bias?.bytes() == bias.narrowed(2, start: 3, length: 2).bytes())
        #expect(try joined.to(.bfloat16).bias?.dtype == .float32)
        let plain = try SegmentVectors(rows: values[0])
        #expect(try SegmentVectors.concatenated([plain, plain]).bias == nil)
        // Vectors without a bias get 0.
        let first = try SegmentVectors(rows: values[0], bias: bias[0])
        let mixed = try #require(try SegmentVectors.concatenated([plain, first, plain.last(1)]).bias)
        #expect(mixed.shape == [1, 3, 11])
        #expect(try mixed.narrowed(2, start: 5, length: 5).bytes() == first.bias?.bytes())
        #expect(try mixed.narrowed(2, start: 0, length: 5).norm().item() == 0)
        #expect(try mixed.narrowed(2, start: 10, length: 1).norm().item() == 0)
    }

    @Test func invalidCombinationsAreRefused() throws {
        #expect(CompressionScheme.everyMethod[0].method == .autoCompressor)
        #expect(SummaryVectors(embeddings: .learned, adapterScope: .everywhere) == nil)
        for scope in AdapterScope.allCases {
            let stored =
                #"{"segmentTokens": 20, "summaryTokens": 3, "carry": "newest", "summaryInput": "attended", "#
                + #""adapterScope": "\#(scope.rawValue)"}"#
            let line = message { _ = try JSONDecoder().decode(CompressionScheme.self, from: Data(stored.utf8)) }
            #expect(line?.contains("summaryInput attended needs the form keys-and-values") == true)
        }
    }
}

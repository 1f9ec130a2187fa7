import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
import LLoCOEvaluation
import LLoCOModels
import LLoCOTestSupport
import LLoCOTorch
import Testing

/// The losses of texts in every condition against independent computations, and the figures from them.
@Suite struct CompressorMeasureTests {
    let model: LoadedModel
    let ids: [Int]

    init() throws {
        var options = LoadedModel.Options(model: TestFiles.autocompressor)
        options.dtype = .float32
        options.segmentTokens = 20
        model = try LoadedModel.load(options)
        var generator = SplitMix64(seed: 4)
        ids = (0..<120).map { _ in Int.random(in: 4..<280, using: &generator) }
    }

    private func compressor(_ scheme: CompressionScheme, adapter: Bool) throws -> Compressor {
        let own = model.compressor
        let checkpoint = try AdapterCheckpoint.read(
            TestFiles.adapter, as: .float32)
        return try Compressor(
            decoder: own.decoder,
            embedSummary: scheme.segmentCompressor.summaryInput == .learned
                ? own.embedSummary : own.embedSummary[0..<1],
            adapter: adapter ? Adapter(checkpoint, for: own.decoder) : nil, scheme: scheme)
    }

    /// Mean -log p of the last ten of `ids`, after `context` and 4 raw tokens.
    private func loss(_ decoder: Llama, _ context: Tensor?, _ ids: [Int], _ adapters: ActiveAdapters) throws -> Double {
        try withoutGradients {
            let rest = try decoder.embed(Array(ids.suffix(14)))
            let input = try context.map { try Tensor.concatenated([$0.unsqueezed(0), rest], 1) } ?? rest
            let hidden = try decoder.hiddenStates(input, adapters: adapters)[0]
            let logarithms = try decoder.logits(hidden).logSoftmax(-1).array(of: Float.self)
            let size = decoder.configuration.vocabularySize
            let rows = logarithms.count / size
            var sum = 0.0
            for place in 0..<10 {
                let row = rows - 11 + place
                sum -= Double(logarithms[row * size + ids[ids.count - 10 + place]])
            }
            return sum / 10
        }
    }

    @Test(arguments: [false, true]) func lossesAgreeInEveryCondition(_ hasAdapter: Bool) throws {
        let scheme = CompressionScheme(segmentTokens: 20, summaryTokens: 3)
        let compressor = try compressor(scheme, adapter: hasAdapter)
        let decoder = compressor.decoder
        let measure = try CompressorMeasure(compressor, recentTokens: 4, scoredTokens: 10)
        #expect(measure.tokens(segments: 2) == 54)
        var segments = 0
        let other = Array(ids.reversed())
        let texts = (CompressorMeasure.Text(ids), CompressorMeasure.Text(other))
        let outcome = try measure.losses(of: texts.0, segments: [1, 3], beside: texts.1) { segments += 1 }
        #expect(segments == 3 + 1 + 3)
        // Cached vectors belong to the right segments.
        #expect(try measure.losses(of: texts.0, segments: [1, 3], beside: texts.1).plain == outcome.plain)
        _ = try measure.losses(of: texts.1, segments: [2])
        #expect(try measure.losses(of: texts.0, segments: [1, 3], beside: texts.1).plain == outcome.plain)
        #expect(outcome.plain.keys.sorted() == [1, 3] && outcome.adapted.keys.sorted() == [1, 3])
        for count in [1, 3] {
            let text = Array(ids.dropLast(14).suffix(20 * count))
            let foreign = Array(other.dropLast(14).suffix(20 * count))
            var extracted: [Int] = []
            for start in stride(from: 0, to: text.count, by: 20) {
                let segment = Array(text[start..<start + 20])
                let values = try Surprisal.values(of: segment, decoder)
                extracted += Surprisal.greatest(3, of: values).map { segment[$0] }
            }
            for (losses, adapters) in [
                (outcome.plain[count], ActiveAdapters.none), (outcome.adapted[count], try compressor.adapters),
            ] {
                let losses = try #require(losses)
                for (found, expected) in [
                    (losses.none, try loss(decoder, nil, ids, adapters)),
                    (losses.full, try loss(decoder, decoder.embed(text)[0], ids, adapters)),
                    (losses.extract, try loss(decoder, decoder.embed(extracted)[0], ids, adapters)),
                    (losses.compressed, try loss(decoder, compressor.compress(text).rows, ids, compressor.adapters)),
                    (
                        try #require(losses.foreign),
                        try loss(decoder, compressor.compress(foreign).rows, ids, compressor.adapters)
                    ),
                ] { #expect(abs(found - expected) < 1e-4 * expected) }
            }
            #expect((outcome.plain[count] == outcome.adapted[count]) == !hasAdapter)
        }
    }

    /// Vectors that are keys and values are read without an adapter.
    @Test func keysAndValues() throws {
        let scheme = CompressionScheme(
            segmentTokens: 20, summaryTokens: 3, carry: .independent,
            method: .summary(SummaryVectors(.picked, adapterScope: .summaries)))
        let compressor = try compressor(scheme, adapter: true)
        let measure = try CompressorMeasure(compressor, recentTokens: 4, scoredTokens: 10)
        let outcome = try measure.losses(of: .init(ids), segments: [2])
        #expect(outcome.plain[2] == outcome.adapted[2])
        let losses = try #require(outcome.plain[2])
        let text = Array(ids.dropLast(14).suffix(40))
        let decoder = compressor.decoder
        let expected = try withoutGradients {
            let context = try compressor.context(compressor.compress(text), adapters: .none)
            let hidden = try decoder.hiddenStates(decoder.embed(Array(ids.suffix(14))), cache: context)[0]
            return try decoder.crossEntropy(hidden[3..<13], targets: Array(ids.suffix(10))) / 10
        }
        #expect(abs(losses.compressed - expected) < 1e-4 * expected)
    }

    /// If the segments do not fit the context window, the text's last tokens that fit are used; attended vectors of
    /// several segments get the attention weight of one segment.
    @Test func beyondTheWindow() throws {
        let decoder = model.compressor.decoder
        let window = decoder.configuration.maximumPositions
        let compressor = try Compressor.attended(
            for: decoder,
            CompressionScheme(
                segmentTokens: 100, summaryTokens: 5, carry: .independent, method: .attended(AttendedKeysAndValues())))
        let measure = try CompressorMeasure(compressor, recentTokens: 4, scoredTokens: 10)
        var generator = SplitMix64(seed: 5)
        let long = (0..<measure.tokens(segments: 6)).map { _ in Int.random(in: 4..<280, using: &generator) }
        let outcome = try measure.losses(of: .init(long), segments: [1, 6])
        #expect(outcome.plain[1]?.fullTokens == 100)
        let losses = try #require(outcome.plain[6])
        let rest = Array(long.suffix(14))
        func loss(_ cache: KeyValueCache, after ids: [Int] = []) throws -> Double {
            try withoutGradients {
                let hidden = try decoder.hiddenStates(decoder.embed(ids + rest), cache: cache, last: 11)[0]
                return try decoder.crossEntropy(hidden[0..<10], targets: Array(long.suffix(10))) / 10
            }
        }
        func empty() throws -> KeyValueCache {
            try compressor.context(compressor.noVectors(), adapters: .none)
        }
        let room = window - 14 - (try empty().count)
        #expect(losses.fullTokens == room && room < 600)
        let full = try loss(empty(), after: Array(long.dropLast(14).suffix(room)))
        #expect(abs(losses.full - full) < 1e-4 * full)
        let vectors = try compressor.compress(Array(long.dropLast(14)))
        #expect(vectors.count == 30 && compressor.vectorReading.logWeight(of: 30) < -1)
        let weighed = try loss(compressor.context(vectors, adapters: .none))
        #expect(abs(losses.compressed - weighed) < 1e-4 * weighed)
    }

    @Test func faults() throws {
        let compressor = model.compressor
        let measure = try CompressorMeasure(compressor, recentTokens: 4, scoredTokens: 10)
        #expect(throws: ModelError.self) { _ = try measure.losses(of: .init(Array(ids.prefix(33))), segments: [1]) }
        #expect(throws: ModelError.self) { _ = try measure.losses(of: .init(ids), segments: [0]) }
        #expect(throws: ModelError.self) { _ = try measure.losses(of: .init(ids), segments: []) }
        #expect(throws: ModelError.self) {
            _ = try measure.losses(of: .init(ids), segments: [1], beside: .init(Array(ids.prefix(33))))
        }
        // The tiny model's context window is shorter than the default number of raw tokens.
        #expect(throws: ModelError.self) { _ = try CompressorMeasure(compressor) }
    }

    /// The baselines use the better of the two adapter settings, over all texts.
    @Test func figures() throws {
        let outcomes = (0..<20).map { text in
            let shift = Double(text % 5) / 100
            var outcome = CompressorMeasure.Outcome()
            outcome.plain[4] = .init(
                none: 3 + shift, full: 2.5 + shift, compressed: 2.7 + shift, extract: 2.9 + shift,
                fullTokens: 7)
            outcome.adapted[4] = .init(
                none: 2.9 + shift, full: 2.6 + shift, compressed: 2.7 + shift, extract: 2.8 + shift,
                fullTokens: 7)
            return outcome
        }
        let figures = try #require(CompressorFigures(outcomes, segments: 4, seed: 1))
        #expect(figures.segments == 4 && figures.texts == 20 && figures.fullTokens == 7)
        let found = [
            figures.lossNone, figures.lossFull, figures.lossCompressed, figures.lossExtract, figures.gapClosed,
            figures.gapClosedExtract, figures.gapClosedLow, figures.gapClosedHigh,
        ]
        let expected = [2.92, 2.52, 2.72, 2.82, 0.5, 0.25, 0.5, 0.5]
        for (found, expected) in zip(found, expected) { #expect(abs(found - expected) < 1e-9) }
        #expect(figures.lossForeign == nil && figures.gapClosedForeign == nil)
        #expect(figures.lossesByText.map(\.compressed) == outcomes.map { $0.plain[4]!.compressed })
        let beside = outcomes.map { outcome in
            var outcome = outcome
            outcome.plain[4]?.foreign = 2.84
            return outcome
        }
        let foreign = try #require(CompressorFigures(beside, segments: 4, seed: 1)?.gapClosedForeign)
        #expect(abs(foreign - 0.2) < 1e-9)
        #expect(CompressorFigures(beside + outcomes, segments: 4, seed: 1)?.gapClosedForeign == nil)
        #expect(CompressorFigures(outcomes, segments: 8, seed: 1) == nil)
        let fields = try #require(
            JSONSerialization.jsonObject(with: JSONEncoder().encode(figures)) as? [String: Any])
        for name in ["segments", "loss_none", "loss_full", "loss_compressed", "loss_extract", "gap_closed"] {
            #expect(fields[name] != nil, "\(name)")
        }
    }
}

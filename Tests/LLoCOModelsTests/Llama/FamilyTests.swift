import Foundation
import LLoCOCheckpoints
import LLoCOModels
import LLoCOTestSupport
import LLoCOTorch
import Testing

/// Families other than Llama, in both file formats, compared with transformers.
@Suite struct FamilyTests {
    struct Values: Decodable {
        let ids: [Int]
        let greedyPrompt: [Int]
        let greedyIds: [Int]
    }

    static let names = [
        "qwen3", "gemma3", "smollm3", "mistral", "ministral3", "phi3", "phi4-mini", "olmo2", "granite", "yarn",
        "dynamic",
    ]
    /// Families whose rotary frequencies depend on the sequence's length.
    static let lengthDependent: Set = ["phi4-mini", "dynamic"]
    static let folder = TestFiles.fixtures.appending(path: "families")

    /// Each family's folder and, if it exists, GGUF file.
    static let files = names.flatMap { name in
        [name, "\(name).gguf"].filter { FileManager.default.fileExists(atPath: folder.appending(path: $0).path) }
    }

    private struct Family {
        let model: LanguageModel
        let values: Values
        let logits: Tensor
        var decoder: Llama { model.decoder }

        init(_ file: String, weights: DecodeWeights = .full) throws {
            model = try LanguageModel(
                path: FamilyTests.folder.appending(path: file), dtype: .float32, decodeWeights: weights)
            let name = file.replacingOccurrences(of: ".gguf", with: "")
            let expected = try Expected<[String: Values]>("families")
            values = try #require(expected.values[name])
            logits = try expected.tensor("\(name).logits")
        }

        func input() throws -> Tensor { try decoder.embed(values.ids)[0] }
        func cache() -> KeyValueCache { KeyValueCache(layerCount: decoder.configuration.layerCount) }
    }

    @Test func everyFormatExists() {
        #expect(Self.files.count == 2 * Self.names.count - 2)
    }

    @Test(arguments: files) func scores(_ file: String) throws {
        let family = try Family(file)
        try expect(family.decoder.scores(family.values.ids), near: family.logits)
    }

    @Test(arguments: files) func likelihoodAndContinuationByIds(_ file: String) throws {
        let family = try Family(file)
        let ids = family.values.ids
        let expected = try family.logits[0..<ids.count - 1].crossEntropy(
            Tensor(Array(ids.dropFirst())), reduction: .sum)
        let found = try family.model.negativeLogLikelihood(of: ids)
        #expect(abs(found - (try expected.item())) < 1e-4 * found)
        var options = GenerationOptions(maximumTokens: family.values.greedyIds.count)
        options.idsAlone = true
        let text = try family.model.generate(family.decoder.embed(family.values.greedyPrompt), options: options)
        #expect(text.ids == family.values.greedyIds)
    }

    /// Logits match one forward pass for any split of the sequence: beyond sliding windows and original context
    /// windows.
    @Test(arguments: names, [[5, 1, 1, 14, 19], [1, 24, 15], [23, 1, 1, 1, 14]])
    func piecesThroughTheCache(_ name: String, _ pieces: [Int]) throws {
        let family = try Family(name)
        let found = try family.decoder.scores(family.input(), pieces: pieces)
        // If rotary frequencies depend on the length, earlier pieces were computed for a shorter sequence.
        let start = Self.lengthDependent.contains(name) ? 40 - pieces[pieces.count - 1] : 0
        try expect(found[start..<40], near: family.logits[start..<40], tolerance: Tolerance.regrouped)
    }

    /// A truncated cache continues as if the truncated positions had never existed.
    @Test(arguments: names) func truncatedCache(_ name: String) throws {
        let family = try Family(name)
        let (input, cache) = (try family.input(), family.cache())
        _ = try family.decoder.scores(input, pieces: [30], cache: cache)
        cache.truncate(to: 7)
        let found = try family.decoder.scores(input[7..<20], pieces: [2, 11], cache: cache)
        let expected = try family.decoder.scores(input[0..<20])
        try expect(found[2..<13], near: expected[9..<20], tolerance: Tolerance.regrouped)
    }

    /// Steps with quantized weights run the same layers.
    @Test(arguments: names) func quantizedSteps(_ name: String) throws {
        let family = try Family(name, weights: .eightBit)
        let ids = family.values.ids
        let session = try family.model.decodeSession(family.cache())
        #expect(session.isQuantized)
        let found = try Tensor.concatenated(ids.map { try session.step($0).cloned().unsqueezed(0) })
        // The last logits of a forward pass over each prefix.
        let expected = try Tensor.concatenated(
            ids.indices.map { try family.decoder.scores(Array(ids[...$0]))[$0..<$0 + 1] })
        // The error of 8 bits in such a small model: up to 6e-2.
        try expect(found, near: expected, tolerance: 0.1)
    }

    @Test(arguments: names) func gradientsOfAnAdapter(_ name: String) throws {
        let family = try Family(name)
        let ids = family.values.ids
        let adapter = try Adapter(
            for: family.decoder, rank: 2, alpha: 4, dropout: 0, modules: AdapterModule.allCases)
        for parameter in adapter.parameters where try parameter.norm().item() == 0 {
            try parameter.copy(from: (Tensor.rand(parameter.shape) - 0.5) * 0.2)
        }
        func loss(recomputes: Bool = false) throws -> Tensor {
            let states = try family.decoder.hiddenStates(
                family.decoder.embed(ids), adapters: ActiveAdapters([adapter]), recomputes: recomputes)
            return try family.decoder.logits(states)[0][0..<ids.count - 1]
                .crossEntropy(Tensor(Array(ids.dropFirst())))
        }
        for parameter in adapter.parameters { try parameter.setRequiresGradient(true) }
        try loss().backward()
        func gradient(_ parameter: Tensor) throws -> Tensor {
            let gradient = try parameter.gradient
            return try #require(gradient).cloned()
        }
        let gradients = try adapter.parameters.map(gradient)
        for parameter in adapter.parameters { try parameter.clearGradient() }
        try loss(recomputes: true).backward()
        for (parameter, expected) in zip(adapter.parameters, gradients) {
            try expect(gradient(parameter), near: expected, tolerance: Tolerance.regrouped)
        }
        // Along the gradient the loss grows by the gradient's squared norm.
        let square = try gradients.reduce(0.0) { $0 + (try ($1 * $1).sum().item()) }
        // Small against the loss's curvature, large against its rounding.
        let step = 2e-3 / square.squareRoot()
        func moved(_ factor: Double) throws -> Double {
            try withoutGradients {
                for (parameter, gradient) in zip(adapter.parameters, gradients) {
                    try parameter.add(gradient, scaledBy: factor * step)
                }
                defer {
                    for (parameter, gradient) in zip(adapter.parameters, gradients) {
                        try? parameter.add(gradient, scaledBy: -factor * step)
                    }
                }
                return try loss().item()
            }
        }
        let slope = try (moved(1) - moved(-1)) / (2 * step)
        #expect(abs(slope - square) < 0.02 * square, "\(slope), \(square)")
    }

    /// Keys rotated back to position 0 can be placed at any position.
    @Test(arguments: names) func keysAndValuesCanBePlacedAnywhere(_ name: String) throws {
        let family = try Family(name)
        let (decoder, input) = (family.decoder, try family.input())
        try withoutGradients {
            let cache = family.cache()
            _ = try decoder.hiddenStates(input[0..<30].unsqueezed(0), cache: cache)
            let rows = try decoder.keysAndValues(of: cache, last: 30)
            #expect(rows.shape == [1, 30, decoder.keyValueSize])
            // After three other positions.
            let moved = family.cache()
            try decoder.append(rows.narrowed(1, start: 0, length: 3), to: moved)
            try decoder.append(rows, to: moved)
            try expect(
                decoder.keysAndValues(of: moved, last: 30), near: rows, tolerance: Tolerance.regrouped)
            // At the original positions.
            let same = family.cache()
            try decoder.append(rows, to: same)
            let rest = try input[30..<40].unsqueezed(0)
            let found = try decoder.hiddenStates(rest, cache: same)
            // If some layers have no window, layers with a window have nothing at these positions.
            if decoder.configuration.compressedLayers.count == decoder.configuration.layerCount {
                let expected = try decoder.hiddenStates(rest, cache: cache)
                try expect(
                    found, near: expected, tolerance: Self.lengthDependent.contains(name) ? 0.5 : Tolerance.regrouped)
            } else {
                #expect(try found.isAllFinite())
            }
            // Steps match one forward pass.
            let steps = family.cache()
            try decoder.append(rows, to: steps)
            let session = try DecodeSession(decoder, cache: steps, weights: nil)
            let scores = try Tensor.concatenated(
                family.values.ids[30...].map { try session.step($0).unsqueezed(0).cloned() })
            if !Self.lengthDependent.contains(name) {
                try expect(scores, near: decoder.logits(found)[0], tolerance: Tolerance.regrouped)
            }
        }
    }

    @Test func onlyLayersWithoutWindowsAreCompressed() throws {
        let gemma = try Family("gemma3").decoder.configuration
        #expect(gemma.compressedLayers == [2])
        #expect(try Family("gemma3").decoder.keyValueSize == 2 * 16)
        // If all layers have windows, all are compressed.
        #expect(try Family("mistral").decoder.configuration.compressedLayers == [0, 1])
    }
}

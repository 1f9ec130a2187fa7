import ArgumentParser
import Foundation
import LLoCO
import LLoCOCompression
import LLoCOLibrary
import LLoCOModels
import LLoCOTokenizers

/// The language model and how to compute with it.
struct ModelOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The language model. See 'lloco help models'.", valueName: "model"))
    var model: String?

    @OptionGroup var compute: ComputeOptions

    @Option(
        help: ArgumentHelp(
            "The weights that tokens are generated with: auto, full, lossless, 8-bit or 4-bit.",
            discussion: """
                full: the model's own weights. lossless: on a CPU the quantized blocks of the model's file, a 4-bit \
                copy of Q4_0 and Q4_1, an 8-bit copy of weights that are not quantized. Default: auto, which is \
                lossless, but full with --dtype and in commands that compute in float32.
                """, valueName: "weights", visibility: .hidden),
        transform: Self.decodeWeights)
    var decodeWeights = DecodeWeights.automatic

    @Option(
        help: ArgumentHelp(
            "Where a CPU takes the weights from: file, dense or auto.",
            discussion: """
                file: the blocks of the memory-mapped model file. dense: all weights dequantized in memory; without \
                enough memory a note says so and file is used. Default: auto, which is file. A GPU and float16 always \
                use dequantized weights.
                """, valueName: "place", visibility: .hidden),
        transform: Self.weightPlace)
    var weights = WeightPlace.automatic

    private static func weightPlace(_ name: String) throws -> WeightPlace {
        guard let place = WeightPlace(rawValue: name) else {
            throw ValidationError("--weights \(name): expected auto, file or dense")
        }
        return place
    }

    private static func decodeWeights(_ name: String) throws -> DecodeWeights {
        guard let weights = DecodeWeights(rawValue: name) else {
            throw ValidationError("--decode-weights \(name): expected auto, full, lossless, 8-bit or 4-bit")
        }
        return weights
    }

    /// - Parameter exact: whether the default dtype is float32
    func load(exact: Bool) throws -> LanguageModel {
        try compute.apply()
        let loaded = try LanguageModel(
            path: Settings.model(model), dtype: compute.loadingDType(exact: exact), device: compute.parsedDevice(),
            decodeWeights: decodeWeights, weights: weights)
        noteWeightPlace(of: loaded)
        return loaded
    }

    /// Notes weights that are elsewhere than requested.
    fileprivate func noteWeightPlace(of model: LanguageModel) {
        if let remark = model.weightsRemark { Terminal.note("--weights \(weights.rawValue): \(remark)") }
    }
}

/// A language model with its compressor and the retrieval model.
struct EngineOptions: ParsableArguments {
    @OptionGroup var model: ModelOptions

    @Option(
        help: ArgumentHelp(
            "A compressor's folder, as 'train-compressor' writes it, or none.",
            discussion: """
                none is untrained: of every 30 tokens it keeps the one that the text itself attends to most. Default: \
                the model's own weights, or the compressor in Compressors/ made for the model, or none.
                """,
            valueName: "dir", visibility: .hidden))
    var compressor: String?

    @Option(
        help: ArgumentHelp(
            "A sentence embedding model's folder, for retrieval. Default: all-MiniLM-L6-v2.",
            valueName: "dir", visibility: .hidden))
    var embedder: String?

    @Option(
        help: ArgumentHelp(
            "Chat template: \(ChatTemplate.Format.names). Default: the model's own.",
            valueName: "name", visibility: .hidden))
    var chatTemplate: String?

    @Option(
        help: ArgumentHelp("Tokens per segment. Default: the compressor's.", valueName: "n", visibility: .hidden))
    var segment: Int?

    @Option(
        help: ArgumentHelp(
            "Tokens per vector, 1 to 1000000. Default: the compressor's, 30 without one.",
            discussion: "Give every command the ratio that the documents were added with: vectors are stored by it.",
            valueName: "n", visibility: .hidden))
    var ratio: Double?

    @Flag(
        help: ArgumentHelp(
            "Compute the SHA-256 of model files again.",
            discussion: "Default: the digests of unchanged files are cached in the user's cache folder.",
            visibility: .hidden))
    var verify = false

    private static func template(_ name: String) throws -> LoadedModel.TemplateChoice {
        name == "none" ? .plain : .template(try ChatTemplate.named(name))
    }

    func validate() throws {
        if let chatTemplate {
            do { _ = try Self.template(chatTemplate) } catch { throw ValidationError("\(error)") }
        }
        if let segment, segment < 1 || segment > 1_048_576 {
            throw ValidationError("--segment \(segment): expected 1 to 1048576")
        }
        if let ratio, !(1...1_000_000 ~= ratio) {
            throw ValidationError("--ratio \(ratio): expected 1 to 1000000")
        }
    }

    /// The arguments with which another command loads the same parts: the requested ones, and the model in `path`.
    func arguments(model path: String) throws -> [String] {
        let compute = model.compute
        let named: [(String, String?)] = [
            ("model", path), ("compressor", compressor), ("embedder", try Settings.embedder(embedder).path),
            ("chat-template", chatTemplate), ("segment", segment.map(String.init)), ("ratio", ratio.map { "\($0)" }),
            ("decode-weights", model.decodeWeights.rawValue), ("weights", model.weights.rawValue),
            ("threads", try Settings.threads(compute.threads).map(String.init)), ("seed", String(compute.seed)),
            ("device", try Settings.device(compute.device)), ("dtype", compute.dtype),
        ]
        return named.compactMap { name, value in value.map { "--\(name)=\($0)" } } + (verify ? ["--verify"] : [])
    }

    /// Loads the parts on the compute thread.
    func engine(
        for library: SQLiteLibrary?, withEmbedder: Bool = true, withAdapter: Bool = true
    ) async throws -> Engine {
        try await Engine.load(on: .ofCommand) {
            try load(for: library, withEmbedder: withEmbedder, withAdapter: withAdapter)
        }
    }

    /// Loads the parts on the caller's thread.
    ///
    /// - Parameters:
    ///   - library: its model is loaded without --model
    ///   - withEmbedder: whether to load a retrieval model: commands that search nothing need none installed
    ///   - withAdapter: whether to load the general adapter: a damaged one must not fail commands that do not use it
    ///   - exact: whether the default dtype is float32
    func load(
        for library: SQLiteLibrary? = nil, withEmbedder: Bool = true, withAdapter: Bool = true, exact: Bool = false
    ) throws -> LoadedModel {
        try model.compute.apply()
        var options = LoadedModel.Options(model: try Settings.model(model.model, for: library))
        options.compressor = compressor.map { $0 == "none" ? .attended : .folder(URL(filePath: $0)) }
        options.compressors = Installation.compressors
        if withAdapter { options.adapters = Installation.adapters }
        options.dtype = try model.compute.loadingDType(exact: exact)
        options.device = try model.compute.parsedDevice()
        options.decodeWeights = model.decodeWeights
        options.weights = model.weights
        options.segmentTokens = segment
        options.ratio = ratio
        options.verifiesFiles = verify
        if withEmbedder {
            options.embedder = try Settings.embedder(embedder)
        }
        if let chatTemplate {
            options.template = try Self.template(chatTemplate)
        }
        let loaded = try LoadedModel.load(options)
        model.noteWeightPlace(of: loaded.languageModel)
        return loaded
    }
}

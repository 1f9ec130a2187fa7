import ArgumentParser
import Foundation
import LLoCO
import LLoCOCompression
import LLoCOLibrary
import LLoCOModelFiles
import LLoCOModels
import LLoCOTokenizers

/// Which model to use, and how to compute with it.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A model: a GGUF file, a Hugging Face folder, or a name as 'lloco models list' has it.",
            discussion: Self.defaultModel, valueName: "model"))
    var model: String?

    static let defaultModel = """
        Default: in a command with --library the one that this was made with, else $LLOCO_MODEL, else \
        \(ModelCatalogue.defaultModel.title).
        """

    @OptionGroup var compute: ComputeOptions

    @Option(
        help: ArgumentHelp(
            "The weights that generated tokens are computed from: auto, full, lossless, 8-bit or 4-bit.",
            discussion: """
                lossless is, on a CPU, the quantized blocks of the model's file; of Q4_0 and Q4_1 a copy of 4 bits, of \
                numbers that are not quantized one of 8. Default: auto, which is lossless, but full (the model's own) where \
                --dtype is given or the command computes in float32.
                """, valueName: "weights"),
        transform: Self.decodeWeights)
    var decodeWeights = DecodeWeights.automatic

    @Option(
        help: ArgumentHelp(
            "Where the weights are while a CPU computes: file, dense or auto.",
            discussion: """
                file multiplies the blocks of the model's file, which is mapped and not copied; dense expands all weights \
                in memory first, where that leaves room, else says so and is file. Default: auto, which is file. A GPU has \
                them expanded, and so has float16.
                """, valueName: "place"),
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

    /// - Parameter exact: computes in float32 unless told otherwise
    func load(exact: Bool) throws -> LanguageModel {
        try compute.apply()
        let loaded = try LanguageModel(
            path: Installation.model(model), dtype: compute.loadingDType(exact: exact), device: compute.parsedDevice(),
            decodeWeights: decodeWeights, weights: weights)
        sayWhereWeightsAre(loaded)
        return loaded
    }

    /// Where they are elsewhere than asked for.
    fileprivate func sayWhereWeightsAre(_ model: LanguageModel) {
        if let remark = model.weightsRemark { Terminal.note("--weights \(weights.rawValue): \(remark)") }
    }
}

/// A model with its compressor and a retrieval model.
struct EngineOptions: ParsableArguments {
    @OptionGroup var model: ModelOptions

    @Option(
        help: ArgumentHelp(
            "A compressor's folder, as 'train-compressor' writes it, or none.",
            discussion: """
                none keeps of every 30 tokens the one that the text itself attends to most, without anything that was \
                trained. Default: the model's own weights, or the one in Compressors/ made for the model, or none.
                """,
            valueName: "dir"))
    var compressor: String?

    @Option(
        help: ArgumentHelp(
            "A sentence embedding model's folder, for retrieval.",
            discussion: "Default: $LLOCO_EMBEDDER, else all-MiniLM-L6-v2.", valueName: "dir"))
    var embedder: String?

    @Option(
        help: ArgumentHelp(
            "How the model wants to be spoken to: \(ChatTemplate.Format.names).",
            discussion: "Default: as its own metadata says.", valueName: "name"))
    var chatTemplate: String?

    @Option(help: ArgumentHelp("Tokens a compressed segment; default: the compressor's own.", valueName: "n"))
    var segment: Int?

    @Option(
        help: ArgumentHelp(
            "Tokens of text a vector, 1 to 1000000; default: the compressor's own, 30 without one.",
            discussion:
                "Every command needs the one that its documents were added with: it finds no vectors by another.",
            valueName: "n"))
    var ratio: Double?

    @Flag(
        help: ArgumentHelp(
            "Read model files whole for their SHA-256.",
            discussion: "Default: digests of files that have not changed are kept in the user's cache folder."))
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

    /// How a command is called that is to load the same: the parts that were named, and the model that was found.
    func arguments(model path: String) -> [String] {
        let compute = model.compute
        let named: [(String, String?)] = [
            ("model", path), ("compressor", compressor), ("embedder", embedder), ("chat-template", chatTemplate),
            ("segment", segment.map(String.init)), ("ratio", ratio.map { "\($0)" }),
            ("decode-weights", model.decodeWeights.rawValue), ("weights", model.weights.rawValue),
            ("threads", compute.threads.map(String.init)), ("seed", String(compute.seed)), ("device", compute.device),
            ("dtype", compute.dtype),
        ]
        return named.compactMap { name, value in value.map { "--\(name)=\($0)" } } + (verify ? ["--verify"] : [])
    }

    /// The same on the thread that computes.
    func engine(
        for library: SQLiteLibrary?, withEmbedder: Bool = true, withAdapter: Bool = true
    ) async throws -> Engine {
        try await Engine.load(on: .ofCommand) {
            try load(for: library, withEmbedder: withEmbedder, withAdapter: withAdapter)
        }
    }

    /// - Parameters:
    ///   - library: whose model is loaded where none is named
    ///   - withEmbedder: whether a retrieval model is needed: where nothing is searched, none need be installed
    ///   - withAdapter: whether the general adapter is loaded: where nothing is read with it, a damaged one shall not be in the
    ///     way
    func load(
        for library: SQLiteLibrary? = nil, withEmbedder: Bool = true, withAdapter: Bool = true, exact: Bool = false
    ) throws -> LoadedModel {
        try model.compute.apply()
        var options = LoadedModel.Options(model: try Installation.model(model.model, for: library))
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
            options.embedder = try Installation.embedder(embedder)
        }
        if let chatTemplate {
            options.template = try Self.template(chatTemplate)
        }
        let loaded = try LoadedModel.load(options)
        model.sayWhereWeightsAre(loaded.languageModel)
        return loaded
    }
}

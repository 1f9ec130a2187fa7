public import Foundation
import LLoCOBase
import LLoCOCheckpoints
public import LLoCOTokenizers
public import LLoCOTorch

/// Texts to unit vectors for retrieval: a WordPiece tokenizer and a BERT encoder, as all-MiniLM-L6-v2, with the pooling, the
/// dense layers and the prompts that its folder names.
public struct SentenceEmbedder: Sendable {
    /// Texts to ids, as the encoder was trained with.
    public let tokenizer: WordPieceTokenizer
    /// Ids to hidden states.
    public let encoder: BertEncoder
    /// Tokens of a text that count, the special ones and its prompt's included.
    public let maximumTokens: Int
    /// The files that decide what it computes, but for what ``identity(verifying:)`` adds.
    public let identityFiles: [URL]
    private let head: SentenceHead
    private let settings: SentenceConfiguration
    private static let standardTokens = 256

    /// What a text is for: some models read questions and passages with a prompt before them.
    public enum Role: Sendable {
        case question
        case passage
    }

    /// Loads a Hugging Face or sentence-transformers folder.
    ///
    /// - Parameters:
    ///   - maximumTokens: tokens of a text that count; by default the folder's own `max_seq_length`, else 256. Never more
    ///     than the encoder has positions.
    ///   - dtype: of the weights and the computation; vectors are float32 in any case
    /// - Throws: `CheckpointError`, `TokenizerError`, `TorchError`; `ModelError` where the parts are not an encoder's, or
    ///   not of one model.
    public init(
        folder: URL, maximumTokens: Int? = nil, dtype: DType = .float32, device: Device = .cpu
    ) throws {
        // Read first: it refuses what is not computed here.
        let settings = try SentenceConfiguration(folder: folder)
        let root = settings.encoder ?? folder
        let checkpoint = try CheckpointLoader.open(root)
        let tokenizer = try TokenizerLoader.load(folder: root)
        guard let wordPiece = tokenizer as? WordPieceTokenizer else {
            throw ModelError(
                .unsupported, "\(root.path): expected a BERT tokenizer (WordPiece) for an embedding model")
        }
        try wordPiece.checkAgreement(with: root)
        self.tokenizer = wordPiece
        self.settings = settings
        let configuration = try BertConfiguration(at: root)
        encoder = try BertEncoder(checkpoint, configuration: configuration, dtype: dtype, device: device)
        head = try SentenceHead(settings, hiddenSize: configuration.hiddenSize, device: device)
        self.maximumTokens = min(
            maximumTokens ?? settings.maximumTokens ?? Self.standardTokens, configuration.maximumPositions)
        let own = root.appending(path: SentenceConfiguration.fileName)
        identityFiles =
            LanguageModel.identityFiles(of: checkpoint, at: root)
            + (FileManager.default.fileExists(atPath: own.path) ? [own] : [])
        guard wordPiece.vocabularySize <= configuration.vocabularySize else {
            throw ModelError(
                .damaged,
                "\(folder.path): the tokenizer has \(wordPiece.vocabularySize) tokens, the encoder "
                    + "\(configuration.vocabularySize): they are not of one model")
        }
    }

    /// The length of a vector: D, or what the last dense layer makes.
    public var dimension: Int { head.dimension }

    /// The SHA-256 over all that decides its vectors: embeddings of different ones are never compared.
    ///
    /// That of the mean of the last layer, without prompts, is the one over ``identityFiles``.
    /// - Parameter verifying: reads the files for their digests, even where that of unchanged files is known
    public func identity(verifying: Bool = false) throws -> String {
        let files = try FileIdentity.digest(of: identityFiles, verifying: verifying)
        var variant: [String] = []
        if settings.pooling != [.mean] {
            variant.append("pooling \(settings.pooling.map(\.rawValue).joined(separator: " "))")
        }
        // What all vectors end with need not be said.
        var steps = settings.steps
        while steps.last == .normalize { steps.removeLast() }
        var dense = head.denseFiles[...]
        for step in steps {
            switch step {
            case .normalize: variant.append("normalize")
            case .dense(let layer):
                let digest = try FileIdentity.digest(of: dense.removeFirst(), verifying: verifying)
                variant.append(
                    "dense \(digest) \(layer.activation.rawValue)\(layer.hasBias ? " bias" : "")"
                        + (layer.hasResidual ? " residual" : ""))
            }
        }
        for (role, prompt) in [("question", settings.prompts.question), ("passage", settings.prompts.passage)]
        where !prompt.isEmpty {
            variant.append("\(role) \(prompt.debugDescription)\(settings.poolsPrompt ? "" : " apart")")
        }
        if settings.lowercases, !tokenizer.lowercases { variant.append("lower case") }
        // Without it, the standard would count.
        if settings.limitIsTokenizers, maximumTokens != min(Self.standardTokens, encoder.configuration.maximumPositions)
        {
            variant.append("tokens \(maximumTokens)")
        }
        return variant.isEmpty ? files : Digest.sha256(([files] + variant).joined(separator: "\n"))
    }

    /// How many tokens at a text's end `embed` leaves out.
    public func omittedTokens(of text: String, as role: Role = .passage) -> Int {
        input(text, role).omittedTokens
    }

    /// How many tokens of a text are read, its prompt's and the special ones included.
    public func tokenCount(of text: String, as role: Role = .passage) -> Int { input(text, role).ids.count }

    private func prompt(_ role: Role) -> String {
        role == .question ? settings.prompts.question : settings.prompts.passage
    }

    private func input(_ text: String, _ role: Role) -> EmbeddingInput {
        var text = prompt(role) + text
        // Scalar by scalar, as tokenizers do.
        if settings.lowercases { text = text.unicodeScalars.map(\.properties.lowercaseMapping).joined() }
        return tokenizer.encodeForEmbedding(text, maxTokens: maximumTokens)
    }

    /// Tokens at the beginning of each text that do not count in the pooling: `[CLS]` and the prompt, or none.
    private func skipped(_ role: Role) -> Int {
        settings.poolsPrompt || prompt(role).isEmpty ? 0 : input("", role).ids.count - 1
    }

    /// The unit vectors of texts: [B][D]. Texts of like length share a batch.
    ///
    /// - Parameters:
    ///   - role: what the texts are for
    ///   - batchSize: texts a batch, 1 or more
    ///   - progress: told how many texts are done
    /// - Throws: `ModelError` for a batch of no texts, `TorchError`.
    public func embed(
        _ texts: [String], as role: Role = .passage, batchSize: Int = 16, progress: (Int) -> Void = { _ in }
    ) throws -> [[Float]] {
        guard batchSize >= 1 else { throw ModelError(.invalid, "a batch of \(batchSize) texts, expected 1 or more") }
        let sequences = texts.map { input($0, role).ids }
        let skipped = skipped(role)
        let order = sequences.indices.sorted { sequences[$0].count < sequences[$1].count }
        var vectors = [[Float]](repeating: [], count: texts.count)
        var done = 0
        for start in stride(from: 0, to: order.count, by: batchSize) {
            let batch = Array(order[start..<min(start + batchSize, order.count)])
            let flat = try encoder.embed(batch.map { sequences[$0] }, head, skipping: skipped).array(of: Float.self)
            for (row, index) in batch.enumerated() {
                vectors[index] = Array(flat[row * dimension..<(row + 1) * dimension])
            }
            done += batch.count
            progress(done)
        }
        return vectors
    }
}

extension WordPieceTokenizer {
    /// Refuses a folder whose `tokenizer_config.json` says otherwise than its `tokenizer.json` how text is prepared.
    fileprivate func checkAgreement(with folder: URL) throws {
        let file = folder.appending(path: "tokenizer_config.json")
        guard FileManager.default.fileExists(atPath: file.path) else { return }
        let bytes = try FileBytes(mapping: file)
        let object = try bytes.jsonObject()
        for (key, own) in [
            ("do_lower_case", lowercases), ("strip_accents", stripsAccents),
            ("tokenize_chinese_chars", separatesIdeographs),
        ] {
            guard let value = object.value(key)?.bool, value != own else { continue }
            throw bytes.fault(
                "\(key) is \(value), the tokenizer has \(own)", expected: "the same in both", code: .unsupported)
        }
    }
}

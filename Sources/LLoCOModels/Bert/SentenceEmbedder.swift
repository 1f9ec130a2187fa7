public import Foundation
import LLoCOBase
import LLoCOCheckpoints
public import LLoCOTokenizers
public import LLoCOTorch

/// An embedding model for retrieval, such as all-MiniLM-L6-v2: texts to unit vectors.
///
/// It has a WordPiece tokenizer, a BERT encoder, and the pooling, dense layers and prompts that its folder configures.
public struct SentenceEmbedder: Sendable {
    /// The tokenizer that the encoder was trained with.
    public let tokenizer: WordPieceTokenizer
    /// The encoder: ids to hidden states.
    public let encoder: BertEncoder
    /// The maximum number of tokens of a text, including special tokens and its prompt's; longer texts are truncated.
    public let maximumTokens: Int
    /// The files that determine the vectors, except for what ``identity(verifying:)`` adds.
    public let identityFiles: [URL]
    private let head: SentenceHead
    private let settings: SentenceConfiguration
    private static let standardTokens = 256

    /// The role of a text in retrieval: some models put different prompts before questions and passages.
    public enum Role: Sendable {
        case question
        case passage
    }

    /// Loads a Hugging Face or sentence-transformers folder.
    ///
    /// - Parameters:
    ///   - maximumTokens: maximum number of tokens of a text; by default the folder's `max_seq_length`, else 256. The
    ///     number of the encoder's positions limits it.
    ///   - dtype: of the weights and the computation; vectors are always float32
    /// - Throws: `CheckpointError`, `TokenizerError`, `TorchError`; `ModelError` if the folder has no encoder, or parts
    ///   of different models.
    public init(
        folder: URL, maximumTokens: Int? = nil, dtype: DType = .float32, device: Device = .cpu
    ) throws {
        // Read first: this throws for unsupported models.
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
        let settingsFile = root.appending(path: SentenceConfiguration.fileName)
        identityFiles =
            LanguageModel.identityFiles(of: checkpoint, at: root)
            + (FileManager.default.fileExists(atPath: settingsFile.path) ? [settingsFile] : [])
        guard wordPiece.vocabularySize <= configuration.vocabularySize else {
            throw ModelError(
                .damaged,
                "\(folder.path): the tokenizer has \(wordPiece.vocabularySize) tokens, the encoder "
                    + "\(configuration.vocabularySize): they belong to different models")
        }
    }

    /// The dimension of a vector: D, or the output size of the last dense layer.
    public var dimension: Int { head.dimension }

    /// The SHA-256 of all that determines the vectors: vectors of different identities must not be compared.
    ///
    /// For mean pooling without dense layers and prompts it is the digest of ``identityFiles``.
    /// - Parameter verifying: recomputes the files' digests even if cached ones exist for unchanged files
    public func identity(verifying: Bool = false) throws -> String {
        let files = try FileIdentity.digest(of: identityFiles, verifying: verifying)
        var variant: [String] = []
        if settings.pooling != [.mean] {
            variant.append("pooling \(settings.pooling.map(\.rawValue).joined(separator: " "))")
        }
        // All vectors are normalized in the end, so a final normalization changes nothing.
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
        // Without the tokenizer's limit, the standard one would apply.
        let standard = min(Self.standardTokens, encoder.configuration.maximumPositions)
        if settings.usesTokenizerLimit, maximumTokens != standard {
            variant.append("tokens \(maximumTokens)")
        }
        return variant.isEmpty ? files : Digest.sha256(([files] + variant).joined(separator: "\n"))
    }

    /// The number of tokens that `embed` truncates at a text's end.
    public func omittedTokens(of text: String, as role: Role = .passage) -> Int {
        input(text, role).omittedTokens
    }

    /// The number of tokens of a text after truncation, including its prompt's and special tokens.
    public func tokenCount(of text: String, as role: Role = .passage) -> Int { input(text, role).ids.count }

    private func prompt(_ role: Role) -> String {
        role == .question ? settings.prompts.question : settings.prompts.passage
    }

    private func input(_ text: String, _ role: Role) -> EmbeddingInput {
        var text = prompt(role) + text
        // Scalar by scalar, as in Hugging Face's tokenizers.
        if settings.lowercases { text = text.unicodeScalars.map(\.properties.lowercaseMapping).joined() }
        return tokenizer.encodeForEmbedding(text, maxTokens: maximumTokens)
    }

    /// The number of leading tokens that pooling ignores: `[CLS]` and the prompt, or none.
    private func skipped(_ role: Role) -> Int {
        settings.poolsPrompt || prompt(role).isEmpty ? 0 : input("", role).ids.count - 1
    }

    /// The unit vectors of texts: [B][D]. Texts of similar length share a batch.
    ///
    /// - Parameters:
    ///   - role: the texts' role
    ///   - batchSize: number of texts per batch, 1 or more
    ///   - progress: called with the number of texts done
    /// - Throws: `ModelError` for a batch size below 1, `TorchError`.
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
    /// Throws if a folder's `tokenizer_config.json` and `tokenizer.json` disagree about text normalization.
    fileprivate func checkAgreement(with folder: URL) throws {
        let file = folder.appending(path: "tokenizer_config.json")
        guard FileManager.default.fileExists(atPath: file.path) else { return }
        let bytes = try FileBytes(mapping: file)
        let object = try bytes.jsonObject()
        for (key, expected) in [
            ("do_lower_case", lowercases), ("strip_accents", stripsAccents),
            ("tokenize_chinese_chars", separatesIdeographs),
        ] {
            guard let value = object.value(key)?.bool, value != expected else { continue }
            throw bytes.fault(
                "\(key) is \(value), the tokenizer has \(expected)", expected: "the same in both", code: .unsupported)
        }
    }
}

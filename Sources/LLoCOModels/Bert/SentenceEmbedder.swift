public import Foundation
import LLoCOBase
import LLoCOCheckpoints
public import LLoCOTokenizers
public import LLoCOTorch

/// Texts to unit vectors for retrieval: a WordPiece tokenizer and a BERT encoder, as all-MiniLM-L6-v2.
public struct SentenceEmbedder: Sendable {
    public let tokenizer: WordPieceTokenizer
    public let encoder: BertEncoder
    /// Tokens of a text that count, the special ones included.
    public let maximumTokens: Int
    /// The files that decide what it computes.
    public let identityFiles: [URL]

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
        let checkpoint = try CheckpointLoader.open(folder)
        let tokenizer = try TokenizerLoader.load(folder: folder)
        guard let wordPiece = tokenizer as? WordPieceTokenizer else {
            throw ModelError(
                .unsupported, "\(folder.path): expected a BERT tokenizer (WordPiece) for an embedding model")
        }
        self.tokenizer = wordPiece
        let configuration = try BertConfiguration(at: folder)
        encoder = try BertEncoder(checkpoint, configuration: configuration, dtype: dtype, device: device)
        // Read in any case: it refuses what this encoder does not compute.
        let settings = try SentenceConfiguration(folder: folder)
        self.maximumTokens = min(maximumTokens ?? settings.maximumTokens ?? 256, configuration.maximumPositions)
        let own = folder.appending(path: SentenceConfiguration.fileName)
        identityFiles =
            LanguageModel.identityFiles(of: checkpoint, at: folder)
            + (FileManager.default.fileExists(atPath: own.path) ? [own] : [])
        guard wordPiece.vocabularySize <= configuration.vocabularySize else {
            throw ModelError(
                .damaged,
                "\(folder.path): the tokenizer has \(wordPiece.vocabularySize) tokens, the encoder "
                    + "\(configuration.vocabularySize): they are not of one model")
        }
    }

    public var dimension: Int { encoder.configuration.hiddenSize }

    /// How many tokens at a text's end `embed` leaves out.
    public func omittedTokens(of text: String) -> Int {
        tokenizer.encodeForEmbedding(text, maxTokens: maximumTokens).omittedTokens
    }

    /// The unit vectors of texts: [B][D]. Texts of like length share a batch.
    ///
    /// - Parameters:
    ///   - batchSize: texts a batch, 1 or more
    ///   - progress: told how many texts are done
    /// - Throws: `ModelError` for a batch of no texts, `TorchError`.
    public func embed(
        _ texts: [String], batchSize: Int = 16, progress: (Int) -> Void = { _ in }
    ) throws -> [[Float]] {
        guard batchSize >= 1 else { throw ModelError(.invalid, "a batch of \(batchSize) texts, expected 1 or more") }
        let sequences = texts.map { tokenizer.encodeForEmbedding($0, maxTokens: maximumTokens).ids }
        let order = sequences.indices.sorted { sequences[$0].count < sequences[$1].count }
        var vectors = [[Float]](repeating: [], count: texts.count)
        var done = 0
        for start in stride(from: 0, to: order.count, by: batchSize) {
            let batch = Array(order[start..<min(start + batchSize, order.count)])
            let flat = try encoder.embed(batch.map { sequences[$0] }).array(of: Float.self)
            for (row, index) in batch.enumerated() {
                vectors[index] = Array(flat[row * dimension..<(row + 1) * dimension])
            }
            done += batch.count
            progress(done)
        }
        return vectors
    }
}

import LLoCOBase
import LLoCOCheckpoints
public import LLoCOCompression
public import LLoCODocuments
import LLoCOLibrary
import LLoCOModels
public import LLoCOTokenizers
import LLoCOTorch

/// A measure of how much a compressor's vectors help a model to answer questions about a document: the loss of
/// reference answers, with no context, vectors, pieces of text, both, the full text, or the vectors of another document
/// before the question.
///
/// Vectors, pieces and both have the same budget of positions. Prompts and pieces are those of the answer mode of the
/// same name, but without the retrieval fallback for questions whose words find nothing.
public struct AnswerMeasure {
    /// Mean -log p per token of a question's first reference answer, including its end token, in nats.
    public struct Losses: Sendable, Equatable, Encodable {
        /// Loss without a context.
        public var none: Double
        /// Loss after the document's vectors.
        public var compressed: Double
        /// Loss after the pieces of text that mode `hybrid` would select, in the same number of positions.
        public var passages: Double
        /// Loss after vectors and pieces, together in the same number of positions.
        public var hybrid: Double
        /// Loss after the document's text; a text longer than the context window loses its middle.
        public var full: Double
        /// Loss after another document's vectors, in the same number of positions: the effect of vectors without
        /// information on this document; nil without another document.
        public var foreign: Double?
        /// Maximum number of positions of vectors, pieces, or both.
        public var positions: Int

        enum CodingKeys: String, CodingKey { case none, compressed, passages, hybrid, full, foreign, positions }

        /// Creates measured losses.
        public init(
            none: Double, compressed: Double, passages: Double, hybrid: Double, full: Double, foreign: Double?,
            positions: Int
        ) {
            (self.none, self.compressed, self.passages) = (none, compressed, passages)
            (self.hybrid, self.full, self.foreign) = (hybrid, full, foreign)
            self.positions = positions
        }
    }

    /// A compressed document, ready for questions.
    public struct Document {
        fileprivate let ids: [Int]
        /// In the model's dtype.
        fileprivate let vectors: SegmentVectors
        fileprivate let segments: [ContextSelection.Segment]
        /// The index of its pieces.
        fileprivate let index: ExcerptIndex
    }

    private let compressor: Compressor
    private let prompts: PromptBuilder
    private let tokenizer: any Tokenizer
    private let size: ContextBudget.Size
    private let textShare: Double?
    private let adapter: Adapter?
    private var decoder: Llama { compressor.decoder }

    /// Creates a measure.
    ///
    /// - Parameters:
    ///   - size: the budget of positions per document
    ///   - textShare: maximum share of text in the budget of `hybrid`; nil to decide by question
    ///   - adapter: an adapter that is active in every condition; nil for none
    /// - Throws: `TokenizerError` for an unknown chat template.
    public init(
        _ compressor: Compressor, tokenizer: any Tokenizer, size: ContextBudget.Size = .usual,
        textShare: Double? = nil, adapter: GeneralAdapter? = nil
    ) throws {
        self.compressor = compressor
        self.tokenizer = tokenizer
        self.size = size
        self.textShare = textShare
        self.adapter = adapter?.reader
        prompts = try PromptBuilder(recognizing: tokenizer)
    }

    /// Compresses a document.
    ///
    /// - Throws: `ModelError` if it cannot be compressed in the context window.
    public func document(_ text: String) throws -> Document {
        try withoutGradients {
            let tokens = tokenizer.encodeWithOffsets(text, special: .asText)
            let ids = tokens.map(\.id)
            try compressor.check(tokens: ids.count, named: "a document")
            let scheme = compressor.scheme
            return try Document(
                ids: ids, vectors: compressor.compress(ids).to(decoder.dtype, device: decoder.device),
                segments: zip(
                    scheme.segments(of: ids.count), scheme.bytes(of: tokens, byteCount: text.utf8.count)
                ).map { .init(bytes: $1, vectorCount: scheme.vectors(of: $0.count)) },
                index: ExcerptIndex([text]))
        }
    }

    /// Measures questions about one document.
    ///
    /// Task cancellation is checked after each question.
    ///
    /// - Parameters:
    ///   - foreign: another document whose vectors are measured too; nil for none
    ///   - onQuestion: called after each question
    /// - Returns: the losses of each question; nil for a question that does not fit the context window
    public func losses(
        of document: Document, foreign: Document? = nil, questions: [Question], onQuestion: () throws -> Void = {}
    ) throws -> [Losses?] {
        try withoutGradients {
            let positions = size.positions(for: document.ids.count)
            var fullText = FullTextLoss(self, document.ids)
            return try questions.map { question in
                let answer = try prompts.answer(question.answers[0])
                func loss(_ share: Double?, _ source: Document, withVectors: Bool = true) throws -> Double {
                    let selection = try ContextSelection(
                        question.text, source.index, prompts: prompts, segments: withVectors ? [source.segments] : nil,
                        ContextBudget(positions: positions, textShare: share))
                    let rows = withVectors ? selection.rows[0] : []
                    return try self.loss(
                        of: answer, behind: prompts.prompt(question: question.text, context: selection.text),
                        after: rows.isEmpty ? nil : source.vectors.selected(rows))
                }
                let losses = try Self.nilIfTooLong {
                    try Losses(
                        none: self.loss(of: answer, behind: prompts.prompt(question: question.text), after: nil),
                        compressed: loss(0, document), passages: loss(1, document, withVectors: false),
                        hybrid: loss(textShare, document),
                        full: fullText.loss(of: answer, question: question.text),
                        foreign: foreign.map { try loss(0, $0) }, positions: positions)
                }
                try Task.checkCancellation()
                try onQuestion()
                return losses
            }
        }
    }

    /// The result of `body`; nil if something does not fit the context window.
    static func nilIfTooLong<Result>(_ body: () throws -> Result) throws -> Result? {
        do {
            return try body()
        } catch let error as ModelError where error.errorCode == .doesNotFit {
            return nil
        }
    }

    /// The active adapters for a prompt after vectors or without vectors.
    private func adapters(afterVectors: Bool) throws -> ActiveAdapters {
        ActiveAdapters((afterVectors ? try compressor.readingAdapters.list : []) + (adapter.map { [$0] } ?? []))
    }

    private func loss(of answer: [Int], behind prompt: [Int], after vectors: SegmentVectors?) throws -> Double {
        let adapters = try adapters(afterVectors: vectors != nil)
        let context = try vectors.map { try compressor.context($0, adapters: adapters) }
        return try loss(of: answer, behind: prompt, after: context, adapters)
    }

    private func loss(
        of answer: [Int], behind prompt: [Int], after context: KeyValueCache?, _ adapters: ActiveAdapters
    ) throws -> Double {
        let window = decoder.configuration.maximumPositions
        let length = (context?.count ?? 0) + prompt.count + answer.count
        guard length <= window else {
            throw ModelError(
                .doesNotFit,
                "a question with its context and answer has \(length) positions, the context window holds \(window)")
        }
        let hidden = try decoder.predictors(
            of: [(prompt + answer, prompt.count)], after: context, adapters: adapters, recomputes: false)[0]
        let sum = try decoder.crossEntropy(hidden, targets: answer)
        guard sum.isFinite else { throw ModelError.nonFiniteLogits(decoder.dtype) }
        return sum / Double(answer.count)
    }

    /// The losses after a document's full text. The prompts' common prefix is computed once and cached.
    private struct FullTextLoss {
        let measure: AnswerMeasure
        let ids: [Int]
        private var prefix: [Int] = []
        private var cache: KeyValueCache?

        init(_ measure: AnswerMeasure, _ ids: [Int]) {
            self.measure = measure
            self.ids = ids
        }

        mutating func loss(of answer: [Int], question: String) throws -> Double {
            let window = measure.decoder.configuration.maximumPositions
            let empty = try measure.prompts.prompt(question: question, context: [0]).count
            let room = FullText.room(max(0, window - empty - answer.count), window: window)
            let text = FullText.kept(ids, room: room)
            let prompt = try measure.prompts.prompt(question: question, context: text)
            let adapters = try measure.adapters(afterVectors: false)
            if !prompt.starts(with: prefix) || cache == nil {
                let other = try measure.prompts.prompt(question: question.isEmpty ? "?" : "", context: text)
                prefix = zip(prompt, other).prefix { $0 == $1 }.map { $0.0 }
                let prefixCache = KeyValueCache(layerCount: measure.decoder.configuration.layerCount)
                if !prefix.isEmpty {
                    _ = try measure.decoder.hiddenStates(
                        measure.decoder.embed(prefix), cache: prefixCache, adapters: adapters, last: 0)
                }
                cache = prefixCache
            }
            return try measure.loss(
                of: answer, behind: Array(prompt.dropFirst(prefix.count)), after: prefix.isEmpty ? nil : cache,
                adapters)
        }
    }
}

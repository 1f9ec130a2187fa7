import LLoCOBase
import LLoCOCheckpoints
public import LLoCOCompression
public import LLoCODocuments
import LLoCOLibrary
import LLoCOModels
public import LLoCOTokenizers
import LLoCOTorch

/// How much a compressor's vectors help a model to find the right answers to questions about a document: the loss of
/// reference answers after a question that stands behind nothing, vectors, pieces of text, both, the full text, or the
/// vectors of another document.
///
/// Vectors, pieces and both take as many positions. Prompts and pieces are those of an answer in the mode of that name, but
/// without what retrieval finds where the question's own words find nothing.
public struct AnswerMeasure {
    /// Mean -log p of a token of a question's first reference answer, the token that ends it included, in nats.
    public struct Losses: Sendable, Equatable, Encodable {
        /// Nothing stands before the question.
        public var none: Double
        /// The document's vectors.
        public var compressed: Double
        /// The pieces of its text that mode `hybrid` would read, in as many positions.
        public var passages: Double
        /// Both, together in as many positions.
        public var hybrid: Double
        /// Its text, without the middle where the window does not hold all of it.
        public var full: Double
        /// Another document's vectors, in as many positions: what vectors bring that say nothing of this one; nil without
        /// another.
        public var foreign: Double?
        /// Positions of vectors, pieces, or both, at most
        public var positions: Int

        enum CodingKeys: String, CodingKey { case none, compressed, passages, hybrid, full, foreign, positions }

        /// Losses that were measured.
        public init(
            none: Double, compressed: Double, passages: Double, hybrid: Double, full: Double, foreign: Double?,
            positions: Int
        ) {
            (self.none, self.compressed, self.passages) = (none, compressed, passages)
            (self.hybrid, self.full, self.foreign) = (hybrid, full, foreign)
            self.positions = positions
        }
    }

    /// A document as it is read before questions.
    public struct Document {
        fileprivate let ids: [Int]
        /// In the model's dtype
        fileprivate let vectors: SegmentVectors
        fileprivate let segments: [ContextSelection.Segment]
        /// Of its pieces
        fileprivate let index: ExcerptIndex
    }

    private let compressor: Compressor
    private let prompts: PromptBuilder
    private let tokenizer: any Tokenizer
    private let size: ContextBudget.Size
    private let textShare: Double?
    private let adapter: Adapter?
    private var decoder: Llama { compressor.decoder }

    /// - Parameters:
    ///   - size: positions that stand for the document
    ///   - textShare: of the positions, where vectors and pieces stand together; nil where the question decides
    ///   - adapter: on in every condition; nil for the model as it is
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
    /// - Throws: `ModelError` where it cannot be compressed in the window.
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

    /// Measures some questions about one document.
    ///
    /// The calling task's cancellation is looked for after each question.
    ///
    /// - Parameters:
    ///   - foreign: another document, whose vectors are read too; nil for none
    ///   - onQuestion: told after each question that was measured in all conditions
    /// - Returns: the losses of each question; nil of one that does not fit the window with its context
    public func losses(
        of document: Document, foreign: Document? = nil, questions: [Question], onQuestion: () throws -> Void = {}
    ) throws -> [Losses?] {
        try withoutGradients {
            let positions = size.positions(for: document.ids.count)
            var reader = TextReader(self, document.ids)
            return try questions.map { question in
                let answer = try prompts.answer(question.answers[0])
                func loss(_ share: Double?, _ read: Document, withVectors: Bool = true) throws -> Double {
                    let selection = try ContextSelection(
                        question.text, read.index, prompts: prompts, segments: withVectors ? [read.segments] : nil,
                        ContextBudget(positions: positions, textShare: share))
                    let rows = withVectors ? selection.rows[0] : []
                    return try self.loss(
                        of: answer, behind: prompts.prompt(question: question.text, context: selection.text),
                        after: rows.isEmpty ? nil : read.vectors.selected(rows))
                }
                let losses = try Self.fitting {
                    try Losses(
                        none: self.loss(of: answer, behind: prompts.prompt(question: question.text), after: nil),
                        compressed: loss(0, document), passages: loss(1, document, withVectors: false),
                        hybrid: loss(textShare, document),
                        full: reader.loss(of: answer, question: question.text),
                        foreign: foreign.map { try loss(0, $0) }, positions: positions)
                }
                try Task.checkCancellation()
                try onQuestion()
                return losses
            }
        }
    }

    /// nil where something does not fit the window.
    static func fitting<Result>(_ body: () throws -> Result) throws -> Result? {
        do {
            return try body()
        } catch let error as ModelError where error.errorCode == .doesNotFit {
            return nil
        }
    }

    /// What is on while a prompt is read, behind vectors or without any.
    private func adapters(readingVectors: Bool) throws -> ActiveAdapters {
        ActiveAdapters((readingVectors ? try compressor.readingAdapters.list : []) + (adapter.map { [$0] } ?? []))
    }

    private func loss(of answer: [Int], behind prompt: [Int], after vectors: SegmentVectors?) throws -> Double {
        let adapters = try adapters(readingVectors: vectors != nil)
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
                "a question with its context and answer has \(length) positions, the window holds \(window)")
        }
        let hidden = try decoder.predictors(
            of: [(prompt + answer, prompt.count)], after: context, adapters: adapters, recomputes: false)[0]
        let sum = try decoder.crossEntropy(hidden, targets: answer)
        guard sum.isFinite else { throw ModelError.scoresAreNoNumbers(decoder.dtype) }
        return sum / Double(answer.count)
    }

    /// A document's text before its questions: what their prompts begin with is read once.
    private struct TextReader {
        let measure: AnswerMeasure
        let ids: [Int]
        private var head: [Int] = []
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
            let adapters = try measure.adapters(readingVectors: false)
            if !prompt.starts(with: head) || cache == nil {
                let other = try measure.prompts.prompt(question: question.isEmpty ? "?" : "", context: text)
                head = zip(prompt, other).prefix { $0 == $1 }.map { $0.0 }
                let read = KeyValueCache(layerCount: measure.decoder.configuration.layerCount)
                if !head.isEmpty {
                    _ = try measure.decoder.hiddenStates(
                        measure.decoder.embed(head), cache: read, adapters: adapters, last: 0)
                }
                cache = read
            }
            return try measure.loss(
                of: answer, behind: Array(prompt.dropFirst(head.count)), after: head.isEmpty ? nil : cache, adapters)
        }
    }
}

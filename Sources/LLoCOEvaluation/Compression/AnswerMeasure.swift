import LLoCOBase
import LLoCOCheckpoints
public import LLoCOCompression
public import LLoCODocuments
import LLoCOLibrary
import LLoCOModels
public import LLoCOTokenizers
import LLoCOTorch

/// How much a compressor's vectors help a model to find the right answers to questions about a document: the loss of
/// reference answers after a question that stands behind nothing, vectors, pieces of text, both, or the full text.
///
/// Vectors, pieces and both take as many positions; prompts and pieces are those of an answer in the mode of that name.
public struct AnswerMeasure {
    /// Mean -log p of a token of a question's first reference answer, the token that ends it included, in nats.
    public struct Losses: Sendable, Equatable, Encodable {
        /// Nothing stands before the question.
        public var none: Double
        /// The document's vectors.
        public var compressed: Double
        /// The pieces of its text that have the question's words, in as many positions.
        public var passages: Double
        /// Both, together in as many positions.
        public var hybrid: Double
        /// Its text, without the middle where the window does not hold all of it.
        public var full: Double
        /// Positions of vectors, pieces, or both, at most
        public var positions: Int

        enum CodingKeys: String, CodingKey { case none, compressed, passages, hybrid, full, positions }
    }

    private let compressor: Compressor
    private let prompts: PromptBuilder
    private let tokenizer: any Tokenizer
    private let size: ContextBudget.Size
    private let textShare: Double
    private let adapter: Adapter?
    private var decoder: Llama { compressor.decoder }

    /// - Parameters:
    ///   - size: positions that stand for the document
    ///   - textShare: of the positions, where vectors and pieces stand together
    ///   - adapter: on in every condition; nil for the model as it is
    /// - Throws: `TokenizerError` for an unknown chat template.
    public init(
        _ compressor: Compressor, tokenizer: any Tokenizer, size: ContextBudget.Size = .usual,
        textShare: Double = ContextBudget.usualTextShare, adapter: GeneralAdapter? = nil
    ) throws {
        self.compressor = compressor
        self.tokenizer = tokenizer
        self.size = size
        self.textShare = textShare
        self.adapter = adapter?.reader
        prompts = try PromptBuilder(recognizing: tokenizer)
    }

    /// Measures some questions about one document.
    ///
    /// The calling task's cancellation is looked for after each condition.
    ///
    /// - Parameter onQuestion: told after each question that was measured in all conditions
    /// - Returns: the losses of each question; nil of one that does not fit the window with its context
    /// - Throws: `ModelError` where the document cannot be compressed in the window.
    public func losses(
        of document: String, questions: [Question], onQuestion: () throws -> Void = {}
    ) throws -> [Losses?] {
        try withoutGradients {
            let tokens = tokenizer.encodeWithOffsets(document, special: .asText)
            let ids = tokens.map(\.id)
            try compressor.check(tokens: ids.count, named: "a document")
            let vectors = try compressor.compress(ids).to(decoder.dtype, device: decoder.device)
            let scheme = compressor.scheme
            let segments = zip(
                scheme.segments(of: ids.count), scheme.bytes(of: tokens, byteCount: document.utf8.count)
            ).map { ContextSelection.Segment(bytes: $1, vectorCount: scheme.vectors(of: $0.count)) }
            let index = try ExcerptIndex([document])
            let positions = size.positions(for: ids.count)
            var reader = TextReader(self, ids)
            return try questions.map { question in
                let answer = try prompts.answer(question.answers[0])
                func loss(_ share: Double, withVectors: Bool) throws -> Double {
                    let selection = try ContextSelection(
                        question.text, index, prompts: prompts, segments: withVectors ? [segments] : nil,
                        ContextBudget(positions: positions, textShare: share))
                    let rows = withVectors ? selection.rows[0] : []
                    return try self.loss(
                        of: answer, behind: prompts.prompt(question: question.text, context: selection.text),
                        after: rows.isEmpty ? nil : vectors.selected(rows))
                }
                let losses = try Self.fitting {
                    try Losses(
                        none: self.loss(of: answer, behind: prompts.prompt(question: question.text), after: nil),
                        compressed: loss(0, withVectors: true), passages: loss(1, withVectors: false),
                        hybrid: loss(textShare, withVectors: true),
                        full: reader.loss(of: answer, question: question.text), positions: positions)
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

import LLoCOBase
public import LLoCODocuments

/// An evaluation of a compressor on questions about documents; the questions can be a random sample.
///
///     let evaluation = try AnswerEvaluation(
///         [QuestionSet(contentsOf: file)], measure: AnswerMeasure(engine.compressor, tokenizer: tokenizer))
///     print(try evaluation.figures().gapClosedCompressed)
public struct AnswerEvaluation {
    /// The measure of each question.
    public let measure: AnswerMeasure
    private let documents: [QuestionDocument]
    private let seed: UInt64

    /// Draws the questions.
    ///
    /// - Parameters:
    ///   - count: maximum number of questions; nil for all
    ///   - seed: seed of the sample and of the bootstrap; default 0
    /// - Throws: `EvaluationError` if no question is about a document with a text.
    public init(_ sets: [QuestionSet], measure: AnswerMeasure, count: Int? = nil, seed: UInt64 = 0) throws {
        self.measure = measure
        self.seed = seed
        var places: [(document: Int, question: Int)] = []
        var all: [QuestionDocument] = []
        for document in sets.flatMap(\.documents) where !(document.document ?? "").isEmpty {
            places += document.questions.indices.map { (all.count, $0) }
            all.append(document)
        }
        var generator = SplitMix64(seed: seed)
        places.shuffle(using: &generator)
        let drawn = Dictionary(grouping: places.prefix(count ?? places.count), by: \.document)
        documents = drawn.sorted { $0.key < $1.key }.map { index, places in
            var document = all[index]
            document.questions = places.map(\.question).sorted().map { document.questions[$0] }
            return document
        }
        guard !documents.isEmpty else {
            throw EvaluationError(
                .invalid, "no question to measure: expected a field \"document\" with the document's text")
        }
    }

    /// Measures all drawn questions.
    ///
    /// Foreign vectors come from the next longer document, so that there are enough of them; for the longest document,
    /// from the second longest.
    ///
    /// - Parameter onQuestion: called after each question with the number of finished questions and the total
    /// - Throws: `EvaluationError` if no question fits the model's context window.
    public func figures(
        onQuestion: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
    ) throws -> AnswerFigures {
        let total = documents.reduce(0) { $0 + $1.questions.count }
        var losses: [[AnswerMeasure.Losses]] = Array(repeating: [], count: documents.count)
        var doneBefore = 0
        func measure(_ index: Int, _ document: AnswerMeasure.Document, _ foreign: AnswerMeasure.Document?) throws {
            let questions = documents[index].questions
            var done = doneBefore
            losses[index] = try self.measure.losses(of: document, foreign: foreign, questions: questions) {
                done += 1
                try onQuestion(done, total)
            }.compactMap { $0 }
            doneBefore += questions.count
        }
        let lengths = documents.map { $0.document?.utf8.count ?? 0 }
        var longest: (index: Int, document: AnswerMeasure.Document)?
        var (second, longer): (AnswerMeasure.Document?, AnswerMeasure.Document?)
        for index in documents.indices.sorted(by: { (-lengths[$0], $0) < (-lengths[$1], $1) }) {
            let text = documents[index].document ?? ""
            guard let document = try AnswerMeasure.nilIfTooLong({ try self.measure.document(text) }) else {
                doneBefore += documents[index].questions.count
                continue
            }
            if longest == nil {
                longest = (index, document)
            } else {
                second = second ?? document
                try measure(index, document, longer)
            }
            longer = document
        }
        if let longest { try measure(longest.index, longest.document, second) }
        let names = losses.enumerated().flatMap { index, list in list.map { _ in "\(index)" } }
        let all = losses.flatMap { $0 }
        guard !all.isEmpty else {
            throw EvaluationError(
                .doesNotFit, "none of the \(total) questions fits the model's context window with its document")
        }
        return AnswerFigures(all, documents: names, omitted: total - all.count, seed: seed)
    }
}

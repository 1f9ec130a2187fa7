import LLoCOBase
public import LLoCODocuments

/// A compressor measured on questions about documents: some of them, drawn by a seed.
///
///     let evaluation = try AnswerEvaluation(
///         [QuestionSet(contentsOf: file)], measure: AnswerMeasure(engine.compressor, tokenizer: tokenizer))
///     print(try evaluation.figures().gapClosedCompressed)
public struct AnswerEvaluation {
    /// What each question is measured with.
    public let measure: AnswerMeasure
    private let documents: [QuestionDocument]
    private let seed: UInt64

    /// Draws questions.
    ///
    /// - Parameters:
    ///   - count: questions, at most; nil for all
    ///   - seed: what questions, and the bootstrap, are drawn from
    /// - Throws: `EvaluationError` where no question is about a document whose text is there.
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
                .invalid, "no question to measure: expected a field \"document\" with the text that it is about")
        }
    }

    /// Measures all questions that were drawn.
    ///
    /// Foreign vectors are those of the next longer document, so that there are as many; for the longest those of the second.
    ///
    /// - Parameter onQuestion: told after each question how many of all are done
    /// - Throws: `EvaluationError` where none of them fits the model's window.
    public func figures(
        onQuestion: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
    ) throws -> AnswerFigures {
        let total = documents.reduce(0) { $0 + $1.questions.count }
        var losses: [[AnswerMeasure.Losses]] = Array(repeating: [], count: documents.count)
        var before = 0
        func measure(_ index: Int, _ document: AnswerMeasure.Document, _ foreign: AnswerMeasure.Document?) throws {
            let questions = documents[index].questions
            var done = before
            losses[index] = try self.measure.losses(of: document, foreign: foreign, questions: questions) {
                done += 1
                try onQuestion(done, total)
            }.compactMap { $0 }
            before += questions.count
        }
        let lengths = documents.map { $0.document?.utf8.count ?? 0 }
        var longest: (index: Int, document: AnswerMeasure.Document)?
        var (second, longer): (AnswerMeasure.Document?, AnswerMeasure.Document?)
        for index in documents.indices.sorted(by: { (-lengths[$0], $0) < (-lengths[$1], $1) }) {
            let text = documents[index].document ?? ""
            guard let document = try AnswerMeasure.fitting({ try self.measure.document(text) }) else {
                before += documents[index].questions.count
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
                .doesNotFit, "none of the \(total) questions fits the model's window with its document")
        }
        return AnswerFigures(all, documents: names, omitted: total - all.count, seed: seed)
    }
}

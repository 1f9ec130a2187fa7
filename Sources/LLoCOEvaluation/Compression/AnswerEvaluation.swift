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

    /// Measures all questions that were drawn. Foreign vectors are those of the document before, the last's for the first.
    ///
    /// - Parameter onQuestion: told after each question how many of all are done
    /// - Throws: `EvaluationError` where none of them fits the model's window.
    public func figures(
        onQuestion: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
    ) throws -> AnswerFigures {
        let total = documents.reduce(0) { $0 + $1.questions.count }
        var losses: [AnswerMeasure.Losses] = []
        var names: [String] = []
        var before = 0
        func compressed(_ index: Int) throws -> AnswerMeasure.Document? {
            try AnswerMeasure.fitting { try measure.document(documents[index].document ?? "") }
        }
        // The last that can be compressed.
        var last: (index: Int, document: AnswerMeasure.Document)?
        for index in documents.indices.dropFirst().reversed() where last == nil {
            last = try compressed(index).map { (index, $0) }
        }
        var foreign = last?.document
        for (index, questioned) in documents.enumerated() {
            defer { before += questioned.questions.count }
            let isLast = index == last?.index
            guard let document = try isLast ? last?.document : compressed(index) else { continue }
            var done = before
            let fitting = try measure.losses(of: document, foreign: foreign, questions: questioned.questions) {
                done += 1
                try onQuestion(done, total)
            }.compactMap { $0 }
            losses += fitting
            names += fitting.map { _ in "\(index)" }
            foreign = document
        }
        guard !losses.isEmpty else {
            throw EvaluationError(
                .doesNotFit, "none of the \(total) questions fits the model's window with its document")
        }
        return AnswerFigures(losses, documents: names, omitted: total - losses.count, seed: seed)
    }
}

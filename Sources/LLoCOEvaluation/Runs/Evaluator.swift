import Foundation
import LLoCO
public import LLoCOBase
public import LLoCOCompression
public import LLoCODataSets
import LLoCODocuments
public import LLoCOLibrary
public import LLoCOModels
public import LLoCOReports

/// An evaluator that answers questions in several modes and scores the answers. Each question is about one document.
public final class Evaluator {
    private let model: LoadedModel
    private let library: any LibraryStore
    private let answerer: Answerer
    private let group: String
    private let ownsLibrary: Bool
    /// Whether a group's adapter is used in the modes that read vectors; default true.
    public var usesAdapter = true
    /// The context budget, as in ``Answerer/Options``.
    public var budget: ContextBudget.Size?
    /// The share of text in mode `hybrid`, as in ``Answerer/Options``.
    public var textShare: Double?

    /// Creates an evaluator.
    ///
    /// - Parameters:
    ///   - library: the library with the documents; nil for an in-memory library that documents are added to one by one
    ///   - group: the documents' group in `library`
    public init(model: LoadedModel, library: (any LibraryStore)? = nil, group: String? = nil) throws {
        self.model = model
        self.library = try library ?? SQLiteLibrary.inMemory()
        self.group = group ?? "evaluation"
        ownsLibrary = library == nil
        answerer = Answerer(model: model, library: self.library)
    }

    /// Uses an adapter that is not in the library.
    public func setAdapter(_ adapter: Adapter) throws {
        try answerer.setAdapter(adapter, for: group)
    }

    /// The set's digest, over the texts in use: with a library, the library's texts.
    public func digest(of set: EvaluationSet) async throws -> String {
        guard !ownsLibrary else { return set.digest }
        var digests: [String] = []
        for entry in set.documents { digests.append(try await document(of: entry).digest) }
        return set.digest(texts: digests)
    }

    /// Whether any mode searches for passages, which needs a retrieval model.
    ///
    /// Mode `none` reads nothing. A document that is added only for its questions is searched only if a mode reads
    /// passages or a budget selects pieces of it.
    ///
    /// - Parameter inLibrary: whether the documents are in a given library
    package static func searches(
        _ modes: [AnswerMode], budget: ContextBudget.Size?, inLibrary: Bool
    ) -> Bool {
        modes.contains { $0 != .none } && (inLibrary || budget != nil || modes.contains(where: \.readsPassages))
    }

    /// Answers the questions about a document, in every mode.
    ///
    /// - Parameters:
    ///   - isWanted: whether to ask a question in a mode; default all
    ///   - onLearning: called with the number of compressed tokens and the total
    ///   - onRecord: called with each scored answer
    public func evaluate(
        _ entry: EvaluationDocument, modes: [AnswerMode],
        isWanted: (EvaluationQuestion, AnswerMode) -> Bool = { _, _ in true },
        onLearning: (_ done: Int, _ total: Int) throws -> Void = { _, _ in },
        onRecord: (EvaluationRecord) throws -> Void
    ) async throws {
        let wanted = modes.filter { mode in entry.questions.contains { isWanted($0, mode) } }
        guard !wanted.isEmpty else { return }
        // Depends on all modes, so that a resumed run gives the same answers.
        let searches = Self.searches(modes, budget: budget, inLibrary: !ownsLibrary)
        let document = try await addedDocument(
            entry, compressing: wanted.contains(where: \.readsVectors), embedding: searches, onLearning)
        do {
            let text = Array(try await library.text(of: document.id).utf8)
            for question in entry.questions {
                for mode in modes where isWanted(question, mode) {
                    try onRecord(await record(question, of: entry, mode, document, text, searches: searches))
                }
            }
        } catch {
            try? await remove(document)
            throw error
        }
        try await remove(document)
    }

    /// Removes a document from the in-memory library, so that later questions do not search it.
    private func remove(_ document: DocumentRecord) async throws {
        if ownsLibrary { try await library.removeDocument(document.id) }
    }

    private func record(
        _ question: EvaluationQuestion, of entry: EvaluationDocument, _ mode: AnswerMode, _ document: DocumentRecord,
        _ text: [UInt8], searches: Bool
    ) async throws -> EvaluationRecord {
        var options = Answerer.Options()
        options.mode = mode
        options.usesAdapter = usesAdapter
        options.budget = budget
        options.textShare = textShare
        options.generation.maximumTokens = question.answerTokens
        options.form = question.form
        options.searchText = question.originalText
        options.documents = [document.name]
        options.namesPassages = searches
        var answer: Answer?
        var likelihoods: [Double]?
        var unanswered: String?
        do {
            answer = try await answerer.answer(question.text, options)
            if !question.choices.isEmpty {
                likelihoods = try await answerer.logLikelihoods(
                    of: question.choices.indices.compactMap {
                        MultipleChoice.letter($0).map { question.scorer.answer(letter: String($0)) }
                    },
                    question.text, options)
            }
        } catch let error as ModelError where error.errorCode == .doesNotFit {
            // One question that does not fit the context window must not end the run; any other error would affect
            // every question.
            unanswered = error.description
        }
        let prediction = answer?.answer ?? ""
        return EvaluationRecord(
            id: question.id, document: entry.id, mode: mode, question: question.text, prediction: prediction,
            answers: question.answers, metric: question.metric,
            scores: Dictionary(
                uniqueKeysWithValues: question.scores(
                    of: prediction, likelihoods: likelihoods ?? (question.choices.isEmpty ? nil : [])
                ).map {
                    ($0.key.rawValue, 100 * $0.value)
                }),
            choiceLogLikelihoods: likelihoods, attributes: question.attributes, documentTokens: document.tokenCount,
            cutTokens: answer?.cutTokens ?? 0, contextTokens: answer?.contextTokens ?? 0,
            promptTokens: answer?.promptTokens ?? 0, generatedTokens: answer?.generatedTokens ?? 0,
            seconds: answer?.secondsAlone ?? .init(retrieve: 0, prefill: 0, decode: 0, total: 0),
            passages: (answer?.passages ?? []).map { passage in
                EvaluationRecord.Passage(
                    document: passage.document, start: passage.start, end: passage.end, score: passage.score,
                    text: String(decoding: text[passage.start..<min(passage.end, text.count)], as: UTF8.self))
            }, isAnswerCut: answer?.end == .length, unanswered: unanswered, omissions: answer?.omissions ?? [])
    }

    /// The document of a set in the given library.
    private func document(of entry: EvaluationDocument) async throws -> DocumentRecord {
        let named = QuestionDocument(id: entry.id, title: entry.title, document: entry.text, questions: [])
        let document = try await library.document(for: named, in: group)
        guard document.group == group else {
            throw EngineError(
                .invalid, "document '\(document.name)' is in group '\(document.group)', not in '\(group)'")
        }
        return document
    }

    /// The document of a set in the library; without a given library, the document is added from the set's text.
    private func addedDocument(
        _ entry: EvaluationDocument, compressing: Bool, embedding: Bool, _ progress: (Int, Int) throws -> Void
    ) async throws -> DocumentRecord {
        guard ownsLibrary else { return try await document(of: entry) }
        guard let text = entry.text else {
            throw EngineError(.invalid, "document '\(entry.title)' of the question set has no text")
        }
        return try await model.add(
            text: text, path: "/" + Digest.sha256(entry.id), name: entry.id, group: group, to: library,
            compressing: compressing, embedding: embedding, progress: progress
        ).document
    }
}

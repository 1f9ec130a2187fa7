import Foundation
public import LLoCO
public import Models

/// A question's answer and its score.
public struct Prediction: Sendable, Codable, Equatable {
    public let id: String
    public let mode: AnswerMode
    public let prediction: String
    public let answers: [String]
    /// 0...100
    public let f1: Double
}

/// One mode's scores on a question set: means x 100.
public struct EvaluationResult: Sendable, Codable {
    public let data: String
    public let mode: AnswerMode
    public let questions: Int
    public let f1: Double
    public let em: Double
    public let rouge1: Double
    public let rouge2: Double
    public let rougeL: Double
    /// mean a question
    public let contextTokens: Double
    public let secondsPerQuestion: Double

    enum CodingKeys: String, CodingKey {
        case data, mode, questions, f1, em, rouge1, rouge2, rougeL
        case contextTokens = "context_tokens"
        case secondsPerQuestion = "seconds_per_question"
    }
}

/// Answers question sets and scores the answers. Every question is asked about its own document.
public final class Evaluator {
    private let engine: Engine
    private let library: Library
    private let answerer: Answerer
    private let group: String
    private let ownsLibrary: Bool
    private var learned: [String: (document: DocumentRecord, compressed: Bool)] = [:]
    /// What did not fit a prompt and was left out, in the order of the questions, once each.
    public private(set) var omissions: [String] = []
    /// Answers that ended because they may have no more than ``maximumTokens``.
    public private(set) var cutAnswers = 0
    public var maximumTokens = 48
    /// Whether a group's adapter is used in mode `compressed`.
    public var usesAdapter = true

    /// - Parameters:
    ///   - library: where the documents are; nil for a library in memory, which they are learned into
    ///   - group: their group in `library`
    public init(engine: Engine, library: Library? = nil, group: String? = nil) throws {
        self.engine = engine
        self.library = try library ?? Library.inMemory()
        self.group = group ?? "evaluation"
        ownsLibrary = library == nil
        answerer = Answerer(engine: engine, library: self.library)
    }

    /// Uses an adapter that is not in the library.
    public func setAdapter(_ adapter: Adapter) throws {
        try answerer.setAdapter(adapter, for: group)
    }

    /// Asks every question in one mode.
    ///
    /// - Parameter onPrediction: told each prediction, and how many are done in this mode
    public func evaluate(
        _ set: QuestionSet, mode: AnswerMode, name: String,
        onPrediction: (Prediction, _ done: Int) throws -> Void = { _, _ in }
    ) throws -> EvaluationResult {
        var scores = AnswerScores()
        var context = 0
        var seconds = 0.0
        var options = Answerer.Options()
        options.mode = mode
        options.usesAdapter = usesAdapter
        options.generation.maximumTokens = maximumTokens
        for entry in set.documents where !entry.questions.isEmpty {
            let document = try learned(entry, compressing: mode == .compressed)
            options.documents = [document.name]
            for question in entry.questions {
                let answer = try answerer.answer(question.text, options)
                let score = scores.add(prediction: answer.answer, references: question.answers)
                context += answer.contextTokens
                seconds += answer.seconds.total
                if answer.end == .length { cutAnswers += 1 }
                for omission in answer.omissions where !omissions.contains(omission) { omissions.append(omission) }
                try onPrediction(
                    Prediction(
                        id: question.id, mode: mode, prediction: answer.answer, answers: question.answers,
                        f1: score.f1 * 100), scores.questions)
            }
        }
        let count = Double(max(1, scores.questions))
        return EvaluationResult(
            data: name, mode: mode, questions: scores.questions, f1: scores.f1, em: scores.em, rouge1: scores.rouge1,
            rouge2: scores.rouge2, rougeL: scores.rougeL, contextTokens: Double(context) / count,
            secondsPerQuestion: seconds / count)
    }

    /// The document of a question set's line in the library: learned, once, where the set brings its text.
    private func learned(_ entry: QuestionDocument, compressing: Bool) throws -> DocumentRecord {
        guard ownsLibrary else {
            let document = try library.document(for: entry, in: group)
            guard document.group == group else {
                throw EngineError("document '\(document.name)' is in group '\(document.group)', not in '\(group)'")
            }
            return document
        }
        if let known = learned[entry.id], known.compressed || !compressing { return known.document }
        guard let text = entry.document else {
            throw EngineError("document '\(entry.title)' of the question set has no text")
        }
        let document = try engine.add(
            text: text, path: "/" + Digest.sha256(entry.id), name: entry.id, group: group, to: library,
            compressing: compressing
        ).document
        learned[entry.id] = (document, compressing)
        return document
    }
}

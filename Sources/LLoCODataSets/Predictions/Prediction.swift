/// An answer with all that it is judged by: a line of the predictions that an evaluation writes.
///
///     {"id": "q7", "mode": "full", "task": "trec", "metric": "classification", "classes": ["City", "Date"],
///      "answers": ["City"], "prediction": "City", "f1": 100}
///
/// Fields that say nothing are left out; `scorer` is ``Scorer``'s name, a multiple choice brings `choices`,
/// `correct_choice` (from 0) and `choice_log_likelihoods`.
public struct Prediction: Sendable, Equatable {
    /// What was asked. Its text and its limit are not part of a line.
    public var question: EvaluationQuestion
    /// In which mode it was asked; nil where the line does not say.
    public var mode: String?
    public var prediction: String
    /// log p of each option of a multiple choice, in nats, where they were asked for.
    public var choiceLogLikelihoods: [Double]?

    public init(
        question: EvaluationQuestion, mode: String?, prediction: String, choiceLogLikelihoods: [Double]? = nil
    ) {
        self.question = question
        self.mode = mode
        self.prediction = prediction
        self.choiceLogLikelihoods = choiceLogLikelihoods
    }

    /// What the answer is worth, 0…1 by metric, as ``EvaluationQuestion/scores(of:likelihoods:rouge:)`` says.
    ///
    /// A multiple choice whose options' likelihoods are unknown is nothing by likelihood, as one that was not answered.
    public func scores(rouge: ROUGE = ROUGE()) -> [Metric: Double] {
        question.scores(of: prediction, likelihoods: choiceLogLikelihoods, rouge: rouge)
    }
}

extension Prediction: Encodable {
    enum CodingKeys: String, CodingKey {
        case id, mode, task, metric, scorer, classes, choices, answers, prediction, f1
        case correctChoice = "correct_choice"
        case choiceLogLikelihoods = "choice_log_likelihoods"
    }

    public func encode(to encoder: any Encoder) throws {
        var line = encoder.container(keyedBy: CodingKeys.self)
        try line.encode(question.id, forKey: .id)
        try line.encodeIfPresent(mode, forKey: .mode)
        try line.encodeIfPresent(question.attributes["task"], forKey: .task)
        try line.encode(question.metric, forKey: .metric)
        if question.scorer != .standard { try line.encode(question.scorer, forKey: .scorer) }
        if !question.classes.isEmpty { try line.encode(question.classes, forKey: .classes) }
        if !question.choices.isEmpty { try line.encode(question.choices, forKey: .choices) }
        try line.encodeIfPresent(question.correctChoice, forKey: .correctChoice)
        try line.encodeIfPresent(choiceLogLikelihoods, forKey: .choiceLogLikelihoods)
        try line.encode(question.answers, forKey: .answers)
        try line.encode(prediction, forKey: .prediction)
        try line.encode(100 * (scores()[.f1] ?? 0), forKey: .f1)
    }
}

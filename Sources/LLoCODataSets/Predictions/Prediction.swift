/// An answer with everything needed to score it: a line of the predictions file that an evaluation writes.
///
///     {"id": "q7", "mode": "full", "task": "trec", "metric": "classification", "classes": ["City", "Date"],
///      "answers": ["City"], "prediction": "City", "f1": 100}
///
/// Empty fields are omitted. `scorer` is the name of a ``Scorer``. A multiple choice has `choices`, `correct_choice`
/// (from 0) and `choice_log_likelihoods`.
public struct Prediction: Sendable, Equatable {
    /// The question. Its text and its answer limit are not part of a line.
    public var question: EvaluationQuestion
    /// The answer mode; nil if the line does not name one.
    public var mode: String?
    /// The answer.
    public var prediction: String
    /// Log-probability of each option of a multiple choice, in nats; nil if not computed.
    public var choiceLogLikelihoods: [Double]?

    /// Creates a prediction.
    public init(
        question: EvaluationQuestion, mode: String?, prediction: String, choiceLogLikelihoods: [Double]? = nil
    ) {
        self.question = question
        self.mode = mode
        self.prediction = prediction
        self.choiceLogLikelihoods = choiceLogLikelihoods
    }

    /// The scores of the answer by metric, 0…1; see ``EvaluationQuestion/scores(of:likelihoods:rouge:)``.
    ///
    /// A multiple choice with an empty list of log-probabilities (an unanswered question) scores 0 by likelihood.
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

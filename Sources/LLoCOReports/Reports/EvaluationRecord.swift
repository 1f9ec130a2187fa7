public import LLoCOBase
public import LLoCODataSets

/// A question in one mode: its answer, what it was judged, what it rests on and what it cost. A line of a run's file.
public struct EvaluationRecord: Sendable, Codable, Equatable {
    /// A passage that the answer rests on.
    public struct Passage: Sendable, Codable, Equatable {
        public var document: String
        /// UTF-8 byte offsets in the document's text
        public var start: Int
        public var end: Int
        public var score: Double
        public var text: String

        public init(document: String, start: Int, end: Int, score: Double, text: String) {
            self.document = document
            self.start = start
            self.end = end
            self.score = score
            self.text = text
        }
    }

    public var id: String
    public var document: String
    public var mode: AnswerMode
    public var question: String
    public var prediction: String
    public var answers: [String]
    public var metric: Metric
    /// By metric's name, 0...100; the question's own among them.
    public var scores: [String: Double]
    /// log p of each option of a multiple choice, where it was asked for
    public var choiceLogLikelihoods: [Double]?
    public var attributes: [String: String]
    /// Tokens of the document's text.
    public var documentTokens: Int
    /// Tokens of it that `full` had to leave out; 0 elsewhere.
    public var cutTokens: Int
    /// Positions of the prompt that stand for the document.
    public var contextTokens: Int
    public var promptTokens: Int
    public var generatedTokens: Int
    public var seconds: AnswerSeconds
    public var passages: [Passage]
    /// Whether the answer ended because it may have no more tokens.
    public var isAnswerCut: Bool
    /// Why the question could not be asked: it counts as answered with nothing. nil where it was.
    public var unanswered: String?
    /// What did not fit the prompt and was left out, a line each.
    public var omissions: [String]

    /// The question's own figure, 0...100.
    public var score: Double { scores[metric.rawValue] ?? 0 }

    enum CodingKeys: String, CodingKey {
        case id, document, mode, question, prediction, answers, metric, scores, attributes, seconds, passages
        case unanswered, omissions
        case isAnswerCut = "answer_cut"
        case choiceLogLikelihoods = "choice_log_likelihoods"
        case documentTokens = "document_tokens"
        case cutTokens = "cut_tokens"
        case contextTokens = "context_tokens"
        case promptTokens = "prompt_tokens"
        case generatedTokens = "generated_tokens"
    }

    public init(
        id: String, document: String, mode: AnswerMode, question: String, prediction: String, answers: [String],
        metric: Metric, scores: [String: Double], choiceLogLikelihoods: [Double]? = nil,
        attributes: [String: String] = [:], documentTokens: Int, cutTokens: Int = 0, contextTokens: Int,
        promptTokens: Int, generatedTokens: Int, seconds: AnswerSeconds, passages: [Passage] = [],
        isAnswerCut: Bool = false, unanswered: String? = nil, omissions: [String] = []
    ) {
        self.id = id
        self.document = document
        self.mode = mode
        self.question = question
        self.prediction = prediction
        self.answers = answers
        self.metric = metric
        self.scores = scores
        self.choiceLogLikelihoods = choiceLogLikelihoods
        self.attributes = attributes
        self.documentTokens = documentTokens
        self.cutTokens = cutTokens
        self.contextTokens = contextTokens
        self.promptTokens = promptTokens
        self.generatedTokens = generatedTokens
        self.seconds = seconds
        self.passages = passages
        self.isAnswerCut = isAnswerCut
        self.unanswered = unanswered
        self.omissions = omissions
    }
}

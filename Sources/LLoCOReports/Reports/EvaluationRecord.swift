public import LLoCOBase
public import LLoCODataSets

/// The answer to a question in one mode with its scores, passages and costs: a line of a run's file.
public struct EvaluationRecord: Sendable, Codable, Equatable {
    /// A passage that the answer is based on.
    public struct Passage: Sendable, Codable, Equatable {
        /// The document's name.
        public var document: String
        /// The start in the document's text, as a UTF-8 byte offset.
        public var start: Int
        /// The end in the document's text, as a UTF-8 byte offset.
        public var end: Int
        /// The retrieval score.
        public var score: Double
        /// The passage's text.
        public var text: String

        /// Creates a passage.
        public init(document: String, start: Int, end: Int, score: Double, text: String) {
            self.document = document
            self.start = start
            self.end = end
            self.score = score
            self.text = text
        }
    }

    /// The question's id.
    public var id: String
    /// The document's id.
    public var document: String
    /// The answer mode.
    public var mode: AnswerMode
    /// The question's text.
    public var question: String
    /// The answer.
    public var prediction: String
    /// The references.
    public var answers: [String]
    /// The question's own metric.
    public var metric: Metric
    /// Scores by metric name, 0...100, including the question's own metric.
    public var scores: [String: Double]
    /// Log-probability of each option of a multiple choice, in nats; nil if not computed.
    public var choiceLogLikelihoods: [Double]?
    /// The question's attributes.
    public var attributes: [String: String]
    /// Number of tokens in the document's text.
    public var documentTokens: Int
    /// Number of document tokens that mode `full` dropped; 0 in other modes.
    public var cutTokens: Int
    /// Number of prompt positions that stand for the document.
    public var contextTokens: Int
    /// Number of prompt tokens.
    public var promptTokens: Int
    /// Number of generated tokens.
    public var generatedTokens: Int
    /// Duration of the answer, in seconds.
    public var seconds: AnswerSeconds
    /// The passages that the answer is based on.
    public var passages: [Passage]
    /// Whether the answer was truncated at its token limit.
    public var isAnswerCut: Bool
    /// The reason why the question could not be asked; it then counts as an empty answer. nil if it was asked.
    public var unanswered: String?
    /// Parts that did not fit the prompt and were omitted, one line each.
    public var omissions: [String]

    /// The score in the question's own metric, 0...100.
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

    /// Creates a record.
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

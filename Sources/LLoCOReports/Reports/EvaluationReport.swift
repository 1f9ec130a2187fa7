public import LLoCOBase
public import LLoCODataSets

/// Everything that an evaluation found: what reports are made of, and their JSON form.
public struct EvaluationReport: Sendable, Codable, Equatable {
    /// What computed the answers; with the same of all these a run gives the same answers again.
    public struct Settings: Sendable, Codable, Equatable {
        public var data: String
        public var format: DataFormat
        /// SHA-256 of the documents, questions and references
        public var dataDigest: String
        /// How long answers may be, in tokens, by task (``EvaluationSet/answerTokens``)
        public var answerTokens: [String: Int]
        /// SHA-256 of the model's files
        public var model: String
        public var compressor: String?
        /// How the compressor cuts a text and what it carries: the variant of a ``VectorIdentity``
        public var scheme: String?
        /// SHA-256 of the adapter's weights; nil where none was used
        public var adapter: String?
        public var embedder: String?
        /// positions that the model's window holds
        public var window: Int
        /// SHA-256 of what the chat template writes around text and question
        public var chatTemplate: String
        public var dtype: String
        public var device: String
        /// What generated tokens are computed from
        public var decodeWeights: String
        public var seed: UInt64
        /// What could stand for a question's documents, where a budget was given: `100` positions, or `1/30` of their tokens
        public var budget: String?
        /// Of the budget of mode `hybrid` at most this share was text; nil where the mode was not asked, or where each question
        /// decided
        public var textShare: Double?
        /// The version of how pieces of text are chosen; nil where none could be read
        public var pieces: String?

        enum CodingKeys: String, CodingKey {
            case data, format, model, compressor, scheme, adapter, embedder, window, dtype, device, seed, budget, pieces
            case dataDigest = "data_digest"
            case answerTokens = "answer_tokens"
            case chatTemplate = "chat_template"
            case decodeWeights = "decode_weights"
            case textShare = "text_share"
        }

        public init(
            data: String, format: DataFormat, dataDigest: String, answerTokens: [String: Int], model: String,
            compressor: String?, scheme: String?, adapter: String?, embedder: String?, window: Int,
            chatTemplate: String, dtype: String, device: String, decodeWeights: String, seed: UInt64,
            budget: String? = nil, textShare: Double? = nil, pieces: String? = nil
        ) {
            self.data = data
            self.format = format
            self.dataDigest = dataDigest
            self.answerTokens = answerTokens
            self.model = model
            self.compressor = compressor
            self.scheme = scheme
            self.adapter = adapter
            self.embedder = embedder
            self.window = window
            self.chatTemplate = chatTemplate
            self.dtype = dtype
            self.device = device
            self.decodeWeights = decodeWeights
            self.seed = seed
            self.budget = budget
            self.textShare = textShare
            self.pieces = pieces
        }
    }

    public typealias Estimate = IntervalEstimate

    /// One mode's figures.
    public struct ModeResult: Sendable, Codable, Equatable {
        public var mode: AnswerMode
        public var questions: Int
        /// By metric's name, x 100.
        public var scores: [String: Estimate]
        /// By metric's name: the questions that have it, which its figure is of.
        public var counts: [String: Int]
        /// mean a question
        public var contextTokens: Double
        public var secondsPerQuestion: Double
        /// The share of the questions whose document was cut, and of the documents' tokens that were left out, 0...1.
        public var cutQuestions: Double
        public var cutTokens: Double
        /// Answers that ended because they may have no more tokens, and questions that could not be asked.
        public var cutAnswers: Int
        public var unanswered: Int

        enum CodingKeys: String, CodingKey {
            case mode, questions, scores, counts, unanswered
            case contextTokens = "context_tokens"
            case secondsPerQuestion = "seconds_per_question"
            case cutQuestions = "cut_questions"
            case cutTokens = "cut_tokens"
            case cutAnswers = "cut_answers"
        }

        public init(
            mode: AnswerMode, questions: Int, scores: [String: Estimate], counts: [String: Int],
            contextTokens: Double, secondsPerQuestion: Double, cutQuestions: Double, cutTokens: Double,
            cutAnswers: Int, unanswered: Int
        ) {
            self.mode = mode
            self.questions = questions
            self.scores = scores
            self.counts = counts
            self.contextTokens = contextTokens
            self.secondsPerQuestion = secondsPerQuestion
            self.cutQuestions = cutQuestions
            self.cutTokens = cutTokens
            self.cutAnswers = cutAnswers
            self.unanswered = unanswered
        }
    }

    /// The difference of two modes on the same questions.
    public struct Comparison: Sendable, Codable, Equatable {
        public var metric: String
        public var first: AnswerMode
        public var second: AnswerMode
        /// The questions that have the metric.
        public var questions: Int
        /// first - second, with the interval of the paired bootstrap
        public var difference: Estimate
        /// two-sided, of the paired permutation test (random exchanges)
        public var p: Double

        public init(
            metric: String, first: AnswerMode, second: AnswerMode, questions: Int, difference: Estimate, p: Double
        ) {
            self.metric = metric
            self.questions = questions
            self.first = first
            self.second = second
            self.difference = difference
            self.p = p
        }
    }

    public var settings: Settings
    /// The figure that comes first: the questions' own.
    public var metrics: [String]
    public var modes: [ModeResult]
    public var comparisons: [Comparison]
    public var malformed: [MalformedRecord]
    /// What else is to be said of the data (``EvaluationSet/remarks``), a line each.
    public var remarks: [String]
    /// Every question in every mode, in the order they were asked.
    public var records: [EvaluationRecord]

    public init(
        settings: Settings, metrics: [String], modes: [ModeResult], comparisons: [Comparison],
        malformed: [MalformedRecord], remarks: [String] = [], records: [EvaluationRecord]
    ) {
        self.settings = settings
        self.metrics = metrics
        self.modes = modes
        self.comparisons = comparisons
        self.malformed = malformed
        self.remarks = remarks
        self.records = records
    }
}

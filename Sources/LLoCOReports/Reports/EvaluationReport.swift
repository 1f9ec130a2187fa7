public import LLoCOBase
public import LLoCODataSets

/// All results of an evaluation, from which reports are written; its coding is the JSON report.
public struct EvaluationReport: Sendable, Codable, Equatable {
    /// The settings that determine the answers: equal settings give equal answers.
    public struct Settings: Sendable, Codable, Equatable {
        /// The name of the data.
        public var data: String
        /// The format of the data.
        public var format: DataFormat
        /// SHA-256 of the documents, questions and references.
        public var dataDigest: String
        /// Maximum answer length in tokens, by task (``EvaluationSet/answerTokens``).
        public var answerTokens: [String: Int]
        /// SHA-256 of the model's files.
        public var model: String
        /// The compressor's identity; nil for none.
        public var compressor: String?
        /// The compression scheme, the variant of a ``VectorIdentity``: how texts are segmented and what carries over.
        public var scheme: String?
        /// SHA-256 of the adapter's weights; nil for none.
        public var adapter: String?
        /// The retrieval model's identity; nil if answers do not depend on it.
        public var embedder: String?
        /// The size of the context window, in positions.
        public var window: Int
        /// SHA-256 of the token ids that the chat template puts around text and question.
        public var chatTemplate: String
        /// The dtype of the computation.
        public var dtype: String
        /// The device of the computation.
        public var device: String
        /// The form of the weights for generation.
        public var decodeWeights: String
        /// The seed of the bootstrap.
        public var seed: UInt64
        /// The context budget of a question's documents: `100` positions, or `1/30` of their tokens; nil for none.
        public var budget: String?
        /// Maximum share of text in the budget of mode `hybrid`; nil without this mode, or if each question decides.
        public var textShare: Double?
        /// The version of the selection of text pieces; nil if no mode reads pieces.
        public var pieces: String?

        enum CodingKeys: String, CodingKey {
            case data, format, model, compressor, scheme, adapter, embedder, window, dtype, device, seed, budget, pieces
            case dataDigest = "data_digest"
            case answerTokens = "answer_tokens"
            case chatTemplate = "chat_template"
            case decodeWeights = "decode_weights"
            case textShare = "text_share"
        }

        /// Creates settings.
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

    /// A figure with its interval.
    public typealias Estimate = IntervalEstimate

    /// One mode's figures.
    public struct ModeResult: Sendable, Codable, Equatable {
        /// The answer mode.
        public var mode: AnswerMode
        /// Number of questions.
        public var questions: Int
        /// Figures by metric name, x 100.
        public var scores: [String: Estimate]
        /// Number of questions with the metric, by metric name.
        public var counts: [String: Int]
        /// Mean number of context tokens per question.
        public var contextTokens: Double
        /// Mean seconds per question.
        public var secondsPerQuestion: Double
        /// Share of the questions whose document was truncated, 0...1.
        public var cutQuestions: Double
        /// Share of the documents' tokens that were dropped, 0...1.
        public var cutTokens: Double
        /// Number of answers that were truncated at their token limit.
        public var cutAnswers: Int
        /// Number of questions that could not be asked.
        public var unanswered: Int

        enum CodingKeys: String, CodingKey {
            case mode, questions, scores, counts, unanswered
            case contextTokens = "context_tokens"
            case secondsPerQuestion = "seconds_per_question"
            case cutQuestions = "cut_questions"
            case cutTokens = "cut_tokens"
            case cutAnswers = "cut_answers"
        }

        /// Creates a result.
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
        /// The metric's name.
        public var metric: String
        /// The first mode.
        public var first: AnswerMode
        /// The second mode.
        public var second: AnswerMode
        /// Number of questions that have the metric.
        public var questions: Int
        /// first - second, with the interval of the paired bootstrap.
        public var difference: Estimate
        /// The two-sided p value of the paired permutation test (random exchanges).
        public var p: Double

        /// Creates a comparison.
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

    /// The settings of the run.
    public var settings: Settings
    /// The metrics' names; the questions' own metrics come first.
    public var metrics: [String]
    /// The results by mode.
    public var modes: [ModeResult]
    /// The comparisons of all pairs of modes in all metrics.
    public var comparisons: [Comparison]
    /// The records of the data that could not be read.
    public var malformed: [MalformedRecord]
    /// Other notes on the data (``EvaluationSet/remarks``), one line each.
    public var remarks: [String]
    /// The answers to every question in every mode, sorted by mode.
    public var records: [EvaluationRecord]

    /// Creates a report from computed figures.
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

public import LLoCO

/// Everything that an evaluation found: what reports are made of, and their JSON form.
public struct EvaluationReport: Sendable, Codable, Equatable {
    /// What computed the answers; with the same of all these a run gives the same answers again.
    public struct Settings: Sendable, Codable, Equatable {
        public var data: String
        public var format: DataFormat
        /// SHA-256 of the documents, questions and references
        public var dataDigest: String
        /// SHA-256 of the model's files
        public var model: String
        public var compressor: String?
        /// SHA-256 of the adapter's weights; nil where none was used
        public var adapter: String?
        public var embedder: String?
        /// positions that the model's window holds
        public var window: Int
        public var maximumTokens: Int
        public var seed: UInt64

        enum CodingKeys: String, CodingKey {
            case data, format, model, compressor, adapter, embedder, window, seed
            case dataDigest = "data_digest"
            case maximumTokens = "max_tokens"
        }

        public init(
            data: String, format: DataFormat, dataDigest: String, model: String, compressor: String?, adapter: String?,
            embedder: String?, window: Int, maximumTokens: Int, seed: UInt64
        ) {
            self.data = data
            self.format = format
            self.dataDigest = dataDigest
            self.model = model
            self.compressor = compressor
            self.adapter = adapter
            self.embedder = embedder
            self.window = window
            self.maximumTokens = maximumTokens
            self.seed = seed
        }
    }

    /// A mean over questions with its 95 % bootstrap interval.
    public struct Estimate: Sendable, Codable, Equatable {
        public var mean: Double
        public var low: Double
        public var high: Double

        public init(mean: Double, low: Double, high: Double) {
            self.mean = mean
            self.low = low
            self.high = high
        }
    }

    /// One mode's figures.
    public struct ModeResult: Sendable, Codable, Equatable {
        public var mode: AnswerMode
        public var questions: Int
        /// By metric's name, x 100.
        public var scores: [String: Estimate]
        /// mean a question
        public var contextTokens: Double
        public var secondsPerQuestion: Double
        /// The share of the questions whose document was cut, and of the documents' tokens that were left out, 0...1.
        public var cutQuestions: Double
        public var cutTokens: Double

        enum CodingKeys: String, CodingKey {
            case mode, questions, scores
            case contextTokens = "context_tokens"
            case secondsPerQuestion = "seconds_per_question"
            case cutQuestions = "cut_questions"
            case cutTokens = "cut_tokens"
        }

        public init(
            mode: AnswerMode, questions: Int, scores: [String: Estimate], contextTokens: Double,
            secondsPerQuestion: Double, cutQuestions: Double, cutTokens: Double
        ) {
            self.mode = mode
            self.questions = questions
            self.scores = scores
            self.contextTokens = contextTokens
            self.secondsPerQuestion = secondsPerQuestion
            self.cutQuestions = cutQuestions
            self.cutTokens = cutTokens
        }
    }

    /// The difference of two modes on the same questions.
    public struct Comparison: Sendable, Codable, Equatable {
        public var metric: String
        public var first: AnswerMode
        public var second: AnswerMode
        /// first - second, with the interval of the paired bootstrap
        public var difference: Estimate
        /// two-sided, of the paired permutation test (random signs)
        public var p: Double

        public init(metric: String, first: AnswerMode, second: AnswerMode, difference: Estimate, p: Double) {
            self.metric = metric
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
    /// Every question in every mode, in the order they were asked.
    public var records: [EvaluationRecord]

    public init(
        settings: Settings, metrics: [String], modes: [ModeResult], comparisons: [Comparison],
        malformed: [MalformedRecord], records: [EvaluationRecord]
    ) {
        self.settings = settings
        self.metrics = metrics
        self.modes = modes
        self.comparisons = comparisons
        self.malformed = malformed
        self.records = records
    }
}

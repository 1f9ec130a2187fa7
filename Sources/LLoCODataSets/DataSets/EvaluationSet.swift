public import LLoCOTokenizers

/// Documents with questions and how each answer is judged: what every reader and generator of data makes.
public struct EvaluationSet: Sendable, Equatable {
    /// What results are reported under: a file's name, or `ruler`, `needle`.
    public var name: String
    public var format: DataFormat
    public var documents: [EvaluationDocument]
    /// What could not be read, in the order of the file; nothing is dropped without a line here.
    public var malformed: [MalformedRecord]
    /// What else is to be said of the data: what was passed over, repeated or read otherwise, a line each.
    public var remarks: [String]

    public init(
        name: String, format: DataFormat, documents: [EvaluationDocument] = [], malformed: [MalformedRecord] = [],
        remarks: [String] = []
    ) {
        self.name = name
        self.format = format
        self.documents = documents
        self.malformed = malformed
        self.remarks = remarks
    }

    public var questionCount: Int { documents.reduce(0) { $0 + $1.questions.count } }
}

/// The forms of files that are read as they were published, and of data that is generated.
public enum DataFormat: String, Sendable, Codable, CaseIterable {
    /// our own question sets
    case lloco
    case quality, qasper, qmsum, squality, narrativeqa, hotpotqa, triviaqa, govreport, scrolls
    case longbench
    case longbenchV2 = "longbench-v2"
    case squad, leval, loogle
    /// generated here, or lines that RULER's own scripts generated
    case ruler
    case needle
}

/// A record of a file that is not what its format asks for.
public struct MalformedRecord: Sendable, Codable, Equatable {
    public var file: String
    /// Of the file, from 1; nil where the format has no lines.
    public var line: Int?
    /// The record's id or place, where it has one.
    public var record: String?
    /// What was found and what was expected.
    public var reason: String

    public init(file: String, line: Int? = nil, record: String? = nil, reason: String) {
        self.file = file
        self.line = line
        self.record = record
        self.reason = reason
    }
}

/// A text, or several in one, and the questions about it.
public struct EvaluationDocument: Sendable, Equatable {
    /// Unique in its set.
    public var id: String
    public var title: String
    /// nil where `title` or `id` names a document of a library.
    public var text: String?
    public var questions: [EvaluationQuestion]

    public init(id: String, title: String, text: String?, questions: [EvaluationQuestion]) {
        self.id = id
        self.title = title
        self.text = text
        self.questions = questions
    }
}

/// A question, what counts as right, and what it is judged by.
public struct EvaluationQuestion: Sendable, Equatable {
    /// Unique in its set.
    public var id: String
    /// What the model is asked, options of a multiple choice included.
    public var text: String
    /// The data set's own question, where ``text`` has a request of ours or options beside it: what the text is searched for,
    /// and what is asked about another text. nil where there is none.
    public var originalText: String?
    /// How it is put to the model: as a turn of a chat, or right behind the text, which it continues.
    public var form: PromptForm
    /// References; of a multiple choice the right option's letter. For string match: the strings that are looked for.
    public var answers: [String]
    /// The options of a multiple choice, in the order of their letters A, B, ...; empty elsewhere.
    public var choices: [String]
    /// The index of the right one in `choices`.
    public var correctChoice: Int?
    /// Every class of a classification, which an answer may name more than one of; empty elsewhere.
    public var classes: [String]
    /// The published figure for this question. F1, exact match and ROUGE are computed besides.
    public var metric: Metric
    /// What the data set's own scorer does otherwise.
    public var scorer: Scorer
    /// Tokens that an answer may have at most: the data set's published length of answers where it has one.
    public var answerTokens: Int
    /// What results can be grouped by, by name: `task`, `length`, `depth`, `difficulty`, `answer_type`, `hard`, ...
    public var attributes: [String: String]

    /// - Parameter answerTokens: ``Metric/answerTokens`` unless given
    public init(
        id: String, text: String, originalText: String? = nil, form: PromptForm = .chat, answers: [String],
        choices: [String] = [], correctChoice: Int? = nil,
        classes: [String] = [], metric: Metric, scorer: Scorer = .standard, answerTokens: Int? = nil,
        attributes: [String: String] = [:]
    ) {
        self.id = id
        self.text = text
        self.originalText = originalText
        self.form = form
        self.answers = answers
        self.choices = choices
        self.correctChoice = correctChoice
        self.classes = classes
        self.metric = metric
        self.scorer = scorer
        self.answerTokens = answerTokens ?? metric.answerTokens
        self.attributes = attributes
    }
}

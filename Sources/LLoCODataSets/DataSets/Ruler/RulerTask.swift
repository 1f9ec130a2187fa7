/// The thirteen tasks of RULER (Hsieh et al. 2024, arXiv 2404.06654, appendix B), with the published names and
/// settings. The sentences and words are our own.
public enum RulerTask: String, Sendable, Codable, CaseIterable {
    /// One sentence with a number, in a few short sentences that repeat
    case needleInNoise = "niah_single_1"
    /// One sentence with a number, in prose
    case needleInProse = "niah_single_2"
    /// One sentence with a UUID, in prose
    case codeInProse = "niah_single_3"
    /// Four keys with one number each, in prose; one key is queried
    case fourKeys = "niah_multikey_1"
    /// A text that consists only of keys with numbers; one key is queried
    case onlyKeys = "niah_multikey_2"
    /// The same with UUIDs as keys and values
    case onlyCodes = "niah_multikey_3"
    /// One key with four numbers, in prose; all numbers are queried
    case fourValues = "niah_multivalue"
    /// Four keys with one number each, in prose; all keys are queried
    case fourQueries = "niah_multiquery"
    /// Variables assigned from one another, hidden in noise
    case variableTracking = "vt"
    /// A list of words, ten of which occur more often than the others
    case commonWords = "cwe"
    /// Code words whose frequencies follow a zeta distribution
    case frequentWords = "fwe"
    /// A question about one passage among many (after SQuAD)
    case questionAnswering = "qa_1"
    /// A question about a document whose passages stand among many others (after HotpotQA)
    case documentQuestionAnswering = "qa_2"

    /// Room for the answer, in tokens, as published.
    public var answerTokens: Int {
        switch self {
        case .variableTracking: 30
        case .commonWords: 120
        case .frequentWords: 50
        case .questionAnswering, .documentQuestionAnswering: 32
        default: 128
        }
    }

    /// Whether the task needs a question set.
    public var needsQuestions: Bool { self == .questionAnswering || self == .documentQuestionAnswering }

    /// The published metric: the share of the strings found; in question answering, whether any is found.
    public var metric: Metric { needsQuestions ? .stringMatchAny : .stringMatch }
}

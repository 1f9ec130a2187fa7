/// The thirteen tasks of RULER (Hsieh et al. 2024, arXiv 2404.06654, appendix B), with the names and the settings that
/// were published. The sentences and words are ours.
public enum RulerTask: String, Sendable, Codable, CaseIterable {
    /// One sentence with a number, in a few short sentences that repeat
    case needleInNoise = "niah_single_1"
    /// One sentence with a number, in prose
    case needleInProse = "niah_single_2"
    /// One sentence with a UUID, in prose
    case codeInProse = "niah_single_3"
    /// Four keys with a number each in prose, of which one is asked for
    case fourKeys = "niah_multikey_1"
    /// The text is nothing but keys with numbers, of which one is asked for
    case onlyKeys = "niah_multikey_2"
    /// The same with UUIDs for keys and for values
    case onlyCodes = "niah_multikey_3"
    /// A key with four numbers in prose, all asked for
    case fourValues = "niah_multivalue"
    /// Four keys with a number each in prose, all asked for
    case fourQueries = "niah_multiquery"
    /// Variables that get a value from one another, hidden in noise
    case variableTracking = "vt"
    /// A list of words, ten of which occur more often than the others
    case commonWords = "cwe"
    /// Code words whose frequencies follow a zeta distribution
    case frequentWords = "fwe"
    /// A question about one passage among many (after SQuAD)
    case questionAnswering = "qa_1"
    /// A question about a document whose passages lie among many others (after HotpotQA)
    case documentQuestionAnswering = "qa_2"

    /// Room that is left for the answer, in tokens, as published.
    public var answerTokens: Int {
        switch self {
        case .variableTracking: 30
        case .commonWords: 120
        case .frequentWords: 50
        case .questionAnswering, .documentQuestionAnswering: 32
        default: 128
        }
    }

    /// Whether questions have to be given.
    public var needsQuestions: Bool { self == .questionAnswering || self == .documentQuestionAnswering }

    /// All strings count, but in question answering any one.
    public var metric: Metric { needsQuestions ? .stringMatchAny : .stringMatch }
}

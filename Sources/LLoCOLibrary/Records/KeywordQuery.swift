/// The words of a question that a full-text search looks for.
///
/// A passage matches if it has any of them. BM25 weights rare words more. Stop words are dropped unless all words are
/// stop words.
public struct KeywordQuery: Hashable, Sendable {
    /// The maximum number of words: more than a usual question has.
    static let maximumWords = 64
    /// The maximum number of Unicode scalars of all words together. The index's tokenizer may split one of these words
    /// at every second scalar and then searches for the parts as a phrase, which takes minutes for a word of a
    /// megabyte.
    static let maximumScalars = 1024

    /// The distinct words in lower case, in order; empty if the question has no searchable word.
    ///
    /// A word is a run of letters, marks and digits, so it contains no operator of a query language.
    public let words: [String]
    /// Whether words were dropped because the question exceeds the maximum number of words or scalars.
    public let isTruncated: Bool

    /// Extracts the words of a question, which may be any text.
    public init(_ question: String) {
        let all = Self.words(of: question)
        let informative = all.filter { !Self.stopWords.contains($0) }
        var chosen: [String] = []
        var scalars = 0
        var isTruncated = false
        for word in informative.isEmpty ? all : informative {
            let length = word.unicodeScalars.count
            if chosen.count < Self.maximumWords, scalars + length <= Self.maximumScalars {
                chosen.append(word)
                scalars += length
            } else {
                isTruncated = true
            }
        }
        words = chosen
        self.isTruncated = isTruncated
    }

    /// The distinct words in lower case, in order.
    private static func words(of text: String) -> [String] {
        var seen: Set<String> = []
        var words: [String] = []
        var word = ""
        func finish() {
            if !word.isEmpty, word.unicodeScalars.contains(where: { $0.properties.generalCategory.isWord }) {
                let lower = word.lowercased()
                if seen.insert(lower).inserted { words.append(lower) }
            }
            word = ""
        }
        for scalar in text.unicodeScalars {
            let category = scalar.properties.generalCategory
            if category.isWord || category.isMark { word.unicodeScalars.append(scalar) } else { finish() }
            if words.count >= 4 * maximumWords { return words }
        }
        finish()
        return words
    }

    /// English stop words, and the word endings that contractions leave.
    private static let stopWords = Set(
        """
        a an the and or but if of to in on at by for from with without into onto over under about as than then so such \
        is are was were be been being am do does did done doing have has had having can could may might must shall \
        should will would not no nor this that these those there here it its he she they them his her hers their theirs \
        we us our ours you your yours i me my mine who whom whose which what when where why how all any both each few \
        more most other some own same too very just also s t d ll m re ve
        """.split(separator: " ").map(String.init))
}

extension Unicode.GeneralCategory {
    fileprivate var isWord: Bool {
        switch self {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber:
            true
        default: false
        }
    }

    fileprivate var isMark: Bool {
        switch self {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }
}

/// The words of a question that a full-text search looks for.
///
/// Any of them may match: the ranking, BM25, weighs rare words more. Stop words are dropped unless there is nothing else.
public struct KeywordQuery: Hashable, Sendable {
    /// More words than a question has.
    static let maximumWords = 64
    /// The most Unicode scalars of all words together. The index may cut what is one word here at every second scalar,
    /// and looks for all the parts in a row: a word of a megabyte would take it minutes.
    static let maximumScalars = 1024

    /// The different words in lower case, in order; none where the question holds no word that a search takes.
    ///
    /// They are runs of letters, marks and digits: no sign that a query language knows is in them.
    public let words: [String]
    /// Whether words were left out because they were too many or too long.
    public let isCut: Bool

    /// The words of a question, which may be any text.
    public init(_ question: String) {
        let all = Self.words(of: question)
        let telling = all.filter { !Self.stopWords.contains($0) }
        var chosen: [String] = []
        var scalars = 0
        var isCut = false
        for word in telling.isEmpty ? all : telling {
            let length = word.unicodeScalars.count
            if chosen.count < Self.maximumWords, scalars + length <= Self.maximumScalars {
                chosen.append(word)
                scalars += length
            } else {
                isCut = true
            }
        }
        words = chosen
        self.isCut = isCut
    }

    /// The different words in lower case, in order.
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

    /// Words of English questions that say nothing about what is asked for.
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

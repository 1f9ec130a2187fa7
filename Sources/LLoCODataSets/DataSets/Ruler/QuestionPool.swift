import LLoCODocuments

/// The passages of a set's documents, and its questions that can be asked about them.
struct QuestionPool {
    /// A question with the passages that answer it.
    struct Entry {
        var question: EvaluationQuestion
        /// Places in `passages`.
        var evidence: [Int]
        /// The other passages of the same document.
        var related: [Int]
    }

    /// Some sentences of a document.
    struct Passage {
        let text: String
        let wordCount: Int

        init(_ text: String) {
            self.text = text
            wordCount = text.split(whereSeparator: \.isWhitespace).count
        }

        /// Its first `count` words.
        func cut(toWords count: Int) -> Substring {
            if count >= wordCount { return text[...] }
            let words = text.split(maxSplits: count, whereSeparator: \.isWhitespace)
            return words.prefix(count).last.map { text[..<$0.endIndex] } ?? ""
        }
    }

    /// As long as SQuAD's paragraphs are.
    private static let wordsOfPassage = 120

    /// Of all documents, in their order.
    let passages: [Passage]
    /// The passages of each document.
    private let ranges: [Range<Int>]
    private let questions: [(question: EvaluationQuestion, document: Int)]

    var questionCount: Int { questions.count }
    /// Questions that cannot be asked at all.
    let passedOver: Int

    /// Questions with options or classes are passed over, as are those without a text or a reference and SQuAD 2.0's without
    /// an answer: their references are no strings of a text.
    init(_ set: EvaluationSet) throws {
        let splitter = PassageSplitter(maximumWords: Self.wordsOfPassage, maximumPieces: .max)
        var passages: [Passage] = []
        var ranges: [Range<Int>] = []
        var questions: [(question: EvaluationQuestion, document: Int)] = []
        var passedOver = 0
        for document in set.documents {
            if document.text == nil { passedOver += document.questions.count }
            guard let text = document.text else { continue }
            let bytes = Array(text.utf8)
            let start = passages.count
            passages += splitter.split(text).map { Passage(String(decoding: bytes[$0], as: UTF8.self)) }
            for question in document.questions {
                let isUnanswerable = question.scorer == .squad2 && question.answers == [Scorer.noAnswer]
                if question.choices.isEmpty, question.classes.isEmpty, !isUnanswerable,
                    question.answers.contains(where: { !$0.isEmpty })
                {
                    questions.append((question, ranges.count))
                } else {
                    passedOver += 1
                }
            }
            ranges.append(start..<passages.count)
        }
        guard !questions.isEmpty else {
            throw DataGenerationError(
                "the questions for ruler (\(set.name))",
                "found none with a document's text and a reference, expected a set for question answering")
        }
        self.passages = passages
        self.ranges = ranges
        self.questions = questions
        self.passedOver = passedOver
    }

    /// Whether a text holds words as whole words: "art" is not in "start".
    private static func holds(_ text: String, words: String) -> Bool {
        func isWord(_ character: Character?) -> Bool { character.map { $0.isLetter || $0.isNumber } ?? false }
        return text.ranges(of: words).contains { range in
            let before = range.lowerBound > text.startIndex ? text[text.index(before: range.lowerBound)] : nil
            let after = range.upperBound < text.endIndex ? text[range.upperBound] : nil
            return !(isWord(before) && isWord(words.first)) && !(isWord(after) && isWord(words.last))
        }
    }

    /// The question at a place, as a task asks it; nil where the text does not hold an answer.
    ///
    /// `qa_1` needs a passage that holds an answer, word for word but for case; `qa_2` needs all of the document's
    /// passages, of which one holds an answer, unless this is yes or no.
    func entry(_ index: Int, for task: RulerTask) -> Entry? {
        let (question, document) = questions[index]
        let own = Array(ranges[document])
        let answers = question.answers.filter { !$0.isEmpty }.map { $0.lowercased() }
        let holding = own.first { passage in
            let text = passages[passage].text.lowercased()
            return answers.contains { Self.holds(text, words: $0) }
        }
        if task == .documentQuestionAnswering {
            guard holding != nil || answers.contains(where: { $0 == "yes" || $0 == "no" }) else { return nil }
            return Entry(question: question, evidence: own, related: [])
        }
        guard let holding else { return nil }
        return Entry(
            question: question, evidence: [holding], related: own.filter { $0 != holding })
    }
}

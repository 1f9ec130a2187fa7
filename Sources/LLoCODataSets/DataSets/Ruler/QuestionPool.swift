import LLoCODocuments

/// The passages of a set's documents and the questions that can be asked about them.
struct QuestionPool {
    /// A question with the passages that answer it.
    struct Entry {
        var question: EvaluationQuestion
        /// Indices in `passages`.
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

        /// The first `count` words.
        func truncated(toWords count: Int) -> Substring {
            if count >= wordCount { return text[...] }
            let words = text.split(maxSplits: count, whereSeparator: \.isWhitespace)
            return words.prefix(count).last.map { text[..<$0.endIndex] } ?? ""
        }
    }

    /// About the length of SQuAD's paragraphs.
    private static let wordsOfPassage = 120

    /// The passages of all documents, in order.
    let passages: [Passage]
    /// The range of passages of each document.
    private let ranges: [Range<Int>]
    private let questions: [(question: EvaluationQuestion, document: Int)]

    var questionCount: Int { questions.count }
    /// Number of questions that cannot be used.
    let skippedCount: Int

    /// Splits the documents into passages.
    ///
    /// Skips questions with options or classes, without a text or a reference, and SQuAD 2.0's unanswerable questions:
    /// their references are not part of a text.
    init(_ set: EvaluationSet) throws {
        let splitter = PassageSplitter(maximumWords: Self.wordsOfPassage, maximumPieces: .max)
        var passages: [Passage] = []
        var ranges: [Range<Int>] = []
        var questions: [(question: EvaluationQuestion, document: Int)] = []
        var skippedCount = 0
        for document in set.documents {
            if document.text == nil { skippedCount += document.questions.count }
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
                    skippedCount += 1
                }
            }
            ranges.append(start..<passages.count)
        }
        guard !questions.isEmpty else {
            throw DataGenerationError(
                "the questions for ruler (\(set.name))",
                "no question has both a document text and a reference, expected a question-answering set")
        }
        self.passages = passages
        self.ranges = ranges
        self.questions = questions
        self.skippedCount = skippedCount
    }

    /// Whether a text contains `words` as whole words: "art" is not in "start".
    private static func holds(_ text: String, words: String) -> Bool {
        func isWord(_ character: Character?) -> Bool { character.map { $0.isLetter || $0.isNumber } ?? false }
        return text.ranges(of: words).contains { range in
            let before = range.lowerBound > text.startIndex ? text[text.index(before: range.lowerBound)] : nil
            let after = range.upperBound < text.endIndex ? text[range.upperBound] : nil
            return !(isWord(before) && isWord(words.first)) && !(isWord(after) && isWord(words.last))
        }
    }

    /// The question at an index with its evidence for a task; nil if the text contains no answer.
    ///
    /// `qa_1` uses one passage that contains an answer (whole words, ignoring case). `qa_2` uses all passages of the
    /// document; one must contain an answer, unless the answer is yes or no.
    func entry(_ index: Int, for task: RulerTask) -> Entry? {
        let (question, document) = questions[index]
        let documentPassages = Array(ranges[document])
        let answers = question.answers.filter { !$0.isEmpty }.map { $0.lowercased() }
        let answerPassage = documentPassages.first { passage in
            let text = passages[passage].text.lowercased()
            return answers.contains { Self.holds(text, words: $0) }
        }
        if task == .documentQuestionAnswering {
            guard answerPassage != nil || answers.contains(where: { $0 == "yes" || $0 == "no" }) else { return nil }
            return Entry(question: question, evidence: documentPassages, related: [])
        }
        guard let answerPassage else { return nil }
        return Entry(
            question: question, evidence: [answerPassage], related: documentPassages.filter { $0 != answerPassage })
    }
}

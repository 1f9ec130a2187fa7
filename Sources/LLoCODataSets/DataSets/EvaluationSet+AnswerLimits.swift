extension EvaluationSet {
    /// How long answers may be, in tokens, by the questions' attribute `task`; of those without one by the format's name.
    public var answerTokens: [String: Int] {
        let limits = documents.flatMap(\.questions).map { ($0.attributes["task"] ?? format.rawValue, $0.answerTokens) }
        return Dictionary(limits, uniquingKeysWith: max)
    }

    /// Gives every question the same limit.
    public mutating func limitAnswers(to tokens: Int) {
        for document in documents.indices {
            for question in documents[document].questions.indices {
                documents[document].questions[question].answerTokens = tokens
            }
        }
    }
}

extension Metric {
    /// Tokens that an answer may have where its data set does not say: 256 for summaries, 48 for all else.
    public var answerTokens: Int {
        switch self {
        case .rouge1, .rouge2, .rougeL, .rougeLsum, .rougeGeometricMean, .longbenchRougeL, .loogleRougeL: 256
        default: 48
        }
    }
}

extension EvaluationSet {
    /// Maximum answer length in tokens, by the questions' attribute `task`, or by the format's name without one.
    public var answerTokens: [String: Int] {
        let limits = documents.flatMap(\.questions).map { ($0.attributes["task"] ?? format.rawValue, $0.answerTokens) }
        return Dictionary(limits, uniquingKeysWith: max)
    }

    /// Sets every question's maximum answer length, in tokens.
    public mutating func limitAnswers(to tokens: Int) {
        for document in documents.indices {
            for question in documents[document].questions.indices {
                documents[document].questions[question].answerTokens = tokens
            }
        }
    }
}

extension Metric {
    /// Default maximum answer length in tokens, if the data set gives none: 256 for summaries, 48 otherwise.
    public var answerTokens: Int {
        switch self {
        case .rouge1, .rouge2, .rougeL, .rougeLsum, .rougeGeometricMean, .longbenchRougeL, .loogleRougeL: 256
        default: 48
        }
    }
}

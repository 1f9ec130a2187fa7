import Foundation

extension EvaluationQuestion {
    /// The scores of an answer to this question, 0…1.
    ///
    /// The result always has ``Metric/f1``, ``Metric/em``, ``Metric/rouge1``, ``Metric/rouge2``, ``Metric/rougeL``,
    /// ``Metric/rougeLsum`` and the question's ``metric``, and those of ``Metric/supplementary`` that ``scorer``
    /// defines.
    ///
    /// Each score is the maximum over ``answers``, 0 without any. In multiple choice, the correct option's text is a
    /// reference beside its letter, except for the accuracies; the letter `A` counts as a word, not as an article. For
    /// ``LongBench/firstLineTasks`` (attribute `task`) only the answer's first line is scored.
    ///
    /// - Parameters:
    ///   - likelihoods: log-probability of each option; if given, the result has ``Metric/accuracyByLikelihood`` too
    ///   - rouge: the ROUGE configuration
    public func scores(
        of prediction: String, likelihoods: [Double]? = nil, rouge: ROUGE = ROUGE()
    ) -> [Metric: Double] {
        let isFirstLine = attributes["task"].map(LongBench.firstLineTasks.contains) ?? false
        let prediction = isFirstLine ? LongBench.firstLine(prediction) : prediction
        let score = AnswerScore(
            prediction: prediction, references: answers + correctText, scorer: scorer, rouge: rouge)
        var scores: [Metric: Double] = [
            .f1: score.f1, .em: score.exactMatch, .rouge1: score.rouge.rouge1, .rouge2: score.rouge.rouge2,
            .rougeL: score.rouge.rougeL, .rougeLsum: score.rouge.rougeLsum,
        ]
        if let letter = correctLetter {
            // Normalization would drop "A" as an article, so letters are compared by all letters and digits.
            let isLetter = Self.words(prediction) == Self.words(scorer.answer(letter: letter))
            let isText = ExactMatch.score(prediction: prediction, references: correctText) == 1
            scores[.em] = isLetter || isText && !NormalizedAnswer(prediction).text.isEmpty ? 1 : 0
            if isLetter { scores[.f1] = 1 }
        }
        if scorer == .hotpotqa {
            for metric in [Metric.f1ToFullStop, .emToFullStop] { scores[metric] = scoreToFullStop(metric, prediction) }
        } else if scorer == .squad2 {
            let isAnswered = scorer.normalized(references: answers).contains { !$0.text.isEmpty }
            scores[isAnswered ? .hasAnswerF1 : .noAnswerF1] = score.f1
            scores[isAnswered ? .hasAnswerEM : .noAnswerEM] = score.exactMatch
        }
        if let likelihoods {
            scores[.accuracyByLikelihood] = accuracy(MultipleChoice.mostLikely(likelihoods))
        }
        if scores[metric] == nil { scores[metric] = ownScore(prediction, score) }
        return scores
    }

    /// The score in the question's own metric.
    private func ownScore(_ prediction: String, _ score: AnswerScore) -> Double {
        func best(_ score: (String, String) -> Double) -> Double {
            answers.reduce(0) { max($0, score(prediction, $1)) }
        }
        switch metric {
        case .f1: return score.f1
        case .em: return score.exactMatch
        case .f1ToFullStop, .emToFullStop: return scoreToFullStop(metric, prediction)
        case .rouge1: return score.rouge.rouge1
        case .rouge2: return score.rouge.rouge2
        case .rougeL: return score.rouge.rougeL
        case .rougeLsum: return score.rouge.rougeLsum
        case .rougeGeometricMean: return score.rouge.geometricMean
        case .longbenchRougeL: return best(LongBenchROUGE.score)
        case .classification:
            return best { LongBench.classification(prediction: $0, reference: $1, classes: classes) }
        case .retrieval: return best(LongBench.retrieval)
        case .count: return best(LongBench.count)
        case .levalExam: return best { LEval.exam(prediction: $0, reference: $1, scorer: scorer) }
        case .loogleRougeL: return best(LongBenchROUGE.recall)
        case .codeSimilarity: return best(LongBench.codeSimilarity)
        case .stringMatch: return StringMatch.all(prediction: prediction, references: answers)
        case .stringMatchAny: return StringMatch.any(prediction: prediction, references: answers)
        case .accuracy: return accuracy(scorer.choice(prediction, of: choices))
        case .accuracyByLikelihood, .hasAnswerF1, .hasAnswerEM, .noAnswerF1, .noAnswerEM: return 0
        }
    }

    /// LLoCO's F1 or exact match for HotpotQA, without the rules of HotpotQA's own scorer.
    private func scoreToFullStop(_ metric: Metric, _ prediction: String) -> Double {
        let beginning = String(String.UnicodeScalarView(prediction.unicodeScalars.prefix { $0 != "." }))
        return metric == .emToFullStop
            ? ExactMatch.score(prediction: beginning, references: answers)
            : TokenF1.score(prediction: beginning, references: answers)
    }

    private var correctText: [String] {
        correctChoice.flatMap { choices.indices.contains($0) ? [choices[$0]] : nil } ?? []
    }

    private static func words(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter(\.isPythonWord))).lowercased()
    }

    /// The correct option's letter, if the letter is the reference.
    private var correctLetter: String? {
        correctChoice.flatMap { choices.indices.contains($0) ? MultipleChoice.letter($0) : nil }
            .map { String($0) }.flatMap { answers.contains($0) ? $0 : nil }
    }

    private func accuracy(_ choice: Int?) -> Double {
        choice != nil && choice == correctChoice ? 1 : 0
    }
}

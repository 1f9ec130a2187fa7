import Foundation

extension EvaluationQuestion {
    /// What an answer to this question is worth, 0…1: by the question's own ``metric``, and always by ``Metric/f1``,
    /// ``Metric/em``, ``Metric/rouge1``, ``Metric/rouge2``, ``Metric/rougeL`` and ``Metric/rougeLsum``; by those of
    /// ``Metric/beside`` where ``scorer`` has them.
    ///
    /// The best over ``answers`` counts, and without any it is 0. Of a multiple choice the right option's text is a
    /// reference beside its letter, except for the accuracies; a letter is a word there also where it is an article. Of ``LongBench/firstLineTasks`` (the attribute `task`)
    /// only the answer's first line is judged; what ``scorer`` says is done.
    ///
    /// - Parameters:
    ///   - likelihoods: log p of each option, where they were asked for: then ``Metric/accuracyByLikelihood`` is there too
    ///   - rouge: how ROUGE is computed
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
            // Normalisation would drop "A" as an article: of a letter it is all letters and digits that count.
            let isLetter = Self.words(prediction) == Self.words(scorer.answer(letter: letter))
            let isText = ExactMatch.score(prediction: prediction, references: correctText) == 1
            scores[.em] = isLetter || isText && !NormalizedAnswer(prediction).text.isEmpty ? 1 : 0
            if isLetter { scores[.f1] = 1 }
        }
        if scorer == .hotpotqa {
            for metric in [Metric.f1ToFullStop, .emToFullStop] { scores[metric] = toFullStop(metric, prediction) }
        } else if scorer == .squad2 {
            let isAnswered = scorer.normalized(references: answers).contains { !$0.text.isEmpty }
            scores[isAnswered ? .hasAnswerF1 : .noAnswerF1] = score.f1
            scores[isAnswered ? .hasAnswerEM : .noAnswerEM] = score.exactMatch
        }
        if let likelihoods {
            scores[.accuracyByLikelihood] = accuracy(MultipleChoice.mostLikely(likelihoods))
        }
        if scores[metric] == nil { scores[metric] = own(prediction, score) }
        return scores
    }

    private func own(_ prediction: String, _ score: AnswerScore) -> Double {
        func best(_ score: (String, String) -> Double) -> Double {
            answers.reduce(0) { max($0, score(prediction, $1)) }
        }
        switch metric {
        case .f1: return score.f1
        case .em: return score.exactMatch
        case .f1ToFullStop, .emToFullStop: return toFullStop(metric, prediction)
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

    /// LLoCO's F1 or exact match for HotpotQA, without what HotpotQA's own scorer does.
    private func toFullStop(_ metric: Metric, _ prediction: String) -> Double {
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

    /// The right option's letter, where that is what is asked for.
    private var correctLetter: String? {
        correctChoice.flatMap { choices.indices.contains($0) ? MultipleChoice.letter($0) : nil }
            .map { String($0) }.flatMap { answers.contains($0) ? $0 : nil }
    }

    private func accuracy(_ choice: Int?) -> Double {
        choice != nil && choice == correctChoice ? 1 : 0
    }
}

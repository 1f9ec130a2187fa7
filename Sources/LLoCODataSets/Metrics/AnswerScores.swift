import Foundation

/// Mean scores over the answers of a data set, in percent.
///
/// ```swift
/// var scores = AnswerScores()
/// scores.add(prediction: "in 1969", references: ["1969", "July 1969"])
/// print(scores.f1, scores.em)
/// ```
public struct AnswerScores: Sendable {
    /// The number of answers added.
    public private(set) var questions = 0
    private var f1Sum = 0.0
    private var exactMatchSum = 0.0
    private var rougeSum = ROUGEScores()
    private let rouge: ROUGE

    /// Creates an accumulator without answers; `rouge` scores the added ones.
    public init(rouge: ROUGE = ROUGE()) {
        self.rouge = rouge
    }

    /// Scores an answer, with the best reference for each metric, and adds it to the means.
    @discardableResult
    public mutating func add(prediction: String, references: [String]) -> AnswerScore {
        let score = AnswerScore(prediction: prediction, references: references, rouge: rouge)
        add(score)
        return score
    }

    /// Adds a scored answer to the means.
    public mutating func add(_ score: AnswerScore) {
        questions += 1
        f1Sum += score.f1
        exactMatchSum += score.exactMatch
        rougeSum.rouge1 += score.rouge.rouge1
        rougeSum.rouge2 += score.rouge.rouge2
        rougeSum.rougeL += score.rouge.rougeL
        rougeSum.rougeLsum += score.rouge.rougeLsum
    }

    /// Mean token F1 x 100. Every mean is 0 without answers.
    public var f1: Double { percent(f1Sum) }
    /// Mean exact match x 100.
    public var em: Double { percent(exactMatchSum) }
    /// Mean ROUGE-1 F x 100.
    public var rouge1: Double { percent(rougeSum.rouge1) }
    /// Mean ROUGE-2 F x 100.
    public var rouge2: Double { percent(rougeSum.rouge2) }
    /// Mean ROUGE-L F x 100.
    public var rougeL: Double { percent(rougeSum.rougeL) }
    /// Mean summary-level ROUGE-L F x 100.
    public var rougeLsum: Double { percent(rougeSum.rougeLsum) }

    /// The cube root of the product of the means ``rouge1``, ``rouge2`` and ``rougeL``, x 100.
    public var rougeGeometricMean: Double { cbrt(rouge1 * rouge2 * rougeL) }

    private func percent(_ sum: Double) -> Double {
        questions == 0 ? 0 : 100 * sum / Double(questions)
    }
}

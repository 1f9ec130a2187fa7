/// ROUGE-1, -2, -L and -Lsum as the `rouge-score` package computes them.
public struct ROUGE: Sendable {
    /// Cuts texts into tokens.
    public var tokenizer: ROUGETokenizer

    /// A scorer; the default tokenizer has no stemmer.
    public init(tokenizer: ROUGETokenizer = ROUGETokenizer()) {
        self.tokenizer = tokenizer
    }

    /// The F-measures of `prediction`, for each measure against the reference it fits best; zeros without references.
    public func score(prediction: String, references: [String]) -> ROUGEScores {
        var vocabulary = Vocabulary()
        let prediction = Text(tokenizer.sentences(prediction), &vocabulary)
        var best = ROUGEScores()
        for reference in references {
            let reference = Text(tokenizer.sentences(reference), &vocabulary)
            best.formMaximum(Self.score(prediction, reference, vocabularySize: vocabulary.ids.count))
        }
        return best
    }

    private static func score(_ prediction: Text, _ reference: Text, vocabularySize: Int) -> ROUGEScores {
        let common = LongestCommonSubsequence.length(reference.tokens, prediction.tokens)
        return ROUGEScores(
            rouge1: ngramScore(prediction.tokens.map { UInt64($0) }, reference.tokens.map { UInt64($0) }),
            rouge2: ngramScore(prediction.bigrams, reference.bigrams),
            rougeL: fMeasure(hits: common, predicted: prediction.tokens.count, expected: reference.tokens.count),
            rougeLsum: summaryScore(prediction, reference, vocabularySize: vocabularySize))
    }

    private static func ngramScore(_ prediction: [UInt64], _ reference: [UInt64]) -> Double {
        var remaining: [UInt64: Int] = [:]
        for ngram in reference { remaining[ngram, default: 0] += 1 }
        var hits = 0
        for ngram in prediction {
            if let count = remaining[ngram], count > 0 {
                remaining[ngram] = count - 1
                hits += 1
            }
        }
        return fMeasure(hits: hits, predicted: prediction.count, expected: reference.count)
    }

    /// Section 3.2 of the paper, with each token counted at most as often as both texts hold it (ROUGE 1.5.5).
    private static func summaryScore(_ prediction: Text, _ reference: Text, vocabularySize: Int) -> Double {
        var predicted = [Int](repeating: 0, count: vocabularySize)
        var expected = predicted
        for token in prediction.tokens { predicted[Int(token)] += 1 }
        for token in reference.tokens { expected[Int(token)] += 1 }
        var hits = 0
        for sentence in reference.sentences {
            var matched = [Bool](repeating: false, count: sentence.count)
            for other in prediction.sentences { LongestCommonSubsequence.mark(sentence, other, in: &matched) }
            for (token, isMatched) in zip(sentence, matched) where isMatched {
                let token = Int(token)
                guard predicted[token] > 0, expected[token] > 0 else { continue }
                predicted[token] -= 1
                expected[token] -= 1
                hits += 1
            }
        }
        return fMeasure(hits: hits, predicted: prediction.tokens.count, expected: reference.tokens.count)
    }

    private static func fMeasure(hits: Int, predicted: Int, expected: Int) -> Double {
        guard hits > 0 else { return 0 }
        let precision = Double(hits) / Double(predicted)
        let recall = Double(hits) / Double(expected)
        return 2 * precision * recall / (precision + recall)
    }
}

extension ROUGE {
    /// Numbers for tokens, so that the comparisons are of integers.
    private struct Vocabulary {
        var ids: [[UInt8]: UInt32] = [:]

        mutating func id(_ token: [UInt8]) -> UInt32 {
            if let id = ids[token] { return id }
            let id = UInt32(ids.count)
            ids[token] = id
            return id
        }
    }

    /// A text as token numbers: line by line, and in one.
    private struct Text {
        let sentences: [[UInt32]]
        let tokens: [UInt32]

        init(_ sentences: [[[UInt8]]], _ vocabulary: inout Vocabulary) {
            self.sentences = sentences.map { $0.map { vocabulary.id($0) } }
            tokens = Array(self.sentences.joined())
        }

        var bigrams: [UInt64] {
            zip(tokens, tokens.dropFirst()).map { UInt64($0) << 32 | UInt64($1) }
        }
    }
}

import LLoCOTokenizers

/// ROUGE-1, -2, -L and -Lsum as the `rouge-score` package computes them.
///
/// Source: Lin 2004, "ROUGE: A package for automatic evaluation of summaries".
public struct ROUGE: Sendable {
    /// The sentence boundaries of ROUGE-Lsum.
    public enum Sentences: Sendable {
        /// Line ends, as in `rouge-score`.
        case lines
        /// Line ends and the ends found by ``SentenceEnds``, as SCROLLS and others prepare texts for `rouge-score`.
        case linesAndEnds
    }

    /// The tokenizer.
    public var tokenizer: ROUGETokenizer
    /// The sentence boundaries of ROUGE-Lsum; the other measures do not depend on it.
    public var sentences: Sentences

    /// Creates a scorer; the default tokenizer has no stemmer.
    public init(tokenizer: ROUGETokenizer = ROUGETokenizer(), sentences: Sentences = .lines) {
        self.tokenizer = tokenizer
        self.sentences = sentences
    }

    /// The F-measures of `prediction`, each the maximum over the references; zeros without references.
    public func score(prediction: String, references: [String]) -> ROUGEScores {
        var vocabulary = Vocabulary(tokenizer)
        let prediction = text(prediction, &vocabulary)
        let references = references.map { text($0, &vocabulary) }
        var comparison = Comparison(prediction, vocabularySize: vocabulary.count)
        var best = ROUGEScores()
        for reference in references { best.formMaximum(comparison.score(reference)) }
        return best
    }

    private func text(_ text: String, _ vocabulary: inout Vocabulary) -> Text {
        switch sentences {
        case .lines: Text(text, &vocabulary)
        case .linesAndEnds: Text(SentenceEnds.lines(text), &vocabulary)
        }
    }
}

extension ROUGE {
    /// A token numbering that stems each word once.
    private struct Vocabulary {
        let tokenizer: ROUGETokenizer
        private var words = TokenTable()
        private var stems = TokenTable()
        /// By word number: the stem's number; nil for an empty stem.
        private var stemNumbers: [UInt32?] = []

        init(_ tokenizer: ROUGETokenizer) {
            self.tokenizer = tokenizer
        }

        var count: Int { tokenizer.stemmer == nil ? words.count : stems.count }

        mutating func number(of word: UnsafeRawBufferPointer) -> UInt32? {
            let number = words.number(of: word)
            guard let stemmer = tokenizer.stemmer else { return number }
            if number == stemNumbers.count {
                let stem = word.count > 3 ? stemmer.stem(Array(word)) : Array(word)
                stemNumbers.append(stem.isEmpty ? nil : stem.withUnsafeBytes { stems.number(of: $0) })
            }
            return stemNumbers[Int(number)]
        }
    }

    /// A text as token numbers, by sentence (without empty sentences) and as a whole.
    private struct Text {
        private(set) var sentences: [[UInt32]] = []
        private(set) var tokens: [UInt32] = []

        init(_ text: String, _ vocabulary: inout Vocabulary) {
            var start = 0
            func finishSentence(_ tokens: [UInt32], _ sentences: inout [[UInt32]]) {
                if tokens.count > start { sentences.append(Array(tokens[start...])) }
                start = tokens.count
            }
            vocabulary.tokenizer.scan(text) { word in
                if let number = vocabulary.number(of: word) { tokens.append(number) }
            } lineEnd: {
                finishSentence(tokens, &sentences)
            }
            finishSentence(tokens, &sentences)
        }

        /// The pairs of neighbouring tokens, ascending.
        var sortedBigrams: [UInt64] {
            zip(tokens, tokens.dropFirst()).map { UInt64($0) << 32 | UInt64($1) }.sorted()
        }
    }

    /// A prediction to compare with several references.
    private struct Comparison {
        private let prediction: Text
        private let bigrams: [UInt64]
        /// By token: its number of occurrences in the prediction.
        private var counts: [Int]
        private let whole: LongestCommonSubsequence
        private var bySentence: LongestCommonSubsequence

        init(_ prediction: Text, vocabularySize: Int) {
            self.prediction = prediction
            bigrams = prediction.sortedBigrams
            counts = Array(repeating: 0, count: vocabularySize)
            for token in prediction.tokens { counts[Int(token)] += 1 }
            whole = LongestCommonSubsequence(prediction.tokens, vocabularySize: vocabularySize)
            bySentence = LongestCommonSubsequence(vocabularySize: vocabularySize)
        }

        mutating func score(_ reference: Text) -> ROUGEScores {
            let common = whole.length(with: reference.tokens)
            // With one sentence each, the union is the single subsequence.
            let union =
                prediction.sentences.count == 1 && reference.sentences.count == 1 ? common : unionHits(reference)
            func fMeasure(_ hits: Int) -> Double {
                FMeasure.of(hits: hits, predicted: prediction.tokens.count, expected: reference.tokens.count)
            }
            let others = reference.sortedBigrams
            return ROUGEScores(
                rouge1: fMeasure(unigramHits(reference)),
                rouge2: FMeasure.of(
                    hits: Self.commonCount(bigrams, others), predicted: bigrams.count, expected: others.count),
                rougeL: fMeasure(common), rougeLsum: fMeasure(union))
        }

        private mutating func unigramHits(_ reference: Text) -> Int {
            var hits = 0
            for token in reference.tokens {
                if counts[Int(token)] > 0 { hits += 1 }
                counts[Int(token)] -= 1
            }
            for token in reference.tokens { counts[Int(token)] += 1 }
            return hits
        }

        /// The size of the multiset intersection of two ascending lists.
        private static func commonCount(_ a: [UInt64], _ b: [UInt64]) -> Int {
            var i = 0
            var j = 0
            var count = 0
            while i < a.count, j < b.count {
                if a[i] == b[j] { count += 1 }
                let next = a[i]
                if next <= b[j] { i += 1 }
                if b[j] <= next { j += 1 }
            }
            return count
        }

        /// The union of section 3.2 of the paper. A token counts at most as often as it is in both texts (ROUGE 1.5.5).
        private mutating func unionHits(_ reference: Text) -> Int {
            var marks = reference.sentences.map { [Bool](repeating: false, count: $0.count) }
            // By token: the reference sentences that contain it, ascending.
            var holders = [[Int]](repeating: [], count: counts.count)
            for (index, sentence) in reference.sentences.enumerated() {
                for token in sentence where holders[Int(token)].last != index { holders[Int(token)].append(index) }
            }
            // A set, since a repeated sentence would mark the same places again.
            var lastCompared = [Int](repeating: -1, count: reference.sentences.count)
            for (number, sentence) in Set(prediction.sentences).enumerated() {
                bySentence.other = sentence
                for token in sentence {
                    for index in holders[Int(token)] where lastCompared[index] != number {
                        lastCompared[index] = number
                        bySentence.mark(reference.sentences[index], in: &marks[index])
                    }
                }
            }
            // Every marked token is in the reference, so only the prediction's count can run out.
            var hits = 0
            for (sentence, marks) in zip(reference.sentences, marks) {
                for (token, isMarked) in zip(sentence, marks) where isMarked {
                    if counts[Int(token)] > 0 { hits += 1 }
                    counts[Int(token)] -= 1
                }
            }
            for (sentence, marks) in zip(reference.sentences, marks) {
                for (token, isMarked) in zip(sentence, marks) where isMarked { counts[Int(token)] += 1 }
            }
            return hits
        }
    }
}

import LLoCOTokenizers

/// ROUGE-1, -2, -L and -Lsum as the `rouge-score` package computes them.
///
/// Source: Lin 2004, "ROUGE: A package for automatic evaluation of summaries".
public struct ROUGE: Sendable {
    /// Where a summary is cut into the sentences that ROUGE-Lsum compares.
    public enum Sentences: Sendable {
        /// At line ends, as `rouge-score` does.
        case lines
        /// Also after the ends that ``SentenceEnds`` finds, as SCROLLS and others prepare texts for `rouge-score`.
        case linesAndEnds
    }

    /// Cuts texts into tokens.
    public var tokenizer: ROUGETokenizer
    /// Where texts are cut for ROUGE-Lsum; the other measures do not depend on it.
    public var sentences: Sentences

    /// A scorer; the default tokenizer has no stemmer.
    public init(tokenizer: ROUGETokenizer = ROUGETokenizer(), sentences: Sentences = .lines) {
        self.tokenizer = tokenizer
        self.sentences = sentences
    }

    /// The F-measures of `prediction`, for each measure against the reference it fits best; zeros without references.
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
    /// Numbers for tokens; each word is stemmed once.
    private struct Vocabulary {
        let tokenizer: ROUGETokenizer
        private var words = TokenTable()
        private var stems = TokenTable()
        /// By number of a word: that of its stem, or nil where nothing is left of it.
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

    /// A text as token numbers: sentence by sentence (those without a token left out), and in one.
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

        /// The pairs of neighbours in ascending order.
        var sortedBigrams: [UInt64] {
            zip(tokens, tokens.dropFirst()).map { UInt64($0) << 32 | UInt64($1) }.sorted()
        }
    }

    /// A prediction that is compared with one reference after the other.
    private struct Comparison {
        private let prediction: Text
        private let bigrams: [UInt64]
        /// By token: how often the prediction has it.
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
            // One sentence each: then the union is the one subsequence.
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

        /// How many elements two ascending lists have in common, each as often as both have it.
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

        /// Section 3.2 of the paper, with each token counted at most as often as both texts hold it (ROUGE 1.5.5).
        private mutating func unionHits(_ reference: Text) -> Int {
            var marks = reference.sentences.map { [Bool](repeating: false, count: $0.count) }
            // By token: the sentences of the reference that have it, ascending.
            var holders = [[Int]](repeating: [], count: counts.count)
            for (index, sentence) in reference.sentences.enumerated() {
                for token in sentence where holders[Int(token)].last != index { holders[Int(token)].append(index) }
            }
            // A sentence that is there twice marks the same places twice.
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
            // The reference itself has every token that is marked in it, so only the prediction's count can run out.
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

/// LongBench's ROUGE-L, which is that of the `rouge` package, not of `rouge-score`.
///
/// Texts are split into sentences at every full stop and into words at white space; case and punctuation count. The
/// score compares sets of words: the words in the longest common subsequences of all sentence pairs, over the words of
/// the two texts. The package fails on sentences of many hundred words (Python's recursion limit), and LongBench then
/// counts 0; here they are scored like others.
public enum LongBenchROUGE {
    /// The F-measure, 0…1; 0 if a text is empty or only full stops.
    public static func score(prediction: String, reference: String) -> Double {
        guard let (precision, recall) = precisionAndRecall(prediction, reference) else { return 0 }
        return 2 * (precision * recall / (precision + recall + 1e-8))
    }

    /// The recall, 0…1, which LooGLE reports. An empty answer is scored as `None`, as in its script.
    public static func recall(prediction: String, reference: String) -> Double {
        precisionAndRecall(prediction.isEmpty ? "None" : prediction, reference)?.recall ?? 0
    }

    /// nil if a text is empty or only full stops.
    private static func precisionAndRecall(
        _ prediction: String, _ reference: String
    ) -> (precision: Double, recall: Double)? {
        var vocabulary: [[UInt8]: UInt32] = [:]
        let predicted = sentences(prediction, &vocabulary)
        let expected = sentences(reference, &vocabulary)
        guard !predicted.isEmpty, !expected.isEmpty else { return nil }
        var union = Set<UInt32>()
        var subsequence = LongestCommonSubsequence(vocabularySize: vocabulary.count)
        for sentence in Set(predicted) {
            subsequence.other = sentence
            for other in expected {
                var marks = [Bool](repeating: false, count: other.count)
                subsequence.mark(other, in: &marks, tie: .skipOther)
                for (word, isMarked) in zip(other, marks) where isMarked { union.insert(word) }
            }
        }
        return (
            Double(union.count) / Double(Set(predicted.joined()).count),
            Double(union.count) / Double(Set(expected.joined()).count)
        )
    }

    /// The words of each sentence; a sentence of only white space has one empty word.
    private static func sentences(_ text: String, _ vocabulary: inout [[UInt8]: UInt32]) -> [[UInt32]] {
        text.unicodeScalars.split(separator: ".").map { sentence in
            var words = sentence.split { $0.isPythonSpace }.map { $0.flatMap { Array($0.utf8) } }
            if words.isEmpty { words = [[]] }
            return words.map { word in
                let next = UInt32(vocabulary.count)
                let id = vocabulary[word] ?? next
                if id == next { vocabulary[word] = id }
                return id
            }
        }
    }
}

/// The scores of LongBench's tasks, 0…1, of an answer against one reference, with all that its scripts do.
///
/// Source: Bai et al. 2024, "LongBench", and its `metrics.py` and `eval.py`. Its F1 is ``TokenF1``; its ROUGE-L is
/// ``LongBenchROUGE``. Its Chinese F1 and ROUGE cut words with jieba's dictionary and are not here.
public enum LongBench {
    /// Tasks of which only the first line of an answer is judged: the model goes on with examples of its own. Those of
    /// LongBench-E have an `_e` after the name.
    public static let firstLineTasks: Set<String> = [
        "trec", "triviaqa", "samsum", "lsht", "trec_e", "triviaqa_e", "samsum_e",
    ]

    /// The first line of an answer that is not empty.
    public static func firstLine(_ prediction: String) -> String {
        let scalars = prediction.unicodeScalars.drop { $0 == "\n" }
        return String(scalars.prefix { $0 != "\n" })
    }

    /// `classification_score`: 1 over the number of classes that the answer names, if the right one is among them.
    ///
    /// A class that is part of the right one's name does not count; of two such in a row the second does, as in the
    /// script, which removes from the list that it goes through.
    public static func classification(prediction: String, reference: String, classes: [String]) -> Double {
        let prediction = Array(prediction.utf8)
        let reference = Array(reference.utf8)
        var named = classes.map { Array($0.utf8) }.filter { PythonText.contains(prediction, $0) }
        var index = 0
        while index < named.count {
            let name = named[index]
            if name != reference, PythonText.contains(reference, name), let first = named.firstIndex(of: name) {
                named.remove(at: first)
            }
            index += 1
        }
        return named.contains(reference) ? 1 / Double(named.count) : 0
    }

    /// `retrieval_score`: the share of the numbers in the answer that are that of the reference, which is written
    /// `Paragraph 7` (or `段落7`); 0 where it is not.
    public static func retrieval(prediction: String, reference: String) -> Double {
        let reference = Array(reference.unicodeScalars)
        guard let number = number(in: reference, after: "Paragraph ") ?? number(in: reference, after: "段落") else {
            return 0
        }
        return share(of: number, in: prediction)
    }

    /// `count_score`: the share of the numbers in the answer that are the reference.
    public static func count(prediction: String, reference: String) -> Double {
        share(of: Array(reference.unicodeScalars), in: prediction)
    }

    /// `code_sim_score`: ``SequenceSimilarity/percent(_:_:)`` of the answer's first line without a `` ` ``, a `#` and a
    /// `//`.
    public static func codeSimilarity(prediction: String, reference: String) -> Double {
        let lines = prediction.unicodeScalars.drop { $0 == "\n" }
            .split(separator: "\n", omittingEmptySubsequences: false)
        let code = lines.first { line in
            let isComment = zip(line, line.dropFirst()).contains { $0 == "/" && $1 == "/" }
            return !isComment && !line.contains("`") && !line.contains("#")
        }
        return Double(SequenceSimilarity.percent(code.map { String($0) } ?? "", reference)) / 100
    }

    // MARK: Numbers

    private static func share(of number: [Unicode.Scalar], in prediction: String) -> Double {
        let numbers = prediction.unicodeScalars.split { !isDigit($0) }
        guard !numbers.isEmpty else { return 0 }
        return Double(numbers.count { $0.elementsEqual(number) }) / Double(numbers.count)
    }

    private static func number(in text: [Unicode.Scalar], after word: String) -> [Unicode.Scalar]? {
        let word = Array(word.unicodeScalars)
        for start in text.indices where text[start...].starts(with: word) {
            let digits = text[(start + word.count)...].prefix(while: isDigit)
            if !digits.isEmpty { return Array(digits) }
        }
        return nil
    }

    /// `\d` of Python's `re`.
    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII ? (0x30...0x39).contains(scalar.value) : scalar.properties.generalCategory == .decimalNumber
    }
}

/// The scores of LongBench's tasks for an answer and one reference, 0…1, with all rules of its scripts.
///
/// Source: Bai et al. 2024, "LongBench", and its `metrics.py` and `eval.py`. LongBench's F1 is ``TokenF1``; its ROUGE-L
/// is ``LongBenchROUGE``. Its Chinese F1 and ROUGE segment words with jieba and are not implemented.
public enum LongBench {
    /// Tasks that score only the first line of an answer, since models continue with invented examples. LongBench-E's
    /// names end in `_e`.
    public static let firstLineTasks: Set<String> = [
        "trec", "triviaqa", "samsum", "lsht", "trec_e", "triviaqa_e", "samsum_e",
    ]

    /// The first non-empty line of an answer.
    public static func firstLine(_ prediction: String) -> String {
        let scalars = prediction.unicodeScalars.drop { $0 == "\n" }
        return String(scalars.prefix { $0 != "\n" })
    }

    /// `classification_score`: 1 / (number of classes in the answer) if the correct class is among them, else 0.
    ///
    /// A class whose name is part of the correct class's name does not count. The second of two such classes in a row
    /// does count, as in the script, which removes elements from the list that it iterates over.
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

    /// `retrieval_score`: the share of the numbers in the answer that equal the number of the reference, such as
    /// `Paragraph 7` (or `段落7`); 0 for any other reference.
    public static func retrieval(prediction: String, reference: String) -> Double {
        let reference = Array(reference.unicodeScalars)
        guard let number = number(in: reference, after: "Paragraph ") ?? number(in: reference, after: "段落") else {
            return 0
        }
        return share(of: number, in: prediction)
    }

    /// `count_score`: the share of the numbers in the answer that equal the reference.
    public static func count(prediction: String, reference: String) -> Double {
        share(of: Array(reference.unicodeScalars), in: prediction)
    }

    /// `code_sim_score`: ``SequenceSimilarity/percent(_:_:)`` of the answer's first line that has none of `` ` ``, `#`
    /// and `//`.
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

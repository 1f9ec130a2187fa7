/// RULER's scores, 0…1: whether an answer contains given strings, ignoring case.
///
/// Source: Hsieh et al. 2024, "RULER"; `string_match_all` and `string_match_part` of its scripts. As there, an answer
/// is first stripped of white space at its ends, and control characters become line ends.
public enum StringMatch {
    /// The share of `references` that `prediction` contains; 0 without references.
    public static func all(prediction: String, references: [String]) -> Double {
        guard !references.isEmpty else { return 0 }
        let prediction = cleaned(prediction)
        return Double(references.count { holds(prediction, $0) }) / Double(references.count)
    }

    /// 1 if `prediction` contains one of `references`, else 0.
    public static func any(prediction: String, references: [String]) -> Double {
        let prediction = cleaned(prediction)
        return references.contains { holds(prediction, $0) } ? 1 : 0
    }

    private static func cleaned(_ text: String) -> [UInt8] {
        let scalars = PythonText.stripped(
            PythonText.stripped(text.unicodeScalars[...]).map { $0.value < 0x20 ? "\n" : $0 }[...])
        return utf8(PythonText.lowercased(String(String.UnicodeScalarView(scalars))))
    }

    private static func holds(_ prediction: [UInt8], _ reference: String) -> Bool {
        PythonText.contains(prediction, utf8(PythonText.lowercased(reference)))
    }

    private static func utf8(_ scalars: [Unicode.Scalar]) -> [UInt8] {
        Array(String(String.UnicodeScalarView(scalars)).utf8)
    }
}

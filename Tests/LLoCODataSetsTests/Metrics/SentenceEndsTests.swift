import LLoCODataSets
import Testing

@Suite struct SentenceEndsTests {
    private func sentences(_ text: String) -> [String] {
        SentenceEnds.lines(text).split(separator: "\n").map { line in
            String(line.drop { $0 == " " })
        }
    }

    /// Sentences end before a possible beginning of a sentence.
    @Test func ends() {
        #expect(sentences("It rose. It fell! Did it? Yes… No.") == ["It rose.", "It fell!", "Did it?", "Yes…", "No."])
        #expect(
            sentences("He said \"go.\" Then (he left.) 12 came.") == ["He said \"go.\"", "Then (he left.)", "12 came."])
        #expect(sentences("one\ntwo. Three") == ["one", "two.", "Three"])
        #expect(sentences("What?! No.") == ["What?!", "No."])
    }

    /// Abbreviations, initials, numbers and periods before lower case do not end a sentence.
    @Test func noEnds() {
        for text in [
            "Mr. Smith", "J. Smith", "see e.g. Smith", "3.5 m", "he (Dr. No)", "etc. and so on", "a.b", "", ".",
        ] {
            #expect(sentences(text).count <= 1, "\(text)")
        }
    }

    /// Only ROUGE-Lsum depends on sentence ends, which act like line ends.
    @Test func rouge() {
        let prediction = "The river rose. The mill stood still. Nobody came."
        let reference = "Nobody came. The mill stood. The river rose again."
        let byEnd = ROUGE(sentences: .linesAndEnds).score(prediction: prediction, references: [reference])
        let byLine = ROUGE().score(prediction: prediction, references: [reference])
        let lines = ROUGE().score(
            prediction: "The river rose.\nThe mill stood still.\nNobody came.",
            references: ["Nobody came.\nThe mill stood.\nThe river rose again."])
        #expect(byEnd.rougeLsum == lines.rougeLsum && byEnd.rougeLsum > byLine.rougeLsum)
        #expect(byEnd.rouge1 == byLine.rouge1 && byEnd.rouge2 == byLine.rouge2 && byEnd.rougeL == byLine.rougeL)
    }
}

import Foundation
import LLoCOBase
import LLoCOCompression
import LLoCOLibrary
import LLoCOTestSupport
import LLoCOTokenizers
import Testing

/// The selection of text and vectors for a question.
@Suite struct ContextSelectionTests {
    private let prompts: PromptBuilder

    init() throws {
        prompts = try PromptBuilder(
            recognizing: TokenizerLoader.load(folder: TestFiles.tokenizers.appending(path: "smollm")))
    }

    private static let noise = ["The grass is green.", "The sky is blue.", "Here we go.", "There and back again."]

    /// `count` sentences of noise, some replaced by others.
    private static func text(_ count: Int, _ others: [Int: String]) -> String {
        (0..<count).map { others[$0] ?? noise[$0 % noise.count] }.joined(separator: " ")
    }

    private func selection(
        _ question: String, _ text: String, _ positions: Int, share: Double? = nil, vectors: Int? = nil
    ) throws -> (selection: ContextSelection, text: String) {
        let index = try ExcerptIndex([text])
        let selection = try ContextSelection(
            question, index, prompts: prompts,
            segments: vectors.map { [[.init(bytes: 0..<text.utf8.count, vectorCount: $0)]] },
            ContextBudget(positions: positions, textShare: share))
        #expect(selection.text.count + selection.rows.joined().reduce(0) { $0 + $1.count } <= positions)
        return (selection, selection.excerpts.map { index.content($0.piece) }.joined(separator: "\n"))
    }

    /// Each variable is defined by the previous one; only the first has the question's number.
    @Test func chainsOfNamesAreFollowed() throws {
        let names = ["VXKAQ", "MBRTO", "QPLEW", "ZDUYF"]
        var others = [20: "LET \(names[0]) = 40321."]
        for index in 1..<names.count { others[20 + 41 * index] = "LET \(names[index]) = \(names[index - 1])." }
        let text = try selection("Which variables hold the value 40321?", Self.text(300, others), 120, vectors: 200)
            .text
        for name in names { #expect(text.contains("LET \(name)"), "\(name)") }
        // A given text share limits key sentences too.
        let (some, few) = try selection(
            "Which variables hold the value 40321?", Self.text(300, others), 120, share: 0.2, vectors: 200)
        #expect(some.text.count <= 24 && few.contains("40321") && some.rows[0] == [0..<120 - some.text.count])
    }

    /// Of many pieces with some of the question's words, those with all words in one sentence are selected.
    @Test func sentencesWithAllWordsAreSelected() throws {
        var others: [Int: String] = [:]
        for index in 0..<30 { others[7 * index] = "The number of amber-fox\(index) is \(7000 + index)." }
        others[100] = "The number of minty-hinge is 4711."
        others[170] = "The number of minty-hinge is 815."
        let text = try selection("Which numbers has minty-hinge?", Self.text(220, others), 150, vectors: 200).text
        #expect(text.contains("4711.") && text.contains("815."))
    }

    /// The piece after the one with the question's words is preferred to other pieces with one of these words.
    @Test func neighbouringPiecesAreSelected() throws {
        let padding = "one two three four five six seven eight nine ten eleven twelve."
        let wanted = [
            "The miller's donkey lost its way in the dark forest behind the old \(padding)",
            "At last a lantern of silver showed it home \(padding)",
        ]
        let paragraphs =
            (0..<20).map { "Paragraph \($0) \(padding)" } + wanted
            + (20..<40).map { "Paragraph \($0) donkey \(padding)" }
        let room = prompts.text(wanted.joined(separator: "\n")).count + 12
        let text = try selection(
            "How did the miller's lost donkey find its way in the forest?", paragraphs.joined(separator: "\n\n"),
            room, share: 1
        ).text
        #expect(text.contains("lost its way") && text.contains("lantern of silver"), "\(text)")
    }

    /// A question about a detail gets all positions as text, a question about the whole gets few.
    @Test func theQuestionDeterminesTheTextShare() throws {
        let text = Self.text(
            400,
            [
                50: "A river ran there.", 100: "A lantern hung there.", 150: "A boat came.",
                200: "A miller kept a grey donkey near the mill.", 350: "The donkey was sold at the fair.",
            ])
        func share(_ question: String, of positions: Int = 200) throws -> Double {
            Double(try selection(question, text, positions, vectors: 900).selection.text.count) / Double(positions)
        }
        // A detail gets all text, whether many or few of the question's words are found; the whole gets little.
        for question in [
            "Did the miller keep a grey donkey near the mill?", "Were river, lantern, boat and fair grey?",
        ] {
            let all = try selection(question, text, 200, share: 1, vectors: 900).selection.text
            #expect(try selection(question, text, 200, vectors: 900).selection.text == all && all.count > 60)
        }
        let whole = try share("Summarize what is said about the donkey near the mill.")
        #expect(whole <= 0.2 && 0 < whole, "\(whole)")
        #expect(try share("What else?") == 0)
        // If no piece fits, the segments of the best pieces are still favoured.
        let index = try ExcerptIndex([text])
        let bytes = text.utf8.count
        let segments = (0..<4).map {
            ContextSelection.Segment(bytes: bytes * $0 / 4..<bytes * ($0 + 1) / 4, vectorCount: 30)
        }
        let rows = try ContextSelection(
            "Describe where the donkey was sold.", index, prompts: prompts, segments: [segments],
            ContextBudget(positions: 60)
        ).rows[0].map(\.count)
        #expect(rows.reduce(0, +) == 60 && rows[3] == 30 && rows.max() == 30, "\(rows)")
    }

    /// An identifier makes any question one about a detail. Its parts do not count as words.
    @Test(arguments: ["What is the main number of whole-river?", "Summarize what role whole-river plays."])
    func identifiersInQuestionsAboutTheWhole(_ question: String) throws {
        let text = Self.text(300, [120: "The number of whole-river is 4711.", 250: "A river is a whole."])
        let selected = try selection(question, text, 100, vectors: 300).text
        #expect(selected.contains("4711."))
    }

    /// The best piece is selected if it just fits, without a message.
    @Test func theBestPieceJustFits() throws {
        let text = Self.text(60, [30: "The donkey of the miller lost its way in the forest behind the mill at night."])
        let question = "Did the donkey of the miller lose its way in the forest behind the mill at night?"
        let all = try selection(question, text, 400).text
        let index = try ExcerptIndex([text])
        let scores = try index.scores(for: question)
        let best = index.pieces[try #require(scores.max { $0.value < $1.value }).key]
        let room = prompts.text(index.content(best)).count
        let selected = try selection(question, text, room)
        #expect(selected.text.contains("The donkey of the miller") && selected.selection.omissions.isEmpty)
        #expect(all.contains(selected.text))
    }

    /// A piece has no neighbours in another text, and vectors of all texts are selected.
    @Test func severalTextsAreSelectedFrom() throws {
        let texts = [Self.text(80, [79: "The miller sold a donkey."]), Self.text(80, [40: "The donkey was grey."])]
        let index = try ExcerptIndex(texts)
        let segments = texts.map { text in
            (0..<2).map {
                ContextSelection.Segment(
                    bytes: text.utf8.count * $0 / 2..<text.utf8.count * ($0 + 1) / 2, vectorCount: 20)
            }
        }
        let first = try ContextSelection(
            "Who sold a grey donkey?", index, prompts: prompts, segments: segments, ContextBudget(positions: 150))
        #expect(Set(first.excerpts.map(\.piece.text)) == [0, 1])
        for excerpt in first.excerpts {
            #expect(excerpt.piece.bytes.upperBound <= texts[excerpt.piece.text].utf8.count)
        }
        #expect(first.rows.count == 2 && first.rows.allSatisfy { !$0.isEmpty })
        for ranges in first.rows { #expect(ranges.allSatisfy { 0 <= $0.lowerBound && $0.upperBound <= 40 }) }
        let second = try ContextSelection(
            "Who sold a grey donkey?", index, prompts: prompts, segments: segments, ContextBudget(positions: 150))
        #expect(second.text == first.text && second.rows == first.rows)
    }

    @Test(arguments: ["", "?", "green", "40321", "Why is the sky blue and the grass green?", "\"a-b\" -- -x- ÄÖ 東京-4"])
    func anyQuestionAndBudgetIsAccepted(_ question: String) throws {
        let text = Self.text(120, [50: "LET ABCDE = 40321, 東京-4 and \u{2}a-b\u{2}."])
        for positions in [0, 1, 7, 8, 40, 3000] {
            for share in [nil, 0, 0.5, 1] {
                _ = try selection(question, text, positions, share: share, vectors: 90)
                _ = try selection(question, text, positions, share: share)
            }
        }
    }
}

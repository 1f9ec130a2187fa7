import LLoCOLibrary
import LLoCOTraining
import Testing

/// Accepted and rejected questions and answers, with the reasons.
@Suite struct StudyFilterTests {
    let filter = StudyFilter()
    let passage = """
        In the morning Tom walked to the market in the next village. There he bought a brown cow from a farmer's widow \
        for twelve coins, because his old horse had died in the winter, and danced all the way home.
        """

    @Test(arguments: [
        "Where did Tom buy a cow?", "Why did he buy the cow?", "What happened after the horse died?",
        "How many coins did the farmer's widow get?", "Who danced home?",
        "What did \"the brown cow\" do to the old horse?",
    ]) func questionsAreAccepted(question: String) {
        #expect(filter.rejection(of: question, about: passage) == nil)
    }

    @Test(arguments: [
        ("", StudyRejection.empty),
        (" ?", .empty),
        ("Tom bought a cow in the village.", .noQuestion),
        ("Who bought the cow? Who sold the cow?", .noQuestion),
        ("Who bought the cow? Tom.", .noQuestion),
        ("Who bought\nthe cow?", .noQuestion),
        ("What did Tom buy at the market and what did Tom buy at the village?", .loop),
        ("Who bought the cow who bought the cow in the morning?", .loop),
        (
            "Why did Tom walk in the morning to the market of a village where one widow had one brown cow and sold it "
                + "for twelve silver coins?", .tooLong
        ),
        ("What does the passage say about Tom?", .namesText),
        ("What is the answer to Tom?", .namesText),
        ("Who stole a bicycle?", .ungrounded),
        ("What did Tom do in the castle of the giant?", .ungrounded),
        ("Did Anna buy the cow at the market?", .ungrounded),
    ]) func questionsAreRejected(question: String, reason: StudyRejection) {
        #expect(filter.rejection(of: question, about: passage) == reason)
    }

    @Test func wordsOfThePassageMayBeNamed() {
        let riddle = "The giant asked a question of the boy, and the boy had no answer but a story."
        #expect(filter.rejection(of: "Who asked the boy a question?", about: riddle) == nil)
        #expect(filter.rejection(of: "a story", to: "What did the boy have?", about: riddle) == nil)
        #expect(filter.rejection(of: "Who asked the boy a question in the text?", about: riddle) == .namesText)
    }

    @Test func duplicateQuestionsAreRejected() {
        let asked = ["Where did Tom buy a cow?", "Who danced home?"]
        let keys = Set(asked.map(StudyFilter.key))
        for question in ["Where did Tom buy a cow?", "Where did Tom buy the cow?", "where was the cow that Tom buys?"] {
            #expect(filter.rejection(of: question, about: passage, asked: keys) == .duplicate, "\(question)")
        }
        #expect(filter.rejection(of: "Why did Tom buy a cow?", about: passage, asked: keys) == nil)
        #expect(filter.rejection(of: "Where did Tom buy a brown cow?", about: passage, asked: keys) == nil)
    }

    @Test(arguments: [
        ("at the market in the next village", "Where did Tom buy a cow?"),
        ("a farmer's widow", "Who sold the cow?"),
        ("his old horse died", "Why did Tom buy a cow?"),
        ("Tom", "Who danced home?"),
        ("dancing", "How did he go home?"),
        ("He bought it for twelve coins.", "For how much did Tom buy it?"),
    ]) func answersAreAccepted(answer: String, question: String) {
        #expect(filter.rejection(of: answer, to: question, about: passage) == nil)
    }

    @Test(arguments: [
        ("", "Where did Tom buy a cow?", StudyRejection.empty),
        ("he was there", "Where did Tom buy a cow?", .empty),
        ("the old horse and the old horse and the old horse", "What died?", .loop),
        ("his horse had died, and his horse had died", "Why did Tom buy a cow?", .loop),
        ("the text says the winter", "When did the horse die?", .namesText),
        ("at the castle", "Where did Tom buy a cow?", .ungrounded),
        ("he had no money left", "Why did Tom buy a cow?", .ungrounded),
        ("from Anna in the village", "Where did Tom buy a cow?", .ungrounded),
        ("a brown cow", "Who sold the brown cow?", .echo),
        ("he bought cows", "Why was the cow bought?", .echo),
    ]) func answersAreRejected(answer: String, question: String, reason: StudyRejection) {
        #expect(filter.rejection(of: answer, to: question, about: passage) == reason)
    }

    @Test func aSummaryMayBeLonger() {
        let answer = """
            Tom walked to the market in the next village, bought a brown cow from a widow for twelve coins, since his \
            old horse had died, and danced home
            """
        let question = "What do we learn about Tom?"
        #expect(filter.rejection(of: answer, to: question, about: passage) == .tooLong)
        #expect(filter.rejection(of: answer, to: question, about: passage, kind: .summary) == nil)
    }

    @Test func passagesAreSplitIntoExcerpts() {
        func split(_ text: String, _ words: Int) -> [String] { StudyExcerpts.split(text, words: words) }
        #expect(
            split("One two.\nThree four five. Six! \"Seven eight?\" Nine", 3) == [
                "One two. Three four five.", "Six! \"Seven eight?\"", "Nine",
            ].dropLast() + ["Nine"])
        #expect(split("One two three four. Five.", 4) == ["One two three four. Five."], "a short rest is joined")
        #expect(split("One two three four. Five six", 4) == ["One two three four.", "Five six"])
        #expect(split("no end to it", 2) == ["no end to it"])
        #expect(split(" \n ", 4).isEmpty)
    }
}

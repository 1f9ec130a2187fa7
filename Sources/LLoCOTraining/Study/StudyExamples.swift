/// A few-shot example for generating questions and answers: a text of our own with questions and brief answers.
struct StudyExample: Sendable {
    let text: String
    let questions: [(question: String, answer: String)]

    static let all = [
        StudyExample(
            text: """
                Old Tom kept a small shop by the harbour with his daughter Anna. They sold bread and salted fish to \
                the sailors.
                """,
            questions: [
                ("Who kept a shop by the harbour?", "Old Tom and his daughter Anna"),
                ("What did they sell to the sailors?", "bread and salted fish"),
            ]),
        StudyExample(
            text: """
                One winter night a storm tore the roof from the house. The rain came in and all the flour was spoiled.
                """,
            questions: [
                (
                    "What happened after the storm tore the roof from the house?",
                    "the rain came in and spoiled the flour"
                ),
                ("When did the storm come?", "one winter night"),
            ]),
        StudyExample(
            text: """
                He had no money left to mend the roof. So his sister lent him twelve coins, and he thanked her with \
                tears in his eyes.
                """,
            questions: [
                ("Why did his sister lend him twelve coins?", "he had no money left to mend the roof"),
                ("How did he thank his sister?", "with tears in his eyes"),
            ]),
        StudyExample(
            text: """
                In the morning he walked to the market in the next village. There he bought a cow, and danced all the \
                way home.
                """,
            questions: [
                ("Where did he buy a cow?", "at the market in the next village"),
                ("What did he do after he had bought the cow?", "danced all the way home"),
            ]),
    ]
}

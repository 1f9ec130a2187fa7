import Foundation
import Testing

/// Texts, questions and settings that the tests share.
enum Sample {
    /// Segments of 20 tokens: short texts have many.
    static let segment = ["--segment", "20"]

    /// Sentences that differ from each other and from those of other topics: about 55 tokens each.
    static func text(_ topic: String, sentences: Int) -> String {
        (0..<sentences).map { "The \(topic) of chapter \($0 / 6) has item number \($0) in it, and a road.\n" }.joined()
    }

    /// A question set about documents with these titles, with `count` questions each.
    static func questions(_ titles: [String], count: Int) -> String {
        titles.map { title in
            let questions = (0..<count).map {
                #"{"id": "\#(title)-\#($0)", "question": "What is item \#($0)?", "answers": ["The \#(title) \#($0)."]}"#
            }
            return #"{"id": "\#(title)", "title": "\#(title)", "questions": [\#(questions.joined(separator: ", "))]}"#
        }.joined(separator: "\n") + "\n"
    }

    /// A question set of one document, whose questions all have these answers.
    static func repeatable(answers: [String]) -> String {
        let list = answers.map { json($0) }.joined(separator: ", ")
        let questions = (0..<3).map { #"{"id": "q\#($0)", "question": "What is item \#($0)?", "answers": [\#(list)]}"# }
        return
            #"{"id": "d", "title": "d", "document": "The river has items.", "questions": [\#(questions.joined(separator: ","))]}"#
            + "\n"
    }

    /// Files of published formats with other metrics than our own sets, and the metric that each adds.
    static func published(answers: [String]) throws -> [(name: String, metric: String, text: String)] {
        let list = answers.map { json($0) }.joined(separator: ", ")
        let first = json(answers.first ?? "x")
        let tasks = [
            ("trec", list), ("passage_count", #""4""#), ("passage_retrieval_en", #""Paragraph 2""#), ("lcc", list),
            ("gov_report", list), ("samsum", list), ("hotpotqa", list),
        ]
        let longbench = tasks.map { task, answers in
            #"{"input": "What is it?", "context": "A text of \#(task).", "answers": [\#(answers)], "dataset": "\#(task)", "#
                + #""all_classes": [\#(list)], "_id": "\#(task)"}"#
        }
        let single = { (task: String) in longbench.filter { $0.contains(#""_id": "\#(task)""#) }.joined() }
        let quality =
            #"{"article_id": "a", "article": "A pond.", "questions": ["#
            + (0..<3).map {
                #"{"question": "How many \#($0)?", "question_unique_id": "u\#($0)", "options": [\#(first), "b"], "#
                    + #""gold_label": \#($0 % 2 + 1)}"#
            }.joined(separator: ",") + "]}"
        let squad =
            #"{"version": "v2.0", "data": [{"title": "t", "paragraphs": [{"context": "A pond.", "qas": ["#
            + #"{"id": "s1", "question": "What?", "is_impossible": false, "answers": [{"text": \#(first)}]},"#
            + #"{"id": "s2", "question": "Why?", "is_impossible": true, "answers": []}]}]}]}"#
        return [
            ("longbench.jsonl", "score", longbench.joined(separator: "\n")),
            ("trec.jsonl", "classification", single("trec")), ("count.jsonl", "count", single("passage_count")),
            ("retrieval.jsonl", "retrieval", single("passage_retrieval_en")),
            ("lcc.jsonl", "code_similarity", single("lcc")),
            ("quality.jsonl", "accuracy_by_likelihood", quality), ("squad.json", "no_answer_em", squad),
            (
                "hotpot.json", "f1_to_full_stop",
                #"[{"_id": "h", "question": "Who?", "answer": \#(first), "context": [["t", ["A pond."]]]}]"#
            ),
            (
                "leval-tpo.jsonl", "leval_exam",
                #"{"instructions": ["What? (A) x (B) y"], "outputs": ["(A) x"], "input": "A pond.", "source": "tpo", "#
                    + #""evaluation": "exam"}"#
            ),
            (
                "loogle.jsonl", "loogle_rouge_l",
                #"{"input": "A pond.", "title": "t", "qa_pairs": [{"Q": "What?", "A": \#(first)}]}"#
            ),
        ]
    }

    /// A string as JSON.
    static func json(_ text: String) -> String {
        let data = (try? JSONEncoder().encode([text])) ?? Data()
        return String(String(decoding: data, as: UTF8.self).dropFirst().dropLast())
    }

    /// A recipe that trains the tiny model in a moment.
    static let recipe = """
        {
            // For the tests.
            finetuning: { rank: 4, batchSize: 2, documentsPerBatch: 1, learningRate: 1e-2, epochs: 2 },
            compressor: {
                summaryTokens: 3, segmentTokens: 20, rowTokens: 64, batchRows: 1, steps: 6, warmupSteps: 1,
                checkpointSteps: 2,
            },
        }
        """

    /// A library with two documents in group `g`, one in `h`, and an adapter for `g`. Made once and copied by the
    /// tests.
    static let library = Task { () -> Data in
        let place = try Workplace()
        try place.write("river.txt", text: text("river", sentences: 6))
        try place.write("mill.txt", text: text("mill", sentences: 4))
        try place.write("letter.txt", text: text("letter", sentences: 3))
        try place.write("questions.jsonl", text: questions(["river.txt", "mill.txt"], count: 3))
        try place.write("recipe.json5", text: recipe)
        try await place.run(["add", "river.txt", "mill.txt", "--group", "g"] + segment).expectSuccess()
        try await place.run(["add", "letter.txt", "--group", "h"] + segment).expectSuccess()
        try await place.run(
            ["finetune", "--group", "g", "--questions", "questions.jsonl", "--recipe", "recipe.json5"] + segment
        ).expectSuccess()
        return try place.bytes("library.lloco")
    }
}

extension Workplace {
    /// A workplace with the shared library, its source files, questions and a recipe.
    static func furnished(environment: [String: String] = [:]) async throws -> Workplace {
        let place = try Workplace(environment: environment)
        try place.write("library.lloco", try await Sample.library.value)
        try place.write("questions.jsonl", text: Sample.questions(["river.txt", "mill.txt"], count: 3))
        try place.write("recipe.json5", text: Sample.recipe)
        return place
    }
}

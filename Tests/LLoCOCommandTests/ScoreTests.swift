import Foundation
import LLoCODataSets
import Testing

/// `lloco score`: scores of existing predictions.
@Suite struct ScoreTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    private static let lines = """
        {"id": "1", "prediction": "The old mill stood\\nby the rivers.", "answers": ["an old mill", "mills by a river"]}

        {"id": 2, "prediction": "Yes!", "answers": ["no", "yes"], "f1": 0.5}
        {"answers": ["left"], "prediction": "", "id": "3"}
        """

    /// By rouge-score 0.1.2 and the rules of SQuAD's script, with more digits than are compared.
    private static let expected = [
        "f1": 52.38095238, "em": 33.33333333, "rouge1": 46.66666667, "rouge2": 8.33333333,
        "rougeL": 46.66666667, "rougeLsum": 46.66666667,
    ]
    private static let stemmed = [
        "f1": 52.38095238, "em": 33.33333333, "rouge1": 51.51515152, "rouge2": 8.33333333,
        "rougeL": 51.51515152, "rougeLsum": 51.51515152,
    ]

    private func expect(_ object: [String: Any], _ expected: [String: Double]) {
        expectFields(
            object,
            [
                "questions": .integer, "f1": .number, "em": .number, "rouge1": .number, "rouge2": .number,
                "rougeL": .number, "rougeLsum": .number,
            ])
        for (name, value) in expected {
            let found = (object[name] as? NSNumber)?.doubleValue ?? .nan
            #expect(abs(found - value) < 1e-6, "\(name): \(found)")
        }
    }

    @Test func figures() async throws {
        try place.write("p.jsonl", text: Self.lines)
        expect(try await place.run("score", "p.jsonl", "--json").object(), Self.expected)
        expect(try await place.run("score", "p.jsonl", "--stem", "--json").object(), Self.stemmed)
        // With a byte order mark and the line ends of other systems.
        try place.write("w.jsonl", text: "\u{FEFF}" + Self.lines.replacingOccurrences(of: "\n", with: "\r\n") + "\r\n")
        expect(try await place.run("score", "w.jsonl", "--json").object(), Self.expected)
    }

    @Test func gzip() async throws {
        try place.write("p.jsonl", text: Self.lines)
        try await place.shell("gzip p.jsonl && mv p.jsonl.gz packed").expectSuccess()
        expect(try await place.run("score", "packed", "--json").object(), Self.expected)
    }

    @Test func table() async throws {
        try place.write("p.jsonl", text: Self.lines)
        let outcome = try await place.run("score", "p.jsonl").expectSuccess()
        let lines = outcome.outputText.split(separator: "\n")
        #expect(lines.count == 2 && outcome.errorText == "")
        #expect(lines[0].contains("questions") && lines[0].contains("ROUGE-Lsum"))
        let cells = lines[1].split(separator: " ")
        #expect(cells.first == "3" && cells.count == 8)
        #expect(cells[1] == Substring(String(format: "%.2f", Self.expected["f1"] ?? 0)))
        #expect(cells[6] == Substring(String(format: "%.2f", Self.expected["rougeLsum"] ?? 0)))
    }

    /// A repeated id, as of one question in two modes, is noted, and both lines count.
    @Test func repeatedIds() async throws {
        let line = #"{"id": "a\nb", "prediction": "x", "answers": ["x"]}"# + "\n"
        try place.write("p.jsonl", text: line + line)
        let outcome = try await place.run("score", "p.jsonl", "--json")
        #expect(try outcome.object()["questions"] as? Int == 2)
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.errorText.contains("lines 1 and 2"), "\(outcome)")
    }

    /// A letter counts as a word if it is the whole answer and the line has no metric.
    @Test func letters() async throws {
        try place.write(
            "p.jsonl",
            text: """
                {"id": "1", "prediction": "A", "answers": ["A"]}
                {"id": "2", "prediction": "(", "answers": ["A"]}
                """)
        for options in [[], ["--metric", "accuracy"]] {
            let result = try await place.run(["score", "p.jsonl", "--json"] + options).object()
            #expect(result["f1"] as? Double == 50 && result["em"] as? Double == 50)
            #expect(result["accuracy"] as? Double == (options.isEmpty ? nil : 50))
        }
    }

    /// Each mode is a row, and the metric of a line comes before the option.
    @Test func modesAndMetrics() async throws {
        try place.write(
            "p.jsonl",
            text: """
                {"id": "1", "mode": "full", "prediction": "3 or 4", "answers": ["4"], "metric": "count"}
                {"id": "2", "mode": "full", "prediction": "a mill", "answers": ["mill"]}
                {"id": "1", "mode": "none", "prediction": "", "answers": ["4"], "metric": "count"}
                """)
        let outcome = try await place.run("score", "p.jsonl", "--metric", "string_match", "--json").expectSuccess()
        let lines = try outcome.objects()
        #expect(lines.map { $0["mode"] as? String } == ["full", "none"] && outcome.errorText == "")
        #expect(lines[0]["count"] as? Double == 50 && lines[0]["string_match"] as? Double == 100)
        #expect(lines[0]["score"] as? Double == 75 && lines[0]["questions"] as? Int == 2)
        #expect(lines[1]["count"] as? Double == 0 && lines[1]["score"] == nil)
        let table = try await place.run("score", "p.jsonl").expectSuccess()
        #expect(table.outputText.hasPrefix("mode") && table.outputText.contains("Count"))
        try await place.run("score", "p.jsonl", "--metric", "bleu").expectUsage("--metric bleu")
        try await place.run("score", "p.jsonl", "--metric", "classification").expectFailure("line 2", "classes")
    }

    @Test(arguments: [
        ("", "empty"),
        ("\n \n", "no prediction"),
        ("not json\n", "line 1"),
        (lines + "\n{\"id\": \"x\"", "line 5"),
        ("[]\n", "line 1: found a list"),
        (#"{"prediction": "x", "answers": ["x"]}"#, #""id" is missing"#),
        (#"{"id": null, "prediction": "x", "answers": ["x"]}"#, #""id" is null"#),
        (#"{"id": "1", "answers": ["x"]}"#, #""prediction" is missing; expected a string"#),
        (#"{"id": "1", "prediction": 7, "answers": ["x"]}"#, #""prediction" is a number"#),
        (#"{"id": "1", "prediction": "x"}"#, #""answers" is missing"#),
        (#"{"id": "1", "prediction": "x", "answers": "x"}"#, #""answers" is a string"#),
        (#"{"id": "1", "prediction": "x", "answers": []}"#, #""answers" is empty"#),
        (#"{"id": "1", "prediction": "x", "answers": ["x", null]}"#, #""answers[1]" is null"#),
        (#"{"id": "1", "prediction": "\ud800", "answers": ["x"]}"#, "surrogate"),
        (#"{"id": "1", "id": "2", "prediction": "x", "answers": ["x"]}"#, "duplicate key"),
        (#"{"id": "1", "prediction": "\#(String(repeating: "x", count: 1 << 18 + 1))", "answers": ["x"]}"#, "262144"),
    ])
    func faults(content: String, part: String) async throws {
        try place.write("p.jsonl", text: content)
        try await place.run("score", "p.jsonl", "--json").expectFailure("p.jsonl", part)
    }

    @Test func files() async throws {
        try await place.run("score", "none.jsonl").expectFailure("none.jsonl", "no such file")
        try await place.run("score", ".").expectFailure("folder")
        try place.write(
            "p.jsonl", Array(#"{"id": "1", "prediction": ""#.utf8) + [0xE9] + Array(#"", "answers": ["x"]}"#.utf8))
        try await place.run("score", "p.jsonl").expectFailure("line 1", "UTF-8")
        try place.write("p.jsonl", text: Self.lines)
        try await place.shell("gzip p.jsonl && head -c 60 p.jsonl.gz > cut").expectSuccess()
        try await place.run("score", "cut").expectFailure("cut")
        try await place.run("score").expectUsage("predictions")
    }
}

import Foundation
import LLoCOTestSupport
import Testing

/// `lloco evaluate-compressor` on the smallest model, without a trained compressor.
@Suite(.enabled(if: TestFiles.languageModel != nil, "the default models are not here: run Scripts/bootstrap"))
struct EvaluateCompressorTests {
    let place: Workplace
    let command: [String]

    init() throws {
        place = try Workplace()
        command = ["evaluate-compressor", "--model", try #require(TestFiles.languageModel).path]
    }

    private static let text = (0..<160).map {
        "In the year \(1700 + $0) the river took the mill at mile \($0 * 7 % 50). "
    }
    .joined()

    @Test func figures() async throws {
        try place.write("river.txt", text: Self.text)
        let arguments = command + ["river.txt", "--segment", "100", "--segments", "1,2,64", "--json"]
        let outcome = try await place.run(arguments).expectSuccess()
        let lines = try outcome.outputText.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(lines.map { $0["segments"] as? Int } == [1, 2])
        for line in lines {
            func value(_ name: String) -> Double { (line[name] as? NSNumber)?.doubleValue ?? .nan }
            let (none, full) = (value("loss_none"), value("loss_full"))
            #expect(none > full && full > 0)
            #expect(value("loss_extract") > 0)
            #expect(abs(value("gap_closed") - (none - value("loss_compressed")) / (none - full)) < 1e-6)
        }
        #expect(outcome.errorText.contains("64 segments: no text has the 7040 tokens that it needs"))
        // The same figures again, and as a table.
        #expect(try await place.run(arguments).expectSuccess().outputText == outcome.outputText)
        let table = try await place.run(arguments.dropLast() + []).expectSuccess().outputText
        #expect(table.hasPrefix("segments  texts") && table.split(separator: "\n").count == 3)
    }

    @Test func answers() async throws {
        let lines = (0..<2).map {
            #"{"id": "\#($0)", "title": "\#($0)", "document": "\#(Self.text)", "questions": [{"id": "\#($0)", "#
                + #""question": "Where was the mill in 17\#($0)0?", "answers": ["at mile \#($0 * 20)"]}]}"# + "\n"
        }
        try place.write("questions.jsonl", text: lines.joined())
        let arguments = command + ["--questions", "questions.jsonl", "--budget", "60", "--json"]
        let outcome = try await place.run(arguments).expectSuccess()
        let figures = try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.outputText.utf8)) as? [String: Any])
        func value(_ name: String) -> Double { (figures[name] as? NSNumber)?.doubleValue ?? .nan }
        #expect(value("questions") == 2 && value("documents") == 2 && value("omitted") == 0)
        #expect(value("positions") == 60 && value("loss_none") > value("loss_full"))
        let closed = try #require(figures["gap_closed_passages"] as? [String: Double])
        let share = (value("loss_none") - value("loss_passages")) / (value("loss_none") - value("loss_full"))
        #expect(abs(try #require(closed["mean"]) - share) < 1e-6)
        let one = try await place.run(command + ["--questions", "questions.jsonl", "--limit", "1"]).expectSuccess()
        #expect(one.outputText.hasPrefix("1 questions about 1 documents"))
        for name in ["none", "compressed", "passages", "hybrid", "full"] {
            #expect(one.outputText.contains("\n\(name)"))
        }
        // The adapter applies to all conditions.
        let adapted = try await place.run(
            arguments + ["--adapter", packageRoot.appending(path: "Adapters/smollm2-135m-instruct").path]
        ).expectSuccess()
        #expect(adapted.outputText != outcome.outputText)
    }

    @Test(arguments: [
        [], ["a.txt", "--limit", "3"], ["a.txt", "--adapter", "b"], ["a.txt", "--budget", "9"],
        ["a.txt", "--text-share", "0.5"], ["a.txt", "--samples", "0"], ["--questions", "a", "--limit", "0"],
        ["--questions", "a", "--segments", "1"], ["--questions", "a", "--samples", "3"], ["--questions", "a", "b.txt"],
        ["--questions", "a", "--held-out"],
    ])
    func wrongUsage(_ arguments: [String]) async throws {
        #expect(try await place.run(["evaluate-compressor"] + arguments).status == 64)
    }

    @Test func faults() async throws {
        try place.write("short.txt", text: "The river rose.")
        try place.write(
            "many.jsonl", text: (0..<100).map { #"{"text": "The river rose by \#($0) feet."}"# + "\n" }.joined())
        for (arguments, parts) in [
            (["short.txt"], ["none of the 1 texts has the 2176 tokens"]),
            (["short.txt", "--held-out"], ["--held-out", "found 1 texts, expected 100 or more"]),
            (["many.jsonl", "--held-out"], ["held-out texts has the 2176 tokens"]),
            (["none.txt"], ["none.txt"]),
        ] {
            let outcome = try await place.run(command + arguments)
            #expect(outcome.status == 1 && outcome.outputText == "")
            for part in parts { #expect(outcome.errorText.contains(part), "\(outcome.errorText)") }
        }
        let tiny = try await place.run("evaluate-compressor", "short.txt")
        #expect(tiny.status == 1 && tiny.errorText.contains("the model's window holds 512"))
    }
}

import Foundation
import LLoCOTestSupport
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// `lloco finetune` without questions, and the questions that the model asked itself.
@Suite struct StudyCommandTests {
    private static let fields: [String: Field] = [
        "document": .text, "start": .integer, "end": .integer, "kind": .text, "question": .text, "answer": .text,
        "rejection": .textOrNull,
    ]

    /// The tiny model has random weights and asks no usable question.
    @Test func aStudyWithoutUsableQuestions() async throws {
        let place = try await Workplace.furnished()
        let command = ["finetune", "--group", "h", "--study-per-passage", "3", "--json"] + Sample.segment
        try await place.run("show", "letter.txt", "--study").expectFailure("letter.txt", "finetune --group h")
        try await place.run(command).expectFailure("0 of 3 generated questions", "group 'h'", "--study")
        let lines = try await place.run("show", "letter.txt", "--study", "--json").expectSuccess().objects()
        #expect(lines.count == 3)
        for line in lines {
            expectFields(line, Self.fields)
            #expect(line["rejection"] is String && line["document"] as? String == "letter.txt")
            #expect(line["start"] as? Int == 0 && (line["end"] as? Int ?? 0) > 100)
        }
        let text = try await place.run("show", "letter.txt", "--study").expectSuccess().outputText
        #expect(text.hasPrefix("bytes 0–") && text.split(separator: "\n").count == 4)
        // Nothing is asked again, and nothing else changes.
        let before = try place.bytes("library.lloco")
        try await place.run(command).expectFailure("0 of 3 generated questions")
        #expect(try place.bytes("library.lloco") == before)
        try await place.run("show", "river.txt", "--study").expectFailure("river.txt", "has not been studied")
        #expect(try await LibraryContent(of: place).adapters["h"] == nil)
        // Another seed is another study.
        try await place.run(command + ["--seed", "2"]).expectFailure("0 of 3 generated questions")
        let other = try await place.run("show", "letter.txt", "--study", "--json").objects()
        #expect(other.map { $0["question"] as? String } != lines.map { $0["question"] as? String })
    }

    private static let story = """
        The miller Guddhu lived by the river with his daughter Anna. In the spring of 1897 the river rose and took the mill \
        away. Because they had nothing left, they walked over the hill to the town of Brenn, where Anna's uncle had a \
        bakery.

        The uncle gave them bread and a bed. Anna learned to bake, and the miller carried flour for the baker. When the \
        summer came, they had saved forty coins, and they went home to build a new mill on the hill.

        The new mill had sails instead of a wheel. It turned in the wind, and no flood could reach it. The people of the \
        valley brought their corn, and every child who came with it got a sweet roll from Anna.
        """

    /// The smallest model studies a story. A killed and resumed run ends with the same questions and adapter.
    @Test(.enabled(if: TestFiles.languageModel != nil, "the default models are not here: run Scripts/bootstrap"))
    func aKilledStudyResumes() async throws {
        let model = try #require(TestFiles.languageModel)
        let command = [
            "finetune", "--group", "g", "--study-per-passage", "4", "--epochs", "2", "--save-every", "0", "--json",
        ]
        func prepared() async throws -> Workplace {
            let place = try Workplace(environment: ["LLOCO_MODEL": model.path])
            // One passage per document, so that a study is killed between passages.
            for (index, paragraph) in Self.story.split(separator: "\n\n").enumerated() {
                try place.write("story\(index).txt", text: String(paragraph))
            }
            try await place.run("add", "story0.txt", "story1.txt", "story2.txt", "--group", "g").expectSuccess()
            return place
        }
        func questions(_ place: Workplace) async throws -> String {
            var text = ""
            for index in 0..<3 {
                text += try await place.run("show", "story\(index).txt", "--study", "--json").outputText
            }
            return text
        }
        let whole = try await prepared()
        let run = try await whole.run(command).expectSuccess()
        let lines = try run.objects()
        #expect(run.errorText.contains("studied 3 passages: ") && run.errorLines.count == 1)
        for line in lines.dropLast() {
            expectFields(line, ["step": .integer, "loss": .number, "tokens_per_second": .number])
        }
        let last = try #require(lines.last)
        expectFields(last, ["adapter": .text, "steps": .integer, "loss": .number])
        let expected = try await questions(whole)
        let asked = try expected.split(separator: "\n").map {
            try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(asked.count == 12)
        for line in asked { expectFields(line, Self.fields) }
        #expect(asked.contains { $0["rejection"] is NSNull }, "\(expected)")

        var place = try await prepared()
        // Once while it studies, once while it trains.
        for attempt in 1...10 {
            let first = try await place.start(command)
            while first.isRunning, try await place.run("show", "story0.txt", "--study").status != 0 {}
            first.send(SIGKILL)
            if try await first.end().signal == SIGKILL { break }
            // On a busy machine it may end before it is killed.
            #expect(attempt < 10)
            place = try await prepared()
        }
        let second = try await place.start(command)
        while second.isRunning, second.printedLines == 0 { try await Task.sleep(for: .milliseconds(2)) }
        second.send(SIGKILL)
        _ = try await second.end()
        let rest = try await place.run(command).expectSuccess().objects()
        #expect(try await questions(place) == expected)
        #expect(rest.last?["adapter"] as? String == last["adapter"] as? String)
        #expect(try await LibraryContent(of: place).faults == [])
    }
}

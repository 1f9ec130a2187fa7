import Foundation
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Evaluations of files and generated data: resumed runs and reports.
@Suite(.serialized) struct EvaluateCommandTests {
    private func place() throws -> Workplace {
        let place = try Workplace()
        let lines = ["river", "mill", "road", "bridge"].map { topic in
            let text = Sample.text(topic, sentences: 3).replacing("\n", with: " ")
            let questions = (0..<4).map {
                #"{"id": "\#(topic)-\#($0)", "question": "What is item \#($0)?", "answers": ["The \#(topic)."]}"#
            }.joined(separator: ", ")
            return #"{"id": "\#(topic)", "title": "\#(topic)", "document": "\#(text)", "questions": [\#(questions)]}"#
        }
        try place.write("data.jsonl", text: lines.joined(separator: "\n") + "\n")
        return place
    }

    private let command =
        ["evaluate", "data.jsonl", "--modes", "none,retrieval", "--max-tokens", "3", "--predictions", "p.jsonl"]
        + Sample.segment

    private func lines(_ place: Workplace, _ file: String) -> Int {
        ((try? place.bytes(file)) ?? Data()).count { $0 == UInt8(ascii: "\n") }
    }

    @Test func aKilledRunResumes() async throws {
        let whole = try place()
        try await whole.run(command).expectSuccess()
        let expected = try whole.bytes("p.jsonl")

        let place = try place()
        var kills = 0
        for wanted in [3, 9, 20] {
            let process = try await place.start(command + ["--run", "run.jsonl"])
            while process.isRunning, lines(place, "run.jsonl") < wanted { try await Task.sleep(for: .milliseconds(2)) }
            process.send(SIGKILL)
            if try await process.end().signal == SIGKILL { kills += 1 }
        }
        #expect(kills > 0, "the machine was never in time")
        let answered = lines(place, "run.jsonl") - 1
        let rest = try await place.run(command + ["--run", "run.jsonl"]).expectSuccess()
        if 1..<32 ~= answered { #expect(rest.errorText.contains(" of 32 answers are already in the run's file")) }
        #expect(try place.bytes("p.jsonl") == expected)
        #expect(lines(place, "run.jsonl") == 33)
        // A finished run asks nothing: it prints the figures and the notes again.
        let last = try await place.run(command + ["--run", "run.jsonl"]).expectSuccess()
        #expect(last.errorText.contains(" of 32 answers were truncated after 3 tokens"))
        #expect(lines(place, "run.jsonl") == 33)

        let other = try await place.run(
            ["evaluate", "data.jsonl", "--modes", "none", "--max-tokens", "3", "--run", "run.jsonl"] + Sample.segment)
        other.expectFailure("--run run.jsonl", "other --modes")
        try place.write("mine.txt", text: "notes\n")
        try await place.run(command + ["--run", "mine.txt"]).expectFailure("--run mine.txt", "no evaluation run")
        #expect(try place.bytes("mine.txt") == Data("notes\n".utf8))
    }

    /// The metric sets the maximum length of answers, and both identify the run.
    @Test func metricsAndLimits() async throws {
        let place = try place()
        let command =
            ["evaluate", "data.jsonl", "--modes", "none", "--limit", "1", "--run", "run.jsonl"] + Sample.segment
        let short = ["--max-tokens", "2"]
        let result = try await place.run(command + short + ["--metric", "rouge", "--json"]).expectSuccess().object()
        #expect(result["rouge_geometric_mean"] is NSNumber)
        for (options, part) in [
            (["--metric", "rouge"], "--max-tokens"), (["--metric", "rouge", "--max-tokens", "3"], "--max-tokens"),
            (short, "other questions"),
            (short + ["--metric", "rouge", "--chat-template", "chatml"], "--chat-template"),
            (short + ["--metric", "rouge", "--dtype", "float32", "--decode-weights", "8-bit"], "--d"),
        ] {
            try await place.run(command + options).expectFailure("--run run.jsonl", part)
        }
        try await place.run(command + ["--metric", "accuracy"]).expectUsage("--metric accuracy")
        try await place.run(["evaluate", "needle", "--metric", "f1"]).expectFailure("--metric f1")
        for (options, part) in [
            (["--split", "train"], "no splits"), (["--task", "qasper"], "no tasks"), (["--summaries"], "no summaries"),
        ] {
            try await place.run(["evaluate", "data.jsonl"] + options).expectFailure("data.jsonl", part)
        }
        try place.write("lines.jsonl", text: #"{"id":"1","pid":"1_0","input":"q\n\nt","output":"x"}"# + "\n")
        try await place.run(["evaluate", "lines.jsonl"]).expectFailure("lines.jsonl, line 1", "--task")
    }

    /// The texts of a library identify the run, although the question set has no texts.
    @Test func aChangedLibraryIsAnotherRun() async throws {
        let place = try await Workplace.furnished()
        let command =
            [
                "evaluate", "questions.jsonl", "--group", "g", "--modes", "none", "--max-tokens", "2", "--run",
                "run.jsonl",
            ] + Sample.segment
        try await place.run(command).expectSuccess()
        try await place.run(command).expectSuccess()
        try place.write("river.txt", text: Sample.text("river", sentences: 7))
        try await place.run("remove", "river.txt").expectSuccess()
        try await place.run(["add", "river.txt", "--group", "g"] + Sample.segment).expectSuccess()
        try await place.run(command).expectFailure("--run run.jsonl", "other questions")
    }

    @Test func reports() async throws {
        let place = try place()
        let reports = ["--report", "r.html", "--report", "r.md", "--report", "r.json"]
        try await place.run(command + reports).expectSuccess()
        let page = String(decoding: try place.bytes("r.html"), as: UTF8.self)
        #expect(page.hasPrefix("<!DOCTYPE html>") && page.contains("data.jsonl"))
        #expect(String(decoding: try place.bytes("r.md"), as: UTF8.self).contains("| retrieval |"))
        let report = try #require(JSONSerialization.jsonObject(with: place.bytes("r.json")) as? [String: Any])
        #expect((report["records"] as? [Any])?.count == 32)
        #expect((report["modes"] as? [[String: Any]])?.map { $0["questions"] as? Int } == [16, 16])
        #expect(lines(place, "r.html.run.jsonl") == 33)
        try await place.run(command + ["--report", "r.pdf"]).expectUsage("--report r.pdf")
        try await place.run(command + ["--report", "none/r.html"]).expectFailure("--report none/r.html")
    }

    /// `score` computes from the predictions of `evaluate` the same scores, for every metric.
    @Test func scoresAreRepeated() async throws {
        let place = try Workplace()
        let options =
            ["--modes", "none,full", "--max-tokens", "6", "--json", "--predictions", "p.jsonl"] + Sample.segment
        // The tiny model's answers are random but reproducible, so that some can be declared right.
        try place.write("said.jsonl", text: Sample.repeatable(answers: ["x"]))
        try await place.run(["evaluate", "said.jsonl", "--modes", "full"] + options.dropFirst(2)).expectSuccess()
        let said = try place.objects("p.jsonl").map { try #require($0["prediction"] as? String) }
        let words = said.joined(separator: " ").split { !$0.isLetter && !$0.isNumber }.map(String.init)
        let answers = [said[0], words.first ?? "x", words.last ?? "y"].filter { !$0.isEmpty }
        var files: [(file: [String], metric: String)] = []
        try place.write("own.jsonl", text: Sample.repeatable(answers: answers))
        for metric in [
            "f1", "em", "f1_to_full_stop", "em_to_full_stop", "rouge", "rouge1", "rouge2", "rougeL", "rougeLsum",
            "longbench_rouge_l", "loogle_rouge_l", "string_match", "string_match_any",
        ] {
            files.append((["own.jsonl", "--metric", metric], metric == "rouge" ? "rouge_geometric_mean" : metric))
        }
        for (name, metric, text) in try Sample.published(answers: answers) {
            try place.write(name, text: text)
            files.append(([name], metric))
        }
        for (file, metric) in files {
            let results = try await place.run(["evaluate"] + file + options).expectSuccess().objects()
            let scored = try await place.run("score", "p.jsonl", "--json").expectSuccess().objects()
            #expect(results.count == 2 && scored.count == 2)
            for (result, score) in zip(results, scored) {
                #expect(result["mode"] as? String == score["mode"] as? String)
                #expect(result["questions"] as? Int == score["questions"] as? Int)
                #expect(result[metric] is NSNumber, "\(file) has no \(metric)")
                let names = Set(result.keys).subtracting(["data", "mode", "context_tokens", "seconds_per_question"])
                for name in names {
                    let pair = [result, score].map { ($0[name] as? NSNumber)?.doubleValue ?? .nan }
                    #expect(abs(pair[0] - pair[1]) < 1e-9, "\(file), \(name): \(pair)")
                }
            }
        }
    }

    /// A program that continues the prompts' ids gives the answers of mode `full`.
    @Test func promptsForOtherPrograms() async throws {
        let place = try place()
        let model = ["--dtype", "float32", "--decode-weights", "full"]
        try await place.run(["evaluate", "data.jsonl", "--max-tokens", "5", "--prompts", "q.jsonl"] + Sample.segment)
            .expectSuccess()
        try await place.run(
            ["evaluate", "data.jsonl", "--max-tokens", "5", "--modes", "full", "--predictions", "p.jsonl"] + model
                + Sample.segment
        ).expectSuccess()
        let (prompts, predictions) = try (place.objects("q.jsonl"), place.objects("p.jsonl"))
        #expect(prompts.map { $0["id"] as? String } == predictions.map { $0["id"] as? String })
        #expect(prompts.map { $0["text"] != nil } == (0..<16).map { $0.isMultiple(of: 4) })
        #expect(prompts.allSatisfy { $0["max_tokens"] as? Int == 5 })
        for index in [0, 8] {
            let ids = ["before", "text", "after"].flatMap { prompts[index][$0] as? [Int] ?? [] }
            let said = try await place.run(
                ["generate", "--ids", ids.map(String.init).joined(separator: ","), "--max-tokens", "5", "--json"]
                    + model
            ).expectSuccess().object()
            let text = try #require(said["text"] as? String).trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(!text.isEmpty && text == predictions[index]["prediction"] as? String)
        }
        // Without answers the scores are 0.
        let score = try await place.run("score", "q.jsonl", "--json").expectSuccess().object()
        #expect(score["questions"] as? Int == 16 && score["f1"] as? Double == 0)
        for options in [["--group", "g"], ["--report", "r.json"], ["--predictions", "p.jsonl"], ["--budget", "9"]] {
            try await place.run(["evaluate", "data.jsonl", "--prompts", "q.jsonl"] + options)
                .expectUsage("expected no \(options[0])")
        }
        // A task without a template, and a multiple choice.
        for (name, _, text) in try Sample.published(answers: ["City"])
        where ["trec.jsonl", "quality.jsonl"].contains(name) {
            try place.write(name, text: text)
            try await place.run(["evaluate", name, "--prompts", "q.jsonl"] + Sample.segment).expectSuccess()
            #expect(try place.objects("q.jsonl").allSatisfy { ($0["after"] as? [Int])?.isEmpty == false }, "\(name)")
            try await place.run("score", "q.jsonl").expectSuccess()
        }
        try await place.run("evaluate", "data.jsonl", "--prompts", "none/q.jsonl").expectFailure(
            "--prompts none/q.jsonl")
    }

    @Test func sampledDocuments() async throws {
        let place = try place()
        func drawn(_ tokens: Int, seed: Int = 0) async throws -> [String] {
            try await place.run(
                "evaluate", "data.jsonl", "--draw-tokens", "\(tokens)", "--seed", "\(seed)", "--prompts", "q"
            )
            .expectSuccess()
            return try place.objects("q").compactMap { $0["id"] as? String }
        }
        let (one, all) = try await (drawn(1), drawn(1_000_000))
        #expect(one.count == 4 && all.count == 16 && Set(one).isSubset(of: all))
        #expect(try await drawn(1) == one)
        var others: Set<[String]> = []
        for seed in 1...8 { others.insert(try await drawn(1, seed: seed)) }
        #expect(others.count > 1, "every seed draws the same document")
        try await place.run("evaluate", "data.jsonl", "--draw-tokens", "0").expectUsage("--draw-tokens 0")
        try await place.run("evaluate", "--draw-tokens", "9", "data.jsonl", "--group", "g").expectUsage("--draw-tokens")
    }

    @Test func generatedData() async throws {
        let place = try Workplace()
        for data in [
            ["ruler", "--lengths", "1k", "--tasks", "niah_single_1,vt"], ["needle", "--lengths", "300,400"],
        ] {
            let command =
                ["evaluate"] + data + ["--modes", "full", "--max-tokens", "12", "--json", "--predictions", "p.jsonl"]
                + Sample.segment
            let first = try await place.run(command + ["--report", "r.json"])
            let predictions = try place.bytes("p.jsonl")
            let results = try await (first, place.run(command))
            // The tiny model's answers are wrong, but depend on the text: another seed gives others.
            #expect(try place.bytes("p.jsonl") == predictions)
            try await place.run(command + ["--seed", "1"]).expectSuccess()
            #expect(try place.bytes("p.jsonl") != predictions)
            let report = try #require(JSONSerialization.jsonObject(with: place.bytes("r.json")) as? [String: Any])
            let records = try #require(report["records"] as? [[String: Any]])
            let lengths = Set(records.compactMap { ($0["attributes"] as? [String: String])?["length"] })
            #expect(lengths == (data[0] == "ruler" ? ["1024"] : ["300", "400"]))
            #expect(records.contains { $0["prediction"] as? String != "" })
            let result = try results.0.expectSuccess().object()
            #expect(result["data"] as? String == data[0])
            #expect(result["questions"] as? Int == (data[0] == "ruler" ? 2 : 10))
            #expect(result["string_match"] is NSNumber)
            let again = try results.1.expectSuccess().object()
            for name in ["string_match", "f1", "rougeL", "context_tokens"] {
                #expect(result[name] as? Double == again[name] as? Double, "\(name)")
            }
            try FileManager.default.removeItem(atPath: place.path("r.json.run.jsonl"))
        }
        // A haystack may be gzipped; a truncated one is an error.
        try place.write("hay.txt", text: Sample.text("river", sentences: 40))
        try await place.shell("gzip -k hay.txt && head -c 60 hay.txt.gz > cut.gz").expectSuccess()
        let needle = [
            "evaluate", "needle", "--lengths", "300", "--depths", "50", "--modes", "full", "--max-tokens", "4",
        ]
        for file in ["hay.txt", "hay.txt.gz"] {
            try await place.run(needle + ["--haystack", file, "--report", "\(file).json"] + Sample.segment)
                .expectSuccess()
        }
        let questions = try ["hay.txt", "hay.txt.gz"].map { file in
            let report = try JSONSerialization.jsonObject(with: place.bytes("\(file).json")) as? [String: Any]
            return try #require((report?["settings"] as? [String: Any])?["data_digest"] as? String)
        }
        #expect(questions[0] == questions[1])
        try await place.run(needle + ["--haystack", "cut.gz"]).expectFailure("cut.gz", "truncated")
        let usage = ["evaluate", "ruler", "--modes", "full"]
        try await place.run(usage + ["--tasks", "sudoku"]).expectUsage("sudoku")
        try await place.run(["evaluate", "needle", "--depths", "101"]).expectUsage("--depths")
        try await place.run(usage + ["--haystack", "nowhere.txt"]).expectFailure("--haystack nowhere.txt")
    }
}

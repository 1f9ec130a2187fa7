import Foundation
import LLoCOTestSupport
import Testing

/// The output of `bench` for every work, on tiny models, and the script that compares it.
@Suite struct BenchTests {
    static let figures: [String: Field] = [
        "peer": .text, "work": .text, "tokens": .integer, "seconds": .number, "tokens_per_second": .number,
    ]
    static let memory: [String: Field] = [
        "mode": .text, "context_tokens": .integer, "peak_memory_bytes": .integer, "memory_before_bytes": .integer,
    ]

    @Test func speed() async throws {
        let place = try Workplace()
        let run = try await place.run(
            ["bench", "prefill", "decode", "train", "compress", "--tokens", "24,48", "--runs", "1", "--json"]
                + Sample.segment)
        run.expectSuccess()
        #expect(run.errorText == "")
        let lines = try run.objects()
        #expect(
            lines.map { "\($0["work"] ?? "") \($0["tokens"] ?? "")" } == [
                "prefill 24", "prefill 48", "decode 24", "decode 48", "train 24", "train 48", "compress 24",
                "compress 48",
            ])
        for line in lines {
            expectFields(line, Self.figures)
            #expect(line["peer"] as? String == "lloco")
            let (seconds, speed) = (line["seconds"] as? Double ?? 0, line["tokens_per_second"] as? Double ?? 0)
            let counted = line["work"] as? String == "decode" ? 32 : line["tokens"] as? Double ?? 0
            #expect(seconds > 0 && abs(seconds * speed - counted) < 1e-6 * counted)
        }
    }

    @Test func defaultLengthsThatDoNotFitAreNoted() async throws {
        // The tiny model's window is 512.
        let run = try await Workplace().run("bench", "prefill", "decode", "--runs", "1").expectSuccess()
        #expect(run.outputText.contains("decode") && !run.outputText.contains("prefill"))
        #expect(run.errorLines.count == 4 && run.errorText.contains("prefill 4096: left out"))
    }

    @Test func answer() async throws {
        let place = try Workplace()
        let command =
            [
                "bench", "answer", "--contexts", "100,1k", "--question-tokens", "8", "--answer-tokens", "4", "--runs",
                "1",
            ] + Sample.segment
        let run = try await place.run(command + ["--json"])
        run.expectSuccess()
        #expect(run.errorText == "")
        let lines = try run.objects()
        #expect(
            lines.map { "\($0["mode"] ?? "") \($0["tokens"] ?? "")" } == [
                "compressed 100", "full 100", "compressed 1000", "full 1000",
            ])
        for line in lines.prefix(3) {
            var fields = Self.figures.merging(Self.memory) { $1 }.merging([
                "prompt_tokens": .integer, "generated_tokens": .integer, "seconds_per_token": .number,
            ]) { $1 }
            var figures = line
            if line["mode"] as? String == "compressed" {
                fields["compress_seconds"] = .number
                fields["compress_peak_memory_bytes"] = .integer
                #expect(figures.removeValue(forKey: "synthetic") as? Bool == false)
                // Three vectors for each 20 tokens.
                #expect(line["context_tokens"] as? Int == (line["tokens"] as? Int ?? 0) / 20 * 3)
            } else {
                fields["ratio"] = .number
                #expect(line["context_tokens"] as? Int == line["tokens"] as? Int)
            }
            expectFields(figures, fields)
            let context = try #require(line["context_tokens"] as? Int)
            #expect(line["prompt_tokens"] as? Int == context + 8)
            #expect(line["generated_tokens"] as? Int == 4)
            let before = try #require(line["memory_before_bytes"] as? Int)
            #expect(try #require(line["peak_memory_bytes"] as? Int) >= before && before > 1_000_000)
        }
        expectFields(lines[3], ["peer": .text, "work": .text, "mode": .text, "tokens": .integer, "note": .text])
        #expect(lines[3]["note"] as? String == "beyond the window")
        // As text. Random vectors need no compression, and as many as fit the window.
        let text = try await place.run(command + ["--synthetic-vectors"])
        text.expectSuccess()
        let rows = text.outputText.split(separator: "\n")
        #expect(rows.count == 5 && rows[0].hasPrefix("work"))
        #expect(rows[4].hasPrefix("answer") && rows[4].hasSuffix("1000  beyond the window"))
        let far = try await place.run(
            ["bench", "answer", "--contexts", "4k", "--runs", "1", "--json", "--synthetic-vectors"] + Sample.segment)
        #expect(try far.objects().map { $0["note"] as? String } == ["beyond the window", "beyond the window"])
    }

    @Test func aFailedMeasurementFailsTheCommand() async throws {
        // Printed once, by the command.
        try await Workplace().run(
            "bench", "answer", "--contexts", "20", "--synthetic-vectors", "--compressor", "nowhere"
        ).expectFailure("no compressor here")
    }

    @Test func finetune() async throws {
        let place = try Workplace()
        try place.write("recipe.json5", text: Sample.recipe)
        let command =
            [
                "bench", "finetune", "--question-tokens", "6", "--answer-tokens", "3", "--runs", "1", "--recipe",
                "recipe.json5",
            ] + Sample.segment
        let run = try await place.run(command + ["--document-tokens", "100", "--json"])
        run.expectSuccess()
        #expect(run.errorText == "")
        let lines = try run.objects()
        #expect(lines.map { $0["mode"] as? String } == ["compressed", "full"])
        for line in lines {
            var fields = Self.figures.merging(Self.memory) { $1 }
            fields["examples"] = .integer
            fields["examples_per_second"] = .number
            var figures = line
            if line["mode"] as? String == "full" {
                fields["ratio"] = .number
            } else {
                #expect(figures.removeValue(forKey: "synthetic") as? Bool == true)
            }
            expectFields(figures, fields)
            #expect(line["examples"] as? Int == 2)
        }
        let long = try await place.run(command + ["--document-tokens", "1k"])
        #expect(long.expectSuccess().outputText.contains("1000  beyond the window"))
    }

    @Test func retrieve() async throws {
        let place = try Workplace()
        let run = try await place.run("bench", "retrieve", "--passages", "30,10", "--json")
        run.expectSuccess()
        #expect(run.errorText == "")
        let lines = try run.objects()
        #expect(lines.map { $0["passages"] as? Int } == [10, 30])
        for line in lines {
            expectFields(
                line,
                Self.figures.merging([
                    "passages": .integer, "embed_seconds": .number, "search_seconds": .number, "dense_seconds": .number,
                    "keyword_seconds": .number,
                    "first_search_seconds": .number, "insert_seconds": .number,
                ]) { $1 })
        }
        #expect(try await place.run("bench", "retrieve", "--passages", "10").expectSuccess().outputText.contains("10"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.folder.path).isEmpty)
    }
}

/// Benchmarks/compare, on given measurements.
@Suite struct CompareTests {
    private static let script = packageRoot.appending(path: "Benchmarks/compare").path

    /// A line of output, as the programs print it.
    private static func line(
        _ peer: String, _ work: String, _ tokens: Int, speed: Double, _ more: [String: Any] = [:]
    ) throws -> String {
        var object: [String: Any] = [
            "peer": peer, "work": work, "tokens": tokens, "seconds": Double(tokens) / speed, "tokens_per_second": speed,
        ]
        object.merge(more) { $1 }
        return String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self) + "\n"
    }

    /// Measurements that meet every bar with a `share` of 1.
    private static func measurements(share: Double) throws -> String {
        var text = ""
        for drift in [1.0, 0.5, 0.8] {
            for (work, tokens, peers) in [
                ("prefill", 1536, ["transformers-f32": 100.0, "llama.cpp-q4_1": 30]),
                ("prefill", 4096, ["transformers-f32": 90]), ("decode", 128, ["llama.cpp-q4_1": 80]),
                ("decode", 4096, ["llama.cpp-q4_1": 70]), ("train", 1536, ["transformers-f32": 70]),
            ] {
                text += try line("lloco", work, tokens, speed: 160 * share * drift)
                for (peer, speed) in peers { text += try line(peer, work, tokens, speed: speed * drift) }
            }
            text += try line("lloco", "answer", 8000, speed: 8000 * share, ["mode": "compressed"])
            text += try line("lloco", "answer", 8000, speed: 200, ["mode": "full"])
            text += try line(
                "lloco", "finetune", 8000, speed: 1, ["mode": "compressed", "examples_per_second": 30 * share])
            text += try line("lloco", "finetune", 8000, speed: 1, ["mode": "full", "examples_per_second": 1])
        }
        return text
            + (try line("lloco", "retrieve", 9, speed: 1, ["passages": 100_000, "search_seconds": 0.008 / share]))
    }

    private func run(_ place: Workplace, _ arguments: [String]) async throws -> Outcome {
        try await place.start(program: "/usr/bin/env", ["python3", Self.script] + arguments).end()
    }

    @Test func help() async throws {
        let outcome = try await run(Workplace(), ["--help"])
        #expect(outcome.expectSuccess().outputText.contains("--pairs"))
    }

    @Test func metBars() async throws {
        let place = try Workplace()
        // The pairs' ratios meet the bar although the machine drifts: 160 against 70 is 2.29 times in each.
        try place.write("met.jsonl", text: try Self.measurements(share: 1))
        let outcome = try await run(place, ["--from", "met.jsonl"])
        outcome.expectSuccess()
        #expect(outcome.outputText.contains("9 met, 0 missed, 0 not measured"), "\(outcome)")
        #expect(outcome.outputText.contains("train 1536 against transformers-f32"))
        #expect(outcome.outputText.contains("2.29 times"))
        #expect(outcome.outputText.contains("float32"), "which precision was compared is said")
    }

    @Test func missedBars() async throws {
        let place = try Workplace()
        try place.write("missed.jsonl", text: try Self.measurements(share: 0.5))
        let outcome = try await run(place, ["--from", "missed.jsonl"])
        #expect(outcome.status == 1 && outcome.outputText.contains("0 met, 9 missed, 0 not measured"), "\(outcome)")
        #expect(try await run(place, ["--from", "missed.jsonl", "--no-fail"]).status == 0)
    }

    @Test func unmeasuredBars() async throws {
        let place = try Workplace()
        try place.write("some.jsonl", text: try Self.line("lloco", "prefill", 1536, speed: 100))
        let some = try await run(place, ["prefill", "--from", "some.jsonl"])
        #expect(some.status == 1 && some.outputText.contains("0 met, 0 missed, 3 not measured"), "\(some)")
        try place.write("none.jsonl", text: "{}\n")
        let none = try await run(place, ["--from", "none.jsonl"])
        #expect(none.status == 1 && none.errorText.contains("none.jsonl, line 1"))
        #expect(try await run(place, ["juggle"]).status == 64)
        #expect(try await run(place, ["--peers", "abacus"]).status == 64)
        #expect(try await run(place, ["--pairs", "0"]).status == 64)
    }
}

/// Benchmarks/answers.py, in the parts that need no model.
@Suite struct OtherAnswersTests {
    private func run(_ place: Workplace, _ arguments: String...) async throws -> Outcome {
        let script = packageRoot.appending(path: "Benchmarks/answers.py").path
        return try await place.start(
            program: "/usr/bin/env",
            ["python3", script, "model.gguf", "prompts.jsonl", "--out", "out.jsonl"] + arguments
        ).end()
    }

    /// Existing answers are kept; an unfinished line of a killed run is asked again.
    @Test func aRunResumes() async throws {
        let place = try Workplace()
        try place.write(
            "prompts.jsonl",
            text: (0..<2).map {
                #"{"id": "q\#($0)", "before": [1], \#($0 == 0 ? #""text": [2, 3], "# : "")"after": [4], "max_tokens": 1}"#
            }.joined(separator: "\n") + "\n")
        func line(_ id: String) -> String {
            #"{"id": "\#(id)", "prediction": "x", "settings": {"method": "kvzip", "ratio": 30.0, "dtype": "f32", "#
                + #""model": "model.gguf"}}"#
        }
        try place.write("out.jsonl", text: line("q0") + "\n" + line("q1") + "\n" + #"{"id": "q"#)
        try await run(place, "--method", "kvzip").expectSuccess()
        #expect(try place.objects("out.jsonl").compactMap { $0["id"] as? String } == ["q0", "q1"])
        for other in [["summary", "30"], ["kvzip", "15"], ["full", "30"]] {
            let outcome = try await run(place, "--method", other[0], "--ratio", other[1])
            #expect(outcome.status == 1 && outcome.errorText.contains("answers of other settings"), "\(outcome)")
        }
        try place.write("prompts.jsonl", text: #"{"id": "q0", "before": [1], "after": [4], "max_tokens": 1}"#)
        let outcome = try await run(place, "--method", "kvzip")
        #expect(outcome.errorText.contains("prompts.jsonl, line 1: a question without a text"), "\(outcome)")
    }
}

/// Benchmarks/positions and Benchmarks/suite, with a program in place of lloco that prints figures.
@Suite struct EvaluationScriptsTests {
    /// A folder with that program, which records its arguments.
    private func workplace() async throws -> Workplace {
        let place = try Workplace()
        try place.write(
            "lloco",
            text: """
                #!/bin/sh
                echo "$@" >> calls
                for argument; do
                  case "$previous $argument" in
                    "--modes "*) modes=$argument ;;
                    "--report "*.json) report=$argument ;;
                  esac
                  previous=$argument
                done
                for mode in $(echo $modes | tr , ' '); do
                  list="$list${list:+,}{\\"mode\\":\\"$mode\\",\\"questions\\":3,"
                  list="$list\\"scores\\":{\\"f1\\":{\\"mean\\":20.5,\\"low\\":18,\\"high\\":23}}}"
                done
                records='{"document":"a"},{"document":"b"},{"document":"a"}'
                echo "{\\"metrics\\":[\\"f1\\"],\\"modes\\":[$list],\\"records\\":[$records]}" > "$report"
                """)
        try await place.shell("chmod +x lloco").expectSuccess()
        return place
    }

    private func run(_ name: String, _ place: Workplace, _ arguments: [String]) async throws -> Outcome {
        let script = packageRoot.appending(path: "Benchmarks/" + name).path
        return try await place.start(
            program: "/usr/bin/env", ["python3", script, "--lloco", place.path("lloco")] + arguments
        ).end()
    }

    private func calls(_ place: Workplace) throws -> [String] {
        String(decoding: try place.bytes("calls"), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test func curvesAndTable() async throws {
        let place = try await workplace()
        let arguments = ["data.jsonl", "--out", "curves", "--ratios", "15,60", "--modes", "hybrid"]
        let outcome = try await run("positions", place, arguments + ["--", "--adapter", "none"]).expectSuccess()
        #expect(outcome.outputText.contains("| mode | 1/60 | 1/15 |"))
        #expect(outcome.outputText.contains("| vectors and text | 20.5 (18.0 to 23.0) | 20.5 (18.0 to 23.0) |"))
        let picture = String(decoding: try place.bytes("curves/positions.svg"), as: UTF8.self)
        #expect(picture.hasPrefix("<svg") && picture.contains("full text 20.5") && picture.contains("1/60"))
        let calls = try calls(place)
        #expect(calls.count == 3 && calls.allSatisfy { $0.hasSuffix("--adapter none") })
        // Fewer vectors than the default are read from the stored ones; more must be computed.
        #expect(calls[1].contains("--budget 1/60") && !calls[1].contains("--ratio"))
        #expect(calls[2].contains("--budget 1/15 --ratio 15"))
        let unsaid = try await run("positions", place, arguments)
        #expect(unsaid.status == 2 && unsaid.errorText.contains("--adapter none"), "\(unsaid)")
    }

    @Test func oneRowPerDataSet() async throws {
        let place = try await workplace()
        let arguments = [
            "sets/qasper.json.gz", "ruler:4096", "--out", "out", "--tokens", "500", "--modes", "none,hybrid",
        ]
        let outcome = try await run("suite", place, arguments + ["--", "--seed", "3"]).expectSuccess()
        let rows = outcome.outputText.split(separator: "\n")
        #expect(rows.first == "| data | figure | documents | questions | nothing | vectors and text |")
        #expect(rows.last == "| ruler-4096 | f1 | 2 | 3 | 20.5 (18.0 to 23.0) | 20.5 (18.0 to 23.0) |")
        #expect(rows.count == 4 && rows[2].hasPrefix("| qasper | f1 | 2 | 3 |"))
        let calls = try calls(place)
        #expect(calls.count == 2 && calls.allSatisfy { $0.contains("--budget 1/30") && $0.hasSuffix("--seed 3") })
        #expect(calls[0].contains("evaluate sets/qasper.json.gz") && calls[0].contains("--draw-tokens 500"))
        #expect(calls[1].contains("evaluate ruler ") && calls[1].contains("--lengths 4096"))
        let twice = try await run("suite", place, ["a/x.jsonl", "b/x.jsonl.gz", "--out", "out"])
        #expect(twice.status == 2 && twice.errorText.contains("two data sets are named x"), "\(twice)")
        try place.write("lloco", text: "#!/bin/sh\nexit 1\n")
        let failed = try await run("suite", place, ["x.jsonl", "--out", "out"])
        #expect(failed.status == 1 && failed.errorText.contains("suite: the run above failed"), "\(failed)")
    }
}

import Foundation
import LLoCOTestSupport
import LLoCOTorch
import Testing

/// The output of each command with `--json`, field by field, and of text to stdout and stderr.
@Suite struct OutputTests {
    static let document: [String: Field] = [
        "document": .text, "group": .text, "tokens": .integer, "vectors": .integer, "adapter": .textOrNull,
    ]
    static let answer: [String: Field] = [
        "answer": .text, "mode": .text, "documents": .texts, "context_tokens": .integer, "prompt_tokens": .integer,
        "generated_tokens": .integer,
    ]

    @Test func addListShowRemove() async throws {
        let place = try Workplace()
        try place.write("a.txt", text: Sample.text("river", sentences: 3))
        try place.write("b.md", text: Sample.text("mill", sentences: 2))
        let added = try await place.run(["add", "a.txt", "b.md", "--group", "g", "--json"] + Sample.segment)
        added.expectSuccess()
        #expect(added.errorText == "", "no terminal, no progress bar")
        let lines = try added.objects()
        #expect(lines.map { $0["document"] as? String } == ["a.txt", "b.md"])
        for line in lines {
            expectFields(
                line, ["document": .text, "group": .text, "tokens": .integer, "vectors": .integer, "seconds": .number])
            let tokens = try #require(line["tokens"] as? Int)
            #expect(line["vectors"] as? Int == (tokens + 19) / 20 * 3)
            #expect(line["group"] as? String == "g")
        }
        let listed = try await place.run("list", "--json").expectSuccess()
        #expect(listed.errorText == "")
        for (entry, line) in zip(try listed.objects(), lines) {
            expectFields(entry, Self.document)
            for name in ["document", "group"] { #expect(entry[name] as? String == line[name] as? String) }
            for name in ["tokens", "vectors"] { #expect(entry[name] as? Int == line[name] as? Int) }
            #expect(entry["adapter"] is NSNull)
        }
        #expect(try listed.objects().count == 2)
        let shown = try await place.run("show", "b.md", "--json").object()
        expectFields(shown, Self.document)
        #expect(shown["document"] as? String == "b.md")
        #expect(try await place.run("show", place.path("b.md"), "--json").object()["document"] as? String == "b.md")
        #expect(try await place.run("show", "b.md", "--text").outputText == Sample.text("mill", sentences: 2))
        let content = try await place.run("show", "b.md", "--text", "--json").object()
        expectFields(content, ["document": .text, "text": .text])
        #expect(content["document"] as? String == "b.md")
        #expect(content["text"] as? String == Sample.text("mill", sentences: 2))
        #expect(try await place.run("list", "--group", "g").expectSuccess().outputText.contains("a.txt"))
        expectFields(try await place.run("remove", "a.txt", "--json").object(), Self.document)
        #expect(try await place.run("list", "--json").objects().map { $0["document"] as? String } == ["b.md"])
        #expect(try await place.run("remove", "b.md").expectSuccess().errorText == "")
        #expect(try await place.run("list", "--json").expectSuccess().output.isEmpty)
        let empty = try await place.run("list").expectSuccess()
        #expect(empty.outputText == "")
        #expect(empty.errorLines.count == 1 && empty.errorText.contains("lloco add"))
    }

    @Test func finetune() async throws {
        let place = try await Workplace.furnished()
        let run = try await place.run(
            [
                "finetune", "--group", "g", "--questions", "questions.jsonl", "--recipe", "recipe.json5", "--epochs",
                "3",
                "--json",
            ] + Sample.segment)
        run.expectSuccess()
        #expect(run.errorText == "")
        let lines = try run.objects()
        for (index, line) in lines.dropLast().enumerated() {
            expectFields(line, ["step": .integer, "loss": .number, "tokens_per_second": .number])
            #expect(line["step"] as? Int == index + 1)
        }
        let last = try #require(lines.last)
        expectFields(last, ["adapter": .text, "steps": .integer, "loss": .number])
        #expect(last["steps"] as? Int == lines.count - 1)
        let listed = try await place.run("list", "--json").objects()
        for entry in listed {
            let isTuned = entry["group"] as? String == "g"
            #expect(entry["adapter"] as? String == (isTuned ? last["adapter"] as? String : nil))
        }
        let text = try await place.run(
            ["finetune", "--group", "g", "--questions", "questions.jsonl", "--recipe", "recipe.json5"] + Sample.segment)
        #expect(text.expectSuccess().outputText.hasPrefix("adapter "))
        #expect(text.errorText == "")
    }

    /// An adapter in Adapters/ beside the program is the general adapter of groups without their own.
    @Test func aGeneralAdapter() async throws {
        let place = try await Workplace.furnished()
        let tuned =
            [
                "finetune", "--group", "g", "--questions", "questions.jsonl", "--recipe", "recipe.json5", "--plot",
                "loss.svg",
            ]
            + Sample.segment
        let first = try await place.run(tuned + ["--out", "home/Adapters/mine", "--json"]).expectSuccess().objects()
        #expect(
            String(decoding: try place.bytes("loss.svg"), as: UTF8.self).contains(
                "Fine-tuning group g, by step: loss ends at"))
        func adapter(_ arguments: String...) async throws -> String? {
            try await place.run(
                ["evaluate", "data.jsonl", "--max-tokens", "3", "--report", "r.json"] + arguments
                    + Sample.segment
            ).expectSuccess()
            let report = try JSONSerialization.jsonObject(with: place.bytes("r.json")) as? [String: Any]
            try FileManager.default.removeItem(at: place.folder.appending(path: "r.json.run.jsonl"))
            return (report?["settings"] as? [String: Any])?["adapter"] as? String
        }
        try place.write("data.jsonl", text: Sample.questions(["letter.txt"], count: 2))
        let general = try await adapter("--group", "h")
        #expect(general != nil)
        #expect(try await adapter("--group", "h", "--adapter", "none") == nil)
        let found = try await place.run(["doctor", "--json"]).expectSuccess().objects()
        let check = found.first { $0["check"] as? String == "adapters" }
        #expect(check?["ok"] as? Bool == true && (check?["detail"] as? String)?.contains("mine reads") == true)
        let shown = try await place.run("show", "letter.txt").expectSuccess().outputText
        #expect(shown.contains("adapter   the general one, mine; none of the group's own"))
        let listed = try await place.run("list", "--group", "h").expectSuccess().outputText
        #expect(listed.split(separator: "\n").last?.hasSuffix("general") == true)
        // A training starts from it, as another run; with --from-scratch it does not.
        func digest(_ lines: [[String: Any]]) -> String? { lines.last?["adapter"] as? String }
        let second = try await place.run(tuned + ["--json"]).expectSuccess()
        #expect(second.errorText.contains("training starts from the general adapter"))
        let begun = try second.objects()
        #expect(begun.count > 1 && digest(begun) != digest(first))
        try place.write("wide.json5", text: Sample.recipe.replacing("rank: 4", with: "rank: 2"))
        let wide = try await place.run(tuned + ["--recipe", "wide.json5", "--epochs", "1"]).expectSuccess()
        #expect(wide.errorText.contains("training starts from a new adapter: the general adapter has rank 4"))
        // A training also starts from an adapter that was trained on other vectors.
        try FileManager.default.copyItem(
            at: place.folder.appending(path: "home/Adapters/mine"), to: place.folder.appending(path: "other"))
        try place.write("other/vectors.json", text: "{}")
        let from = try await place.run(tuned + ["--from", "other", "--json"]).expectSuccess()
        #expect(from.errorText.contains("training starts from the adapter in other"))
        #expect(digest(try from.objects()) == digest(begun))
        try await place.run(tuned + ["--recipe", "wide.json5", "--from", "other"]).expectFailure(
            "--from", "rank 4", "the recipe 2")
        try await place.run(tuned + ["--from", "nowhere"]).expectFailure("nowhere")
        try await place.run(tuned + ["--from", "other", "--from-scratch"]).expectUsage("--from")
        let fresh = try await place.run(tuned + ["--from-scratch", "--json"]).expectSuccess().objects()
        #expect(digest(first) != nil && digest(fresh) == digest(first))
        try await place.run(tuned + ["--tune-vectors", "--out", "another"]).expectUsage("--tune-vectors")
        for option in ["--out", "--plot"] {
            try await place.run(tuned + [option, "questions.jsonl/x"]).expectFailure(option, "questions.jsonl")
        }
        // The newest adapter of a group is listed.
        let third = try await place.run(tuned + ["--epochs", "1", "--json"]).expectSuccess().objects()
        try place.write("data.jsonl", text: Sample.questions(["river.txt"], count: 2))
        #expect(try await adapter("--group", "g") == digest(third))
        try await place.run(tuned + ["--epochs", "1", "--tune-vectors"]).expectSuccess()
        let own = try await place.run("show", "river.txt").expectSuccess().outputText
        #expect(own.contains(", the vectors tuned with it"))
        try place.write("home/Adapters/mine/adapter_model.safetensors", text: "{")
        try await place.run(["ask", "What?", "--group", "h"] + Sample.segment).expectFailure(
            "adapter_model.safetensors")
        let damaged = try await place.run(["doctor", "--json"]).expectSuccess().objects()
        #expect(damaged.first { $0["check"] as? String == "adapters" }?["ok"] as? Bool == false)
        // Adding does not use the adapter.
        try place.write("new.txt", text: Sample.text("new", sentences: 3))
        try await place.run(["add", "new.txt", "--group", "h"] + Sample.segment).expectSuccess()
    }

    @Test(arguments: ["compressed", "hybrid", "full", "retrieval", "none"]) func ask(mode: String) async throws {
        let place = try await Workplace.furnished()
        let command =
            ["ask", "What is item number 2 of the river?", "--mode", mode, "--max-tokens", "5", "--passages", "1"]
            + Sample.segment
        let run = try await place.run(command + ["--json"])
        let object = try run.object()
        var fields = object
        let passages = try #require(fields.removeValue(forKey: "passages") as? [[String: Any]])
        let seconds = try #require(fields.removeValue(forKey: "seconds") as? [String: Any])
        expectFields(fields, Self.answer)
        expectFields(seconds, ["retrieve": .number, "prefill": .number, "decode": .number, "total": .number])
        for passage in passages {
            expectFields(passage, ["document": .text, "start": .integer, "end": .integer, "score": .number])
        }
        #expect(object["mode"] as? String == mode)
        #expect(passages.isEmpty == (mode == "none"))
        #expect((object["documents"] as? [String])?.isEmpty == (mode == "none"))
        #expect((object["context_tokens"] as? Int == 0) == (mode == "none"))
        #expect(try #require(object["prompt_tokens"] as? Int) > #require(object["context_tokens"] as? Int))
        let generated = try #require(object["generated_tokens"] as? Int)
        #expect((1...5).contains(generated))
        // A note says that --max-tokens truncated the answer; the object does not.
        let notes = generated == 5 ? ["the answer was truncated after 5 tokens: --max-tokens allows no more"] : []
        #expect(run.errorLines.map(String.init) == notes)
        // As text: the same answer, then its sources and figures, all on stdout.
        let text = try await place.run(command)
        #expect(text.expectSuccess().errorText == run.errorText)
        let answer = try #require(object["answer"] as? String)
        #expect(text.outputText.contains(answer))
        for name in object["documents"] as? [String] ?? [] { #expect(text.outputText.contains(name)) }
        #expect(text.outputText.contains("\(try #require(object["context_tokens"] as? Int)) context tokens"))
    }

    @Test func chat() async throws {
        let place = try await Workplace.furnished()
        let run = try await place.run(
            ["chat", "--document", "mill.txt", "--max-tokens", "4", "--json"] + Sample.segment,
            input:
                "What is item 1?\n\nAnd item 2?\n\(String(repeating: "too long ", count: 200))\nAnd item 3?\n/quit\nnever"
        )
        #expect(run.status == 1, "a script learns that one question failed: \(run)")
        let answers = try run.objects()
        #expect(answers.count == 3)
        let prompts = answers.compactMap { $0["prompt_tokens"] as? Int }
        #expect(prompts == prompts.sorted() && Set(prompts).count == 3, "earlier turns stay in the prompt")
        let errors = run.errorLines.filter { $0.hasPrefix("Error: ") }
        #expect(errors.count == 1 && errors[0].contains("window"), "one question fails, the talk goes on")
        let note = "the answer was truncated after 4 tokens: --max-tokens allows no more"
        let cuts = run.errorLines.filter { $0 == note }
        // An answer that ends with its fourth token is not truncated.
        #expect(cuts.count <= answers.count { $0["generated_tokens"] as? Int == 4 })
        #expect(cuts.count > 0 && run.errorLines.count == cuts.count + 1)
        // Turns that do not fit are left out, with a note.
        let long = (0..<5).map { "What is \(String(repeating: "item ", count: 14)) of \($0)?\n" }.joined()
        let talk = try await place.run(
            ["chat", "--document", "mill.txt", "--max-tokens", "4", "--json"] + Sample.segment, input: long)
        #expect(try talk.expectSuccess().objects().count == 5)
        #expect(talk.errorText.contains("earlier turn was left out"), "\(talk)")
    }

    @Test func evaluate() async throws {
        let place = try Workplace()
        let documents = ["river", "mill"].map { topic in
            let questions = (0..<2).map {
                #"{"id": "\#(topic)-\#($0)", "question": "What is item \#($0)?", "answers": ["The \#(topic).", "It"]}"#
            }.joined(separator: ", ")
            let text = Sample.text(topic, sentences: 2).replacing("\n", with: " ")
            return
                #"{"id": "\#(topic)", "title": "The \#(topic)", "document": "\#(text)", "questions": [\#(questions)]}"#
        }.joined(separator: "\n")
        try place.write("data.jsonl", text: documents + "\n")
        let command =
            [
                "evaluate", "data.jsonl", "--modes", "compressed,full,retrieval,none", "--max-tokens", "3",
                "--predictions",
                "p.jsonl", "--json",
            ] + Sample.segment
        let run = try await place.run(command).expectSuccess()
        #expect(run.errorLines.count == 1)
        #expect(run.errorText.hasSuffix(" of 16 answers were truncated after 3 tokens: --max-tokens allows no more\n"))
        let results = try run.objects()
        #expect(results.map { $0["mode"] as? String } == ["compressed", "full", "retrieval", "none"])
        for result in results {
            expectFields(
                result,
                [
                    "data": .text, "mode": .text, "questions": .integer, "f1": .number, "em": .number,
                    "rouge1": .number,
                    "rouge2": .number, "rougeL": .number, "context_tokens": .number, "seconds_per_question": .number,
                ])
            #expect(result["questions"] as? Int == 4)
            #expect(result["data"] as? String == "data.jsonl")
        }
        let predictions = try place.objects("p.jsonl")
        #expect(predictions.count == 16)
        for prediction in predictions {
            // Several modes go to one file: each line names its mode.
            expectFields(
                prediction,
                ["id": .text, "prediction": .text, "answers": .texts, "f1": .number, "mode": .text, "metric": .text])
        }
        #expect(!TestFiles.exists(place.folder.appending(path: "library.lloco")), "documents are learned in memory")
        // A fixed seed gives a fixed result; --limit counts documents.
        let before = try place.bytes("p.jsonl")
        try await place.run(command).expectSuccess()
        #expect(try place.bytes("p.jsonl") == before)
        let limited = try await place.run(
            ["evaluate", "data.jsonl", "--modes", "none", "--limit", "1", "--max-tokens", "3", "--json"]
                + Sample.segment)
        #expect(try limited.object()["questions"] as? Int == 2)
        let table = try await place.run(
            ["evaluate", "data.jsonl", "--modes", "none,full", "--limit", "1", "--max-tokens", "3"] + Sample.segment)
        #expect(table.expectSuccess().outputText.split(separator: "\n").count == 3)
    }

    @Test func trainCompressor() async throws {
        let place = try Workplace()
        try place.write("text.txt", text: Sample.text("river", sentences: 30))
        try place.write("recipe.json5", text: Sample.recipe)
        let model = TestFiles.fixtures.appending(path: "llama-rope3").path
        let command = [
            "train-compressor", "--text", "text.txt", "--out", "mine", "--recipe", "recipe.json5", "--model", model,
        ]
        let run = try await place.run(command + ["--json"]).expectSuccess()
        let lines = try run.objects()
        #expect(lines.compactMap { $0["step"] as? Int } == Array(1...6))
        for line in lines { expectFields(line, ["step": .integer, "loss": .number, "tokens_per_second": .number]) }
        #expect(run.errorLines.count == 1, "what is trained on is a remark")
        let logged = try String(decoding: place.bytes("mine/training.jsonl"), as: UTF8.self).split(separator: "\n").map
        {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(logged.count == lines.count)
        for (line, printed) in zip(logged, lines) {
            let loss = try #require(printed["loss"] as? Double)
            #expect(line["step"] as? Int == printed["step"] as? Int && line["loss"] as? Double == loss)
            #expect((line["losses"] as? [String: Double])?.keys.sorted() == ["continuation"])
            #expect(abs(((line["losses"] as? [String: Double])?["continuation"] ?? 0) - loss) < 1e-9 * loss)
            #expect(line["gradient_norm"] as? Double ?? 0 > 0)
        }
        let curve = String(decoding: try place.bytes("mine/training.svg"), as: UTF8.self)
        #expect(curve.hasPrefix("<?xml") && curve.contains("Training a compressor, by step: loss ends at"))
        // A finished run does nothing; the compressor works with its own model only.
        let again = try await place.run(command + ["--json"]).expectSuccess()
        #expect(again.outputText == "")
        let compress = ["compress", "text.txt", "--out", "v.safetensors", "--compressor", "mine", "--json"]
        #expect(try await place.run(compress + ["--model", model]).object()["vectors"] as? Int ?? 0 > 3)
        try await place.run(compress).expectFailure("mine", "another model")
        // A compressor with summary embeddings makes fewer vectors on request, never more.
        let fewer = try await place.run(compress + ["--model", model, "--ratio", "32"]).object()
        #expect(fewer["vectors"] as? Int ?? 0 > 0)
        try await place.run(compress + ["--model", model, "--ratio", "1"]).expectFailure("a ratio of 1 needs")
    }

    /// Training starts from the weights of a compressor.
    @Test func trainingStartsFromACompressor() async throws {
        let place = try Workplace()
        try place.write("text.txt", text: Sample.text("river", sentences: 30))
        try place.write("recipe.json5", text: Sample.recipe)
        let command = [
            "train-compressor", "--text", "text.txt", "--recipe", "recipe.json5", "--model",
            TestFiles.fixtures.appending(path: "llama-rope3").path, "--json",
        ]
        func losses(_ arguments: String...) async throws -> [Double] {
            try await place.run(command + arguments).expectSuccess().objects().compactMap { $0["loss"] as? Double }
        }
        let first = try await losses("--out", "a")
        let further = try await losses("--out", "b", "--from", "a", "--seed", "0")
        // The same rows, by a compressor that was trained on them.
        #expect(first.count == 6 && further.count == 6 && further[0] < first[0])
        func trained(_ name: String) throws -> Int {
            let description = try JSONSerialization.jsonObject(with: place.bytes("\(name)/compressor.json"))
            return try #require((description as? [String: Any])?["trainedTokens"] as? Int)
        }
        #expect(try trained("b") == 2 * trained("a"))
        // A run with another start is another run.
        try await place.run(command + ["--out", "b"]).expectFailure("another --from")
        try place.write("wide.json5", text: Sample.recipe.replacing("summaryTokens: 3", with: "summaryTokens: 4"))
        let wide = command.map { $0 == "recipe.json5" ? "wide.json5" : $0 }
        try await place.run(wide + ["--out", "c", "--from", "a"]).expectFailure("accumulated-20-3", "accumulated-20-4")
        try await place.run(command + ["--out", "c", "--from", "none"]).expectFailure("none", "compressor.json")
        try place.write("ranked.json5", text: Sample.recipe.replacing("summaryTokens", with: "rank: 2, summaryTokens"))
        let ranked = command.map { $0 == "recipe.json5" ? "ranked.json5" : $0 }
        try await place.run(ranked + ["--out", "c", "--from", "a"]).expectFailure("rank 16", "rank 2")
        #expect(!TestFiles.exists(place.folder.appending(path: "c/compressor.json")))
    }

    /// Two runs must not write to one folder.
    @Test func oneRunWritesAFolderAtATime() async throws {
        let place = try Workplace()
        try place.write("text.txt", text: Sample.text("river", sentences: 30))
        try place.write("recipe.json5", text: Sample.recipe.replacing("steps: 6", with: "steps: 1000000"))
        let command = [
            "train-compressor", "--text", "text.txt", "--out", "mine", "--recipe", "recipe.json5", "--model",
            TestFiles.fixtures.appending(path: "llama-rope3").path, "--json",
        ]
        let first = try await place.start(command)
        while first.isRunning, first.printedLines < 3 { try await Task.sleep(for: .milliseconds(2)) }
        try await place.run(command).expectFailure("mine/training", "locked for writing by process")
        first.send(SIGKILL)
        _ = try await first.end()
        // The lock file of a killed run blocks no other.
        try await place.run(command + ["--minutes", "0.001"]).expectSuccess()
    }

    /// The objective of questions about texts: its data, and refused options.
    @Test func trainCompressorOnQuestions() async throws {
        let place = try Workplace()
        try place.write("text.txt", text: Sample.text("river", sentences: 30))
        try place.write(
            "recipe.json5",
            text: Sample.recipe.replacing("steps: 6", with: "steps: 2, answering: 3")
                .replacing("segmentTokens: 20", with: "segmentTokens: 200"))
        let text = Sample.text("mill", sentences: 2).replacing("\n", with: " ")
        let long = Sample.text("sea", sentences: 400).replacing("\n", with: " ")
        let question = #"[{"id": "q1", "question": "What is it?", "answers": ["The mill."]}]"#
        try place.write(
            "q.jsonl",
            text: #"{"id": "a", "title": "a", "document": "\#(text)", "questions": \#(question)}"# + "\n"
                + #"{"id": "b", "title": "b", "document": "\#(long)", "questions": "#
                + question.replacing("q1", with: "q2") + "}\n")
        let command = [
            "train-compressor", "--text", "text.txt", "--out", "mine", "--recipe", "recipe.json5", "--model",
            TestFiles.fixtures.appending(path: "autocompressor").path, "--json",
        ]
        try await place.run(command).expectFailure("answering", "--questions")
        let run = try await place.run(command + ["--questions", "q.jsonl"]).expectSuccess()
        #expect(try run.objects().count == 2)
        #expect(run.errorText.contains("1 of 2 questions were left out"))
        // With a reading adapter it is another run; the adapter is unchanged.
        let adapter = TestFiles.fixtures.appending(path: "autocompressor/adapter")
        let weights = try Data(contentsOf: adapter.appending(path: "adapter_model.safetensors"))
        let reading = command + ["--questions", "q.jsonl", "--reader", adapter.path]
        let other = try await place.run(reading)
        #expect(other.status == 1 && other.errorText.contains("another --reader"))
        let read = try await place.run(reading.map { $0 == "mine" ? "read" : $0 }).expectSuccess()
        func losses(_ outcome: Outcome) throws -> [Double] {
            try outcome.objects().compactMap { $0["loss"] as? Double }
        }
        #expect(try losses(read).count == 2 && losses(read) != losses(run))
        #expect(try Data(contentsOf: adapter.appending(path: "adapter_model.safetensors")) == weights)
        try await place.run(command + ["--questions", "q.jsonl", "--reader", "none"]).expectFailure("none")
        try place.write("recipe.json5", text: Sample.recipe)
        try await place.run(command + ["--questions", "q.jsonl"]).expectFailure("'answering' no share")
        try await place.run(command + ["--reader", adapter.path]).expectFailure("--reader", "no share")
    }

    @Test func modelCommands() async throws {
        let place = try Workplace()
        try place.write("a.txt", text: "The river rose in 1897.")
        let ids = try #require(try await place.run("tokenize", "a.txt", "--json").object()["ids"] as? [Int])
        #expect(ids.count > 5)
        let spaced = ids.map(String.init).joined(separator: " ") + "\n"
        #expect(try await place.run("tokenize", "a.txt").outputText == spaced)
        #expect(try await place.run("tokenize", "-", input: "The river rose in 1897.").outputText == spaced)
        #expect(try await place.run("tokenize", "-", "--json", input: "").object()["ids"] as? [Int] == [])
        #expect(try await place.run("tokenize", "-", "--json", input: "</s>").object()["ids"] as? [Int] == [2])

        let score = try await place.run("perplexity", "a.txt", "--json").object()
        expectFields(score, ["tokens": .integer, "nll": .number, "perplexity": .number])
        #expect(score["tokens"] as? Int == ids.count)
        let nll = try #require(score["nll"] as? Double)
        #expect(abs(try #require(score["perplexity"] as? Double) / exp(nll / Double(ids.count - 1)) - 1) < 1e-9)
        #expect(try await place.run("perplexity", "a.txt", "--tokens", "4", "--json").object()["tokens"] as? Int == 4)

        let embedding = try await place.run("embed", "a.txt", "--json").object()
        expectFields(embedding, ["vector": .numbers])
        let vector = try #require(embedding["vector"] as? [Double])
        #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        // Default: float32.
        let single = try await place.run("embed", "a.txt", "--json", "--dtype", "float32").object()
        #expect(single["vector"] as? [Double] == vector)
        for dtype in ["bfloat16", "float16"] {
            let rounded = try await place.run("embed", "a.txt", "--json", "--dtype", dtype).object()
            let other = try #require(rounded["vector"] as? [Double])
            #expect(other != vector && zip(other, vector).reduce(0) { $0 + $1.0 * $1.1 } > 0.999, "\(dtype)")
        }

        let text = try await place.run("generate", "The river", "--max-tokens", "6", "--json").object()
        expectFields(text, ["ids": .numbers, "text": .text])
        #expect((text["ids"] as? [Int])?.count == 6)
        #expect(
            try await place.run("generate", "The river", "--max-tokens", "6").outputText == "\(text["text"] ?? "")\n")
        // A note says that the text was truncated; a stop string truncates nothing.
        let cut = try await place.run("generate", "The river", "--max-tokens", "6")
        #expect(cut.errorText == "the text was truncated after 6 tokens: --max-tokens allows no more\n")
        let stop = try #require((text["text"] as? String)?.first)
        let stopped = try await place.run("generate", "The river", "--stop", "\(stop)", "--json").expectSuccess()
        #expect(stopped.errorText == "")
        // 504 of the window's 512 tokens.
        let long = String(repeating: "x ", count: 252)
        let full = try await place.run("generate", long, "--max-tokens", "100", "--json").expectSuccess()
        #expect(full.errorText == "the text was truncated: the model's window is full\n")
        // The same seed samples the same text.
        let drawn = ["generate", "The river", "--max-tokens", "12", "--temperature", "1.5", "--json", "--seed"]
        let first = try await place.run(drawn + ["1"]).outputText
        #expect(try await place.run(drawn + ["1"]).outputText == first)
        #expect(try await place.run(drawn + ["2"]).outputText != first)

        let made = try await place.run("compress", "a.txt", "--out", "v.safetensors", "--segment", "20", "--json")
            .object()
        expectFields(made, ["tokens": .integer, "vectors": .integer, "seconds": .number])
        #expect(made["tokens"] as? Int == ids.count && made["vectors"] as? Int == (ids.count + 19) / 20 * 3)
        let fromText = try place.bytes("v.safetensors")
        try await place.run(
            "compress", "--ids", ids.map(String.init).joined(separator: ","), "--out", "w.safetensors", "--segment",
            "20"
        ).expectSuccess()
        #expect(try place.bytes("w.safetensors") == fromText)
    }
}

import Foundation
import LLoCOTestSupport
import LLoCOTorch
import Testing

/// The findings of `doctor`.
@Suite struct DoctorTests {
    /// The findings by the names of their checks.
    private func findings(_ outcome: Outcome) throws -> [String: [String: Any]] {
        let findings = try outcome.objects()
        for finding in findings {
            #expect(Set(finding.keys) == ["check", "ok", "detail", "mend"])
            #expect(finding["ok"] as? Bool != true || finding["mend"] is NSNull)
        }
        return Dictionary(uniqueKeysWithValues: findings.map { ($0["check"] as? String ?? "", $0) })
    }

    @Test func everythingIsInstalled() async throws {
        let place = try Workplace()
        let run = try await place.run("doctor", "--json").expectSuccess()
        #expect(run.errorText == "")
        let found = try findings(run)
        for check in ["libtorch", "processor", "model", "embedder", "compressors", "library"] {
            #expect(found[check]?["ok"] as? Bool == true, "\(check)")
        }
        #expect((found["compressors"]?["detail"] as? String)?.contains("the model itself") == true)
        #expect((found["embedder"]?["detail"] as? String)?.contains("32 dimensions, up to 48 tokens") == true)
        #expect(!TestFiles.exists(place.folder.appending(path: "library.lloco")))
    }

    @Test func missingPartsAreCounted() async throws {
        let bare = try Workplace(environment: ["LLOCO_MODEL": "", "LLOCO_EMBEDDER": ""])
        let run = try await bare.run("doctor")
        #expect(run.status == 1 && run.outputText.contains("MISSING") && run.outputText.contains("install lloco again"))
        #expect(run.errorText == "Error: 2 needed parts are missing or cannot be used: model, embedder\n")
        let json = try await bare.run("doctor", "--json")
        #expect(json.status == 1 && json.errorText == run.errorText)
        #expect((try findings(json)["model"]?["mend"] as? String)?.contains("--model") == true)
        // The requested parts are checked.
        let half = try await bare.run("doctor", "--model", TestFiles.autocompressor.path)
        #expect(half.status == 1)
        #expect(half.errorText == "Error: 1 needed part is missing or cannot be used: embedder\n")
        try await bare.run("doctor", "--model", TestFiles.autocompressor.path, "--embedder", TestFiles.embedder.path)
            .expectSuccess()
        #expect(!TestFiles.exists(bare.folder.appending(path: "library.lloco")))
    }

    /// Doctor checks the model of the library.
    @Test func aLibrarysModelIsChecked() async throws {
        let place = try Workplace()
        try place.copy(TestFiles.autocompressor, to: "mine")
        try place.write("river.txt", text: Sample.text("river", sentences: 2))
        try await place.run(["add", "river.txt", "--model", "mine"] + Sample.segment).expectSuccess()
        let there = try findings(await place.run("doctor", "--json").expectSuccess())
        #expect((there["model"]?["detail"] as? String)?.contains(place.path("mine")) == true)
        // The default model is found by its digest if it is the same one.
        let elsewhere = try Workplace(environment: [
            "LLOCO_MODEL": TestFiles.fixtures.appending(path: "llama-rope3").path,
            "LLOCO_LIBRARY": place.path("library.lloco"),
        ])
        try FileManager.default.removeItem(atPath: place.path("mine"))
        let gone = try await elsewhere.run("doctor", "--json")
        #expect(gone.status == 1 && gone.errorText.contains(": model\n"))
        let finding = try findings(gone)["model"]
        #expect((finding?["detail"] as? String)?.contains("which is not installed") == true)
        #expect((finding?["mend"] as? String)?.contains("--model") == true)
        try await elsewhere.run("doctor", "--model", TestFiles.autocompressor.path).expectSuccess()
    }

    @Test func adviceNamesAModelToPull() async throws {
        let place = try Workplace(environment: ["LLOCO_MODEL": ""])
        let missing = try findings(await place.run("doctor", "--json"))["model"]
        #expect((missing?["mend"] as? String)?.contains("'lloco models pull qwen2.5-coder-0.5b'") == true)
        let named = try findings(await place.run("doctor", "--json", "--model", "smollm2-135m"))["model"]
        #expect((named?["mend"] as? String)?.contains("'lloco models pull smollm2-135m'") == true)
    }

    @Test func requestedPartsAreChecked() async throws {
        let place = try Workplace()
        for (option, check) in [("--model", "model"), ("--embedder", "embedder")] {
            let run = try await place.run("doctor", option, "none", "--json")
            #expect(run.status == 1 && run.errorText.contains(": \(check)\n"), "\(run)")
            #expect((try findings(run)[check]?["detail"] as? String)?.contains("none: no such") == true)
        }
        // A model as embedder, and an embedder as model.
        let run = try await place.run(
            "doctor", "--model", TestFiles.embedder.path, "--embedder", TestFiles.autocompressor.path)
        #expect(run.status == 1 && run.errorText.contains("2 needed parts"))
        #expect(run.outputText.contains("FAULTY   model") && run.outputText.contains("FAULTY   embedder"))
    }

    @Test func compressorsAreComparedWithTheModel() async throws {
        let place = try Workplace()
        try place.write("text.txt", text: Sample.text("river", sentences: 30))
        try place.write("recipe.json5", text: Sample.recipe.replacing("steps: 6", with: "steps: 1"))
        let model = TestFiles.fixtures.appending(path: "llama-rope3").path
        let none = try findings(await place.run("doctor", "--json", "--model", model).expectSuccess())
        #expect(none["compressors"]?["ok"] as? Bool == false)
        try await place.run(
            "train-compressor", "--text", "text.txt", "--out", "home/Compressors/mine", "--recipe", "recipe.json5",
            "--model", model
        ).expectSuccess()
        let one = try findings(await place.run("doctor", "--json", "--model", model).expectSuccess())
        #expect(one["compressors"]?["ok"] as? Bool == true)
        #expect((one["compressors"]?["detail"] as? String)?.contains("mine was made for this model") == true)
        // Another model, and a malformed description.
        let other = TestFiles.fixtures.appending(path: "llama-linear").path
        let foreign = try findings(await place.run("doctor", "--json", "--model", other).expectSuccess())
        #expect(foreign["compressors"]?["ok"] as? Bool == false)
        #expect((foreign["compressors"]?["detail"] as? String)?.contains("none fits this model") == true)
        #expect((foreign["compressors"]?["mend"] as? String)?.contains("train-compressor") == true)
        try place.write("home/Compressors/mine/compressor.json", text: "{")
        let broken = try findings(await place.run("doctor", "--json", "--model", model).expectSuccess())
        #expect(broken["compressors"]?["ok"] as? Bool == false)
        #expect((broken["compressors"]?["detail"] as? String)?.contains("compressor.json") == true)
    }

    /// Doctor finds a general adapter for the vectors of a compressor with a selection of heads.
    @Test func adaptersAreComparedWithTheCompressor() async throws {
        let place = try Workplace()
        let model = ["--model", TestFiles.fixtures.appending(path: "llama-rope3").path]
        try place.write("river.txt", text: Sample.text("river", sentences: 2))
        try place.write("questions.jsonl", text: Sample.questions(["river.txt"], count: 3))
        let text = Sample.text("river", sentences: 2).replacing("\n", with: " ")
        try place.write(
            "asked.jsonl",
            text: #"{"id": "r", "title": "r", "document": \#(Sample.json(text)), "questions": [{"id": "1", "#
                + #""question": "What is item 1?", "answers": ["The river."]}]}"#)
        try place.write(
            "recipe.json5",
            text:
                "{ selection: { steps: 1, warmupSteps: 0, segmentTokens: 20, summaryTokens: 4, questionedSegments: 64 }, "
                + "finetuning: { rank: 4, epochs: 1 } }")
        try await place.run(
            [
                "train-selection", "--questions", "asked.jsonl", "--recipe", "recipe.json5", "--out",
                "home/Compressors/mine",
            ]
                + model
        ).expectSuccess()
        let none = try findings(await place.run(["doctor", "--json"] + model).expectSuccess())
        #expect(none["adapters"]?["ok"] as? Bool == false)
        try await place.run(["add", "river.txt", "--group", "g"] + model).expectSuccess()
        try await place.run(
            ["finetune", "--group", "g", "--questions", "questions.jsonl", "--recipe", "recipe.json5", "--out"]
                + ["home/Adapters/mine"] + model
        ).expectSuccess()
        let found = try findings(await place.run(["doctor", "--json"] + model).expectSuccess())
        #expect(found["adapters"]?["ok"] as? Bool == true, "\(found["adapters"] ?? [:])")
    }

    @Test func unavailableDevicesAreRefused() async throws {
        #if os(Linux)
            let place = try await Workplace.furnished()
            try place.write("a.txt", text: "A text.")
            for command in [["embed", "a.txt"], ["generate", "x"], ["ask", "q"]] {
                try await place.run(command + ["--device", "mps"]).expectFailure("--device mps", "doctor")
            }
        #endif
    }
}

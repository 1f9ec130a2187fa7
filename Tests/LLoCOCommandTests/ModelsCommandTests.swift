import Foundation
import LLoCOTestSupport
import Testing

/// Models by name: pulled from a hub on loopback, found in Hugging Face's cache, remembered by a library.
@Suite(.enabled(if: Programs.find("python3") != nil, "no python3, which plays the model hub"))
struct ModelsCommandTests {
    private let hub: TestHub
    private let place: Workplace

    init() throws {
        hub = try TestHub()
        place = try Workplace(environment: ["HF_ENDPOINT": hub.address, "HF_TOKEN": "hf_never-shown"])
    }

    private static func files() throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: TestFiles.autocompressor.path)
        return try Dictionary(
            uniqueKeysWithValues: names.filter { $0.contains(".") }.map { name in
                (name, try Data(contentsOf: TestFiles.autocompressor.appending(path: name)))
            })
    }

    private func serve() throws {
        try hub.serve("tiny/auto", Self.files(), large: ["model.safetensors"], licence: "mit")
    }

    @Test func aModelIsPulledListedVerifiedUsedAndRemoved() async throws {
        try serve()
        let pulled = try await place.run("models", "pull", "tiny/auto", "--json")
        let result = try pulled.object()
        #expect(
            pulled.errorText.contains("tiny/auto: ") && pulled.errorText.contains("licence mit, from \(hub.address)"))
        #expect(!pulled.errorText.contains("hf_never-shown") && !pulled.outputText.contains("hf_never-shown"))
        expectFields(
            result,
            [
                "name": .text, "path": .text, "source": .textOrNull, "revision": .textOrNull, "licence": .textOrNull,
                "bytes": .integer, "fetched_bytes": .integer, "sha256": .textOrNull, "seconds": .number,
            ])
        #expect(result["path"] as? String == place.path("models/tiny/auto") && result["licence"] as? String == "mit")
        #expect(
            result["revision"] as? String == TestHub.commit
                && result["bytes"] as? Int == result["fetched_bytes"] as? Int)
        let again = try await place.run("models", "pull", "tiny/auto").expectSuccess()
        #expect(again.outputText.contains("tiny/auto is already installed: \(place.path("models/tiny/auto"))"))

        let list = try await place.run("models", "list", "--json").object()
        #expect(
            Set(list.keys)
                == ["name", "path", "bytes", "licence", "window", "compressors", "adapters", "place"])
        #expect(list["name"] as? String == "tiny/auto" && list["place"] as? String == "models")
        #expect((list["window"] as? Int ?? 0) > 0 && list["licence"] as? String == "mit")
        let table = try await place.run("models", "list").expectSuccess()
        #expect(
            table.outputText.contains("tiny/auto") && table.errorText.contains("'lloco models pull qwen2.5-coder-1.5b'")
        )

        let named = try await place.run("generate", "A river", "--max-tokens", "3", "--json", "--model", "tiny/auto")
        let byPath = try await place.run("generate", "A river", "--max-tokens", "3", "--json")
        #expect(try named.object()["ids"] as? [Int] == byPath.object()["ids"] as? [Int])

        let verified = try await place.run("models", "verify", "--json").objects()
        #expect(verified.count > 2 && verified.allSatisfy { $0["ok"] as? Bool == true && $0["detail"] is NSNull })
        var weights = try place.bytes("models/tiny/auto/model.safetensors")
        weights[weights.count - 1] ^= 1
        try place.write("models/tiny/auto/model.safetensors", weights)
        let damaged = try await place.run("models", "verify", "tiny/auto")
        #expect(
            damaged.status == 1 && damaged.outputText.contains("FAULTY  tiny/auto") && damaged.errorLines.count == 1)
        let removed = try await place.run("models", "remove", "tiny/auto", "--json").object()
        #expect((removed["files"] as? [String])?.contains(place.path("models/tiny/auto/model.safetensors")) == true)
        try await place.run("models", "remove", "tiny/auto").expectFailure("tiny/auto: no such model is installed")
        try await place.run("generate", "x", "--model", "tiny/auto").expectFailure(
            "tiny/auto: no such file or folder", "'lloco models pull tiny/auto'")
    }

    @Test func failuresAreOneLine() async throws {
        try await place.run("models", "pull", "no/such").expectFailure("no/such: ", "404")
        try hub.answer("/api/models/g/gated", ["status": 403, "headers": ["X-Error-Code": "GatedRepo"]])
        try await place.run("models", "pull", "g/gated").expectFailure("accept its licence at \(hub.address)/g/gated")
        let offline = try Workplace(environment: ["HF_ENDPOINT": hub.address, "HF_HUB_OFFLINE": "1"])
        try await offline.run("models", "pull", "tiny/auto").expectFailure("HF_HUB_OFFLINE")
        try await place.run("generate", "x", "--model", "nothing").expectFailure("nothing: no such language model")
        let bare = try Workplace(environment: ["LLOCO_MODEL": ""])
        try await bare.run("generate", "x").expectFailure(
            "qwen2.5-coder-0.5b: the default language model is not installed")
        let named = try Workplace(environment: ["LLOCO_MODEL": "smollm2-135m"])
        try await named.run("generate", "x").expectFailure("'lloco models pull smollm2-135m'")
    }

    @Test func aFullDiskKeepsThePart() async throws {
        try serve()
        // A limit on the file size stands for a full disk: 8 blocks of 512 or 1024 bytes.
        let script = "trap '' XFSZ; ulimit -f 8; exec \"$LLOCO\" models pull tiny/auto"
        let run = try await place.shell(script)
        #expect(run.status == 1 && run.outputText.isEmpty)
        let error = try #require(run.errorLines.last)
        #expect(error.hasPrefix("Error: ") && error.contains(".part: cannot be written") && error.contains("are kept"))
        try await place.run("models", "pull", "tiny/auto").expectSuccess()
        try await place.run("models", "verify", "tiny/auto").expectSuccess()
    }

    @Test func inHuggingFacesCache() async throws {
        let commit = String(repeating: "ab", count: 20)
        try place.write("cache/models--tiny--auto/refs/main", text: commit)
        let snapshot = place.folder.appending(path: "cache/models--tiny--auto/snapshots/\(commit)")
        try FileManager.default.createDirectory(at: snapshot, withIntermediateDirectories: true)
        for (index, (name, data)) in try Self.files().sorted(by: { $0.key < $1.key }).enumerated() {
            try place.write("cache/models--tiny--auto/blobs/blob\(index)", data)
            try FileManager.default.createSymbolicLink(
                atPath: snapshot.appending(path: name).path, withDestinationPath: "../../blobs/blob\(index)")
        }
        let run = try await place.run("generate", "A river", "--max-tokens", "3", "--json", "--model", "tiny/auto")
        let byPath = try await place.run("generate", "A river", "--max-tokens", "3", "--json")
        #expect(try run.object()["ids"] as? [Int] == byPath.object()["ids"] as? [Int])
        let list = try await place.run("models", "list", "--json").object()
        #expect(list["place"] as? String == "cache" && list["name"] as? String == "tiny/auto")
        let again = try await place.run("models", "pull", "tiny/auto").expectSuccess()
        #expect(try again.outputText.contains("is already installed") && hub.requests().isEmpty)
        try await place.run("models", "remove", "tiny/auto").expectFailure("was written by Hugging Face's programs")
        try place.write("secret.json", text: "{}")
        try FileManager.default.createSymbolicLink(
            at: snapshot.appending(path: "out.json"), withDestinationURL: place.folder.appending(path: "secret.json"))
        try await place.run("generate", "x", "--model", "tiny/auto").expectFailure("out.json: a link to")
    }

    // MARK: - The model of a library

    @Test func aLibraryRemembersItsModel() async throws {
        try serve()
        try await place.run("models", "pull", "tiny/auto").expectSuccess()
        try place.write("river.txt", text: Sample.text("river", sentences: 6))
        try place.write("mill.txt", text: Sample.text("mill", sentences: 6))
        try await place.run(["add", "river.txt", "--group", "g", "--model", "tiny/auto"] + Sample.segment)
            .expectSuccess()
        let made = try place.bytes("library.lloco")
        // Another default changes nothing: the library keeps its own model.
        let elsewhere = try Workplace(environment: [
            "LLOCO_MODEL": TestFiles.fixtures.appending(path: "llama-rope3").path,
            "LLOCO_LIBRARY": place.path("library.lloco"),
            "LLOCO_MODELS": place.path("models"),
        ])
        let question =
            ["ask", "What has item number 3?", "--group", "g", "--max-tokens", "3", "--json"] + Sample.segment
        let answer = try await elsewhere.run(question).object()
        #expect((answer["context_tokens"] as? Int ?? 0) > 0)
        #expect(try place.bytes("library.lloco") == made, "a question writes nothing")
        try elsewhere.write("mill.txt", text: Sample.text("mill", sentences: 6))
        try await elsewhere.run(["add", "mill.txt", "--group", "g"] + Sample.segment).expectSuccess()
        #expect(try await elsewhere.run("list", "--json").objects().count == 2)

        // In a place where models are looked for, it is found by its digest.
        try FileManager.default.createDirectory(
            at: place.folder.appending(path: "models/other"), withIntermediateDirectories: true)
        let manifest = String(decoding: try place.bytes("models/tiny/auto/lloco-model.json"), as: UTF8.self)
        try FileManager.default.moveItem(
            atPath: place.path("models/tiny/auto"), toPath: place.path("models/other/name"))
        try place.write(
            "models/other/name/lloco-model.json",
            text: manifest.replacingOccurrences(of: "\"tiny/auto\"", with: "\"other/name\""))
        #expect((try await elsewhere.run(question).object()["context_tokens"] as? Int ?? 0) > 0)
        // A missing model is named in the error.
        try FileManager.default.removeItem(atPath: place.path("models/other"))
        try await elsewhere.run(question).expectFailure(
            "library.lloco: made with the model tiny/auto, SHA-256", "'lloco models pull tiny/auto'")
        // The default model is used if it is the same.
        let same = try Workplace(environment: ["LLOCO_LIBRARY": place.path("library.lloco")])
        #expect((try await same.run(question).object()["context_tokens"] as? Int ?? 0) > 0)
        // A requested model comes first.
        let other = TestFiles.fixtures.appending(path: "llama-rope3").path
        try await same.run(question + ["--model", other]).expectFailure("not compressed")
    }

    @Test func anOlderLibrarysModelIsFoundByItsVectors() async throws {
        let place = try await Workplace.furnished()
        // Format 4 had no table of models.
        let script = """
            import sqlite3, sys
            with sqlite3.connect(sys.argv[1]) as db:
                db.executescript("DROP TABLE models; DROP TABLE run_states; DROP TABLE run_state_pieces; DELETE FROM grdb_migrations WHERE identifier IN ('5', '6'); PRAGMA user_version = 4")
            """
        try place.write("older.py", text: script)
        try await place.shell("python3 older.py library.lloco").expectSuccess()
        let made = try place.bytes("library.lloco")
        let other = try Workplace(environment: [
            "LLOCO_MODEL": TestFiles.fixtures.appending(path: "llama-rope3").path,
            "LLOCO_LIBRARY": place.path("library.lloco"),
        ])
        let question =
            ["ask", "What has item number 3?", "--group", "g", "--max-tokens", "3", "--json"] + Sample.segment
        try await other.run(question).expectFailure("made with the model SHA-256", "--model")
        #expect((try await place.run(question).object()["context_tokens"] as? Int ?? 0) > 0)
        #expect(try place.bytes("library.lloco") == made)
        // The next addition records the model.
        try place.write("new.txt", text: Sample.text("new", sentences: 3))
        try await place.run(["add", "new.txt", "--group", "g"] + Sample.segment).expectSuccess()
        #expect((try await other.run(question).object()["context_tokens"] as? Int ?? 0) > 0, "it lies where it was")
    }
}

/// The default model, where it is installed; no test fetches it.
@Suite struct DefaultModelCommandTests {
    private static let file = TestFiles.model("qwen2.5-coder-0.5b")

    // No test fetches 491 MB.
    @Test(.enabled(if: file != nil, "the default model is not here: Scripts/bootstrap fetches it"))
    func theModelIsFoundByNameAndAnswers() async throws {
        let file = try #require(Self.file)
        let folder = file.deletingLastPathComponent().deletingLastPathComponent()
        let place = try Workplace(environment: ["LLOCO_MODEL": "", "LLOCO_MODELS": folder.path])
        let run = try await place.run("generate", "The capital of France is", "--max-tokens", "3", "--json").object()
        #expect((run["text"] as? String)?.contains("Paris") == true)
        let line = try await place.run("models", "list", "--json").objects().first {
            $0["name"] as? String == "qwen2.5-coder-0.5b"
        }
        #expect(line?["window"] as? Int == 32768 && line?["bytes"] as? Int == 491_400_064)
    }
}

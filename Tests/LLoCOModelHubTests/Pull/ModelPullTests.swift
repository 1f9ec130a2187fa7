import Foundation
import LLoCOBase
import LLoCOModelFiles
import LLoCOModelHub
import LLoCOTestSupport
import Synchronization
import Testing

/// Pulls from a hub on loopback: complete, interrupted and refused ones.
@Suite(.enabled(if: Programs.find("python3") != nil, "no python3, which runs the model hub"))
struct ModelPullTests {
    private let hub: TestHub
    private let place: PullPlace
    private static let file = "m/g/resolve/\(TestHub.commit)/m.gguf"

    init() throws {
        hub = try TestHub()
        place = try PullPlace(hub)
    }

    private var weights: Data { Self.weights }
    private static let weights = TestHub.content(300_000)

    @Test func aFileIsPulled() async throws {
        try hub.serve("m/g", ["m.gguf": weights, "README.md": Data("---\n".utf8)], large: ["m.gguf"])
        let events = Mutex<[String]>([])
        let outcome = try await place.pull("m/g").run { event in
            events.withLock { events in
                switch event {
                case .plan(let plan):
                    events.append("\(plan.name) \(plan.bytes) \(plan.licence ?? "") \(plan.files.map(\.name))")
                case .note(let text): events.append(text)
                case .progress(let done, let total): if done == total { events.append("\(done)") }
                }
            }
        }
        let messages = events.withLock { $0 }
        #expect(messages.first == "m/g 300000 apache-2.0 [\"m.gguf\"]" && messages.last == "300000", "\(messages)")
        #expect(outcome.model.name == "m/g" && outcome.model.licence == "apache-2.0" && outcome.fetchedBytes == 300_000)
        #expect(outcome.source == hub.address && outcome.revision == TestHub.commit)
        #expect(try place.bytes("m/g/m.gguf") == weights)
        #expect(place.content() == ["m/g/lloco-model.json", "m/g/m.gguf"], "no part and no lock remains")
        #expect(outcome.model.path.path == place.folder.path("models/m/g/m.gguf"))
        #expect(try outcome.model.files.compactMap { try $0.fault() } == [])

        let again = try await place.run("m/g:m.gguf")
        #expect(again.source == nil && again.fetchedBytes == 0 && again.model.path == outcome.model.path)
        #expect(try hub.requests("/" + Self.file).count == 1)
    }

    @Test func onlyFilesThatAreLoadedArePulled() async throws {
        let files = [
            "config.json": "{}", "tokenizer.json": "{}", "README.md": "card", "pytorch_model.bin": "old", "run.py": "x",
            "model-00001-of-00002.safetensors": "one", "model-00002-of-00002.safetensors": "two",
            "model.safetensors.index.json": "{\"weight_map\":{}}", "onnx/model.onnx": "x",
            "1_Pooling/config.json": "{}",
        ].mapValues { Data($0.utf8) }
        try hub.serve("m/f", files, large: ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"])
        let outcome = try await place.run("m/f")
        #expect(outcome.model.path.path == place.folder.path("models/m/f"))
        #expect(
            place.content()
                == [
                    "1_Pooling/config.json", "README.md", "config.json", "lloco-model.json",
                    "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
                    "model.safetensors.index.json",
                    "tokenizer.json",
                ].map { "m/f/\($0)" })
    }

    @Test func aFileIsChosenFromSeveral() async throws {
        let (a, b) = (TestHub.content(100, seed: 2), TestHub.content(200, seed: 3))
        let parts = ["big-00001-of-00002.gguf": a, "big-00002-of-00002.gguf": b]
        try hub.serve("m/s", ["a.gguf": a, "b.gguf": b].merging(parts) { $1 }, large: ["a.gguf", "b.gguf"])
        let error = try await place.failure("m/s")
        #expect(error.contains("a.gguf, b.gguf, big-00001-of-00002.gguf") && error.contains("m/s:FILE"))
        #expect(try await place.failure("m/s:c.gguf").contains("no file c.gguf; it has a.gguf"))
        try await place.run("m/s:b.gguf")
        try await place.run("m/s:big-00002-of-00002.gguf")
        #expect(
            place.content()
                == ["b.gguf", "big-00001-of-00002.gguf", "big-00002-of-00002.gguf", "lloco-model.json"]
                .map { "m/s/\($0)" })
        let models = place.places.models()
        #expect(models.map(\.name) == ["m/s:b.gguf", "m/s:big-00001-of-00002.gguf"])
        #expect(models.map(\.bytes) == [200, 300])
        let removed = try #require(place.places.own).remove(try #require(ModelReference(name: "m/s:b.gguf")))
        #expect(removed.bytes == 200 && place.places.models().map(\.name) == ["m/s"])
    }

    // MARK: - Interruptions

    @Test func truncatedTransferIsResumed() async throws {
        try hub.serve("m/g", ["m.gguf": weights], large: ["m.gguf"])
        try hub.answer(
            "/" + Self.file, ["file": "files/m.gguf", "cut": 120_000, "hold": 1.5, "times": 1],
            ["file": "files/m.gguf", "cut": 80_000, "hold": 1.5, "times": 1], ["file": "files/m.gguf"])
        try await place.run("m/g")
        #expect(try place.bytes("m/g/m.gguf") == weights)
        let ranges = try hub.requests("/" + Self.file).map { $0.headers["range"] }
        #expect(ranges.count == 3 && ranges[0] == nil)
        let starts = ranges.dropFirst().compactMap { $0?.firstMatch(of: /bytes=(\d+)-/).flatMap { Int($0.1) } }
        // Bytes that were not written before the connection closed are requested again.
        #expect(starts.count == 2 && 0 < starts[0] && starts[0] < starts[1] && starts[1] <= 200_000, "\(ranges)")
    }

    @Test func laterPullResumesThePart() async throws {
        try hub.serve("m/g", ["m.gguf": weights], large: ["m.gguf"])
        try hub.answer(
            "/" + Self.file, ["file": "files/m.gguf", "cut": 120_000, "hold": 1.5, "times": 1], ["status": 503])
        let error = try await place.failure("m/g")
        #expect(place.content() == ["m/g/m.gguf.part"])
        let kept = try place.bytes("m/g/m.gguf.part").count
        #expect(kept > 0 && error.contains("503"))
        #expect(error.contains("\(kept) of 300000 bytes of m.gguf are kept"))
        #expect(try place.places.model(try #require(ModelReference(name: "m/g"))) == nil, "the model is incomplete")
        try hub.answer(
            "/" + Self.file, ["status": 503, "times": 0], ["file": "files/m.gguf", "times": 0], ["file": "files/m.gguf"]
        )
        let outcome = try await place.run("m/g")
        #expect(outcome.fetchedBytes == 300_000 - kept)
        #expect(try place.bytes("m/g/m.gguf") == weights)
        #expect(try hub.requests("/" + Self.file).last?.headers["range"] == "bytes=\(kept)-")
    }

    @Test func missingAndTruncatedFilesArePulledAgain() async throws {
        try hub.serve("m/g", ["m.gguf": weights], large: ["m.gguf"])
        try await place.run("m/g")
        try place.folder.write("models/m/g/m.gguf", weights[..<1000])
        #expect(try await place.run("m/g").fetchedBytes == 300_000)
        try FileManager.default.removeItem(atPath: place.folder.path("models/m/g/m.gguf"))
        #expect(try await place.run("m/g").fetchedBytes == 300_000)
        #expect(try place.bytes("m/g/m.gguf") == weights)
        // Complete files of a folder are kept.
        let files = ["config.json": Data("{}".utf8), "model.safetensors": weights]
        try hub.serve("m/f", files, large: ["model.safetensors"])
        try await place.run("m/f")
        try FileManager.default.removeItem(atPath: place.folder.path("models/m/f/config.json"))
        #expect(try await place.run("m/f").fetchedBytes == 2)
        #expect(try hub.requests("/m/f/resolve/\(TestHub.commit)/model.safetensors").count == 1)
    }

    @Test func invalidCacheEntriesDoNotPreventAPull() async throws {
        try hub.serve("m/g", ["m.gguf": weights], large: ["m.gguf"])
        let elsewhere = try TemporaryFolder()
        try elsewhere.write("refs/main", text: TestHub.commit)
        try elsewhere.write("snapshots/\(TestHub.commit)/m.gguf", weights)
        try FileManager.default.createDirectory(
            atPath: place.folder.path("cache"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: place.folder.path("cache/models--m--g"), withDestinationPath: elsewhere.url.path)
        let reference = try #require(ModelReference(name: "m/g"))
        #expect(throws: ModelFileError.self, "it leads out of the cache") { try place.places.model(reference) }
        #expect(try await place.run("m/g").model.place == .models)
        // A cache entry with two files, from which the name chooses none, does not prevent a pull either.
        try hub.serve("m/t", ["m.gguf": weights], large: ["m.gguf"])
        for name in ["a.gguf", "b.gguf"] {
            try place.folder.write("cache/models--m--t/snapshots/\(TestHub.commit)/\(name)", text: name)
        }
        #expect(try await place.run("m/t").model.place == .models)
    }

    @Test func pullStartsAgainWithoutRangeSupport() async throws {
        try hub.serve("m/g", ["m.gguf": weights], large: ["m.gguf"])
        try place.folder.write("models/m/g/m.gguf.part", weights[..<120_000])
        try hub.answer("/" + Self.file, ["file": "files/m.gguf", "ranges": false])
        try await place.run("m/g")
        #expect(try place.bytes("m/g/m.gguf") == weights)
    }

    /// The repository changed after an earlier pull was interrupted.
    @Test(arguments: [120_000, 300_000, 300_001]) func partOfAnotherFileIsReplaced(bytes: Int) async throws {
        try hub.serve("m/g", ["m.gguf": weights], large: ["m.gguf"])
        try place.folder.write("models/m/g/m.gguf.part", TestHub.content(bytes, seed: 7))
        let done = Mutex<[Int]>([])
        _ = try await place.pull("m/g").run { event in
            if case .progress(let bytes, _) = event { done.withLock { $0.append(bytes) } }
        }
        #expect(try place.bytes("m/g/m.gguf") == weights)
        #expect(done.withLock { $0.contains(0) }, "progress restarts at 0")
        // A wrong file is downloaded twice after a part, and once without.
        let other = String(repeating: "0", count: 64)
        try hub.serve("m/h", ["m.gguf": weights], large: ["m.gguf"], digests: ["m.gguf": other])
        try place.folder.write("models/m/h/m.gguf.part", weights[..<120_000])
        #expect(try await place.failure("m/h").contains("refused and removed"))
        #expect(try hub.requests("/m/h/resolve/\(TestHub.commit)/m.gguf").count == 2)
        #expect(try await place.failure("m/h").contains("refused and removed"))
        #expect(try hub.requests("/m/h/resolve/\(TestHub.commit)/m.gguf").count == 3)
    }

    @Test func fileShorterThanItsPartIsReported() async throws {
        try hub.serve("m/g", ["m.gguf": weights], large: ["m.gguf"])
        try place.folder.write("models/m/g/m.gguf.part", weights[..<120_000])
        try hub.folder.write("files/m.gguf", weights[..<100])
        let error = try await place.failure("m/g") { $0.attempts = 1 }
        #expect(error.contains("m.gguf has no byte 120000, expected 300000 bytes"), "\(error)")
        try hub.folder.write("files/m.gguf", weights)
        try await place.run("m/g")
    }

    @Test func errorOfAnEventHandlerStopsThePull() async throws {
        struct Stop: Error {}
        try hub.serve("m/g", ["m.gguf": weights], large: ["m.gguf"])
        try hub.answer("/" + Self.file, ["file": "files/m.gguf", "pieces": [30_000, 0.05]])
        let pull = try place.pull("m/g")
        await #expect(throws: Stop.self) {
            try await pull.run { event in
                if case .progress(let done, _) = event, done > 0 { throw Stop() }
            }
        }
        #expect(try 1..<300_000 ~= place.bytes("m/g/m.gguf.part").count, "the pull stops before the end of the file")
        #expect(try hub.requests("/" + Self.file).count == 1)
    }

    @Test func concurrentPullsDownloadOnce() async throws {
        try hub.serve("m/g", ["m.gguf": weights], large: ["m.gguf"])
        try hub.answer("/" + Self.file, ["file": "files/m.gguf", "pieces": [30_000, 0.03]])
        let (first, second) = (try place.pull("m/g"), try place.pull("m/g"))
        async let one = first.run()
        async let other = second.run()
        let outcomes = try await [one, other]
        #expect(outcomes.map(\.fetchedBytes).sorted() == [0, 300_000])
        #expect(try hub.requests("/" + Self.file).count == 1)
        #expect(place.content() == ["m/g/lloco-model.json", "m/g/m.gguf"])
    }

    @Test func transientErrorsAreRetried() async throws {
        try hub.serve("m/g", ["m.gguf": weights], large: ["m.gguf"])
        try hub.answer(
            "/" + Self.file, ["status": 429, "headers": ["Retry-After": "0"], "times": 1], ["status": 500, "times": 2],
            ["file": "files/m.gguf"])
        try await place.run("m/g")
        #expect(try hub.requests("/" + Self.file).count == 4)
        try hub.answer("/api/models/m/h", ["status": 429, "headers": ["Retry-After": "100000"]])
        let error = try await place.failure("m/h")
        #expect(error.contains("429") && error.contains("too many requests"))
        #expect(try hub.requests("/api/models/m/h").count == 5)
    }

    @Test func silentAndSlowTransfersStop() async throws {
        try hub.serve("m/g", ["m.gguf": weights], large: ["m.gguf"])
        try hub.answer("/" + Self.file, ["file": "files/m.gguf", "silence": 20])
        let silent = try await place.failure("m/g") {
            $0.idleTimeout = .milliseconds(300)
            $0.connectTimeout = .milliseconds(300)
            $0.attempts = 2
        }
        #expect(silent.contains("no data for"), "\(silent)")
        try hub.answer("/" + Self.file, ["status": 500, "times": 0], ["file": "files/m.gguf", "pieces": [1, 0.05]])
        let slow = try await place.failure("m/g") {
            $0.minimumTime = .milliseconds(400)
            $0.attempts = 2
        }
        #expect(slow.contains("stopped"), "\(slow)")
    }

    @Test func unreachableHubsAreNamed() async throws {
        var nowhere = place
        nowhere.environment["HF_ENDPOINT"] = "http://127.0.0.1:1"
        let error = try await nowhere.failure("m/g") { $0.attempts = 2 }
        #expect(error.contains("http://127.0.0.1:1") && error.contains("no connection"), "\(error)")
        nowhere.environment["HF_ENDPOINT"] = "http://no-such-host.invalid"
        #expect(try await nowhere.failure("m/g") { $0.attempts = 1 }.contains("http://no-such-host.invalid: "))
    }

    // MARK: - Refusals

    @Test func wrongDigestIsRefusedAndRemoved() async throws {
        let other = String(repeating: "0", count: 64)
        try hub.serve("m/g", ["m.gguf": weights], large: ["m.gguf"], digests: ["m.gguf": other])
        let error = try await place.failure("m/g")
        #expect(
            error.contains(Digest.sha256(weights)) && error.contains(other) && error.contains("refused and removed"))
        #expect(place.content() == [])
        // Small files are checked by git's digest.
        let files = ["config.json": Data("{}".utf8), "model.safetensors": weights]
        try hub.serve(
            "m/f", files, large: ["model.safetensors"], digests: ["config.json": String(repeating: "1", count: 40)])
        #expect(try await place.failure("m/f").contains("git's SHA-1"))
        #expect(place.content() == [])
    }

    @Test func announcedSizesAndDigestsMustAgree() async throws {
        try hub.serve("m/g", ["m.gguf": weights], large: ["m.gguf"])
        for (header, value, found) in [
            ("X-Linked-Etag", "\"\(String(repeating: "0", count: 64))\"", "x-linked-etag"),
            ("X-Linked-Size", "5", "x-linked-size"), ("Content-Length", "299999", "299999 bytes"),
        ] {
            try hub.answer("/" + Self.file, ["file": "files/m.gguf", "headers": [header: value], "cut": 100])
            #expect(try await place.failure("m/g").contains(found))
        }
        try place.folder.write("models/m/g/m.gguf.part", weights[..<120_000])
        try hub.answer("/" + Self.file, ["file": "files/m.gguf", "headers": ["Content-Range": "bytes 5-9/10"]])
        #expect(try await place.failure("m/g").contains("content-range"))
    }

    @Test func excessBytesStopTheTransfer() async throws {
        try hub.serve("m/g", ["m.gguf": weights], large: ["m.gguf"])
        try hub.folder.write("files/m.gguf", weights + weights)
        // Without a content-length the excess shows only during the transfer.
        try hub.answer(
            "/" + Self.file, ["file": "files/m.gguf", "headers": ["Content-Length": NSNull(), "Connection": "close"]])
        #expect(try await place.failure("m/g").contains("more than 300000 bytes"))
        #expect(try place.bytes("m/g/m.gguf.part").isEmpty)
        try hub.answer("/api/models/m/g", ["body": String(repeating: " ", count: 9 << 20)])
        #expect(try await place.failure("m/g").contains("more than 8388608 bytes"))
    }

    @Test(arguments: ["../../escape.gguf", "/etc/escape.gguf", "a/../../b.gguf", "a\\b.gguf", "a\u{0}b.gguf", "..", ""])
    func fileNamesMustStayInside(name: String) async throws {
        try hub.serve("m/g", [:])
        let entry: [String: Any] = [
            "type": "file", "path": name, "size": 3, "oid": TestHub.commit,
        ]
        try hub.answer("/api/models/m/g/tree/\(TestHub.commit)", ["body": try TestHub.text([entry])])
        #expect(try await place.failure("m/g").contains("expected a path inside a folder"))
        #expect(place.content() == [])
    }

    @Test func linksOutOfTheFolderAreRefused() async throws {
        try hub.serve("m/g", ["in/m.gguf": weights], large: ["in/m.gguf"])
        let outside = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: place.folder.path("models/m/g"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: place.folder.path("models/m/g/in"), withDestinationPath: outside.url.path)
        #expect(try await place.failure("m/g").contains("leads out of"))
        #expect(try outside.contents() == [])
        // A link to a folder whose name has the same prefix is refused too, before a folder is created in it.
        try hub.serve("m/l", ["in/deep/m.gguf": weights], large: ["in/deep/m.gguf"])
        for folder in ["m/l", "m/l-x"] {
            try FileManager.default.createDirectory(
                atPath: place.folder.path("models/\(folder)"), withIntermediateDirectories: true)
        }
        try FileManager.default.createSymbolicLink(
            atPath: place.folder.path("models/m/l/in"), withDestinationPath: "../l-x")
        #expect(try await place.failure("m/l").contains("leads out of"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.folder.path("models/m/l-x")) == [])
        // A part that is a link is refused.
        try FileManager.default.removeItem(atPath: place.folder.path("models/m/g/in"))
        try FileManager.default.createDirectory(
            atPath: place.folder.path("models/m/g/in"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: place.folder.path("models/m/g/in/m.gguf.part"), withDestinationPath: outside.path("x"))
        #expect(try await place.failure("m/g").contains("m.gguf.part: cannot be written"))
        #expect(try outside.contents() == [])
    }

    @Test(arguments: [
        "[]", "{}", "{\"sha\": \"main\"}", "{\"sha\": 5}", "{", "<html>a portal</html>",
    ])
    func descriptionsAreChecked(body: String) async throws {
        try hub.answer("/api/models/m/g", ["body": body])
        #expect(try await place.failure("m/g").contains(hub.address))
    }

    @Test(arguments: [
        #"{"type": "file", "path": "m.gguf", "oid": "\#(TestHub.commit)"}"#,
        #"{"type": "file", "path": "m.gguf", "size": -1, "oid": "\#(TestHub.commit)"}"#,
        #"{"type": "file", "path": "m.gguf", "size": 9223372036854775807, "oid": "\#(TestHub.commit)"}"#,
        #"{"type": "file", "path": "m.gguf", "size": 5, "oid": "short"}"#,
        #"{"type": "file", "path": "m.gguf", "size": 5}"#, #"{"type": "file", "size": 5}"#,
    ])
    func listsAreChecked(entry: String) async throws {
        try hub.serve("m/g", [:])
        try hub.answer("/api/models/m/g/tree/\(TestHub.commit)", ["body": "[\(entry)]"])
        #expect(try await place.failure("m/g").contains("the answer about m/g"))
    }

    @Test func pagesAreReadUpToALimit() async throws {
        try hub.serve("m/g", ["m.gguf": weights], large: ["m.gguf"])
        let tree = "/api/models/m/g/tree/\(TestHub.commit)"
        let whole = try TestHub.text([
            ["type": "file", "path": "m.gguf", "size": 300_000, "oid": Digest.sha256(weights)]
        ])
        let next = "<\(hub.address)\(tree)?recursive=true&cursor=2>; rel=\"next\""
        try hub.answer(tree, ["body": "[]", "headers": ["Link": next], "times": 1], ["body": whole])
        try await place.run("m/g")
        #expect(try hub.requests(tree).last?.path.hasSuffix("cursor=2") == true)
        try hub.answer("/api/models/m/h", ["body": "{\"sha\": \"\(TestHub.commit)\"}"])
        let endless = "/api/models/m/h/tree/\(TestHub.commit)"
        try hub.answer(endless, ["body": "[]", "headers": ["Link": "<\(hub.address)\(endless)?p>; rel=\"next\""]])
        #expect(try await place.failure("m/h").contains("more than 20 pages"))
        try hub.answer(endless, ["body": "[]", "headers": ["Link": "<http://127.0.0.1:1/x>; rel=\"next\""]])
        #expect(try await place.failure("m/h").contains("the next page of files is elsewhere"))
    }

    @Test func repositoriesWithoutAModelAreRefused() async throws {
        try hub.serve("m/n", ["README.md": Data("x".utf8)])
        #expect(try await place.failure("m/n").contains("no model, expected"))
        try hub.serve("m/e", [:])
        #expect(try await place.failure("m/e").contains("no files"))
    }

    @Test func missingDiskSpaceIsReported() async throws {
        try hub.serve("m/g", ["m.gguf": weights], large: ["m.gguf"])
        var pull = try place.pull("m/g")
        pull.spareBytes = 1 << 60
        let refused = pull
        let error = await #expect(throws: ModelFileError.self) { try await refused.run() }
        #expect(error?.description.contains("MB free") == true && error?.errorCode == .storage)
        #expect(place.content() == [])
    }

    // MARK: - Authorization

    @Test func refusalsSuggestAFix() async throws {
        func refuse(_ status: Int, _ code: String? = nil) throws {
            try hub.answer(
                "/api/models/m/g",
                ["status": status, "body": "{}", "headers": code.map { ["X-Error-Code": $0] } ?? [:]])
        }
        try refuse(401)
        #expect(try await place.failure("m/g").contains("set HF_TOKEN"))
        try refuse(401, "GatedRepo")
        #expect(try await place.failure("m/g").contains("accept it at \(hub.address)/m/g, then set HF_TOKEN"))
        try refuse(403)
        #expect(try await place.failure("m/g").contains("accept its licence at \(hub.address)/m/g"))
        try refuse(404)
        #expect(try await place.failure("m/g").contains("(404); check its name"))
        try refuse(418)
        #expect(try await place.failure("m/g").contains("status 418"))
        #expect(try hub.requests().count == 5, "none of these is retried")
    }

    @Test func tokenIsSentToTheHubOnly() async throws {
        let other = try TestHub()
        let secret = "hf_secret-of-the-test"
        let place = try PullPlace(hub, token: secret)
        try hub.serve("m/g", ["m.gguf": weights], large: ["m.gguf"])
        try hub.answer(
            "/" + Self.file,
            [
                "status": 302, "body": "moved",
                "headers": [
                    "Location": "\(other.address)/far?signature=s", "X-Linked-Size": "300000",
                    "X-Linked-Etag": "\"\(Digest.sha256(weights))\"",
                ],
            ])
        // A redirect from another host back to the hub gets no token either.
        try other.answer("/far", ["status": 307, "headers": ["Location": "\(hub.address)/back"]])
        try hub.answer("/back", ["file": "files/m.gguf"])
        try await place.run("m/g")
        #expect(try place.bytes("m/g/m.gguf") == weights)
        #expect(try hub.requests("/api/models/m/g").allSatisfy { $0.headers["authorization"] == "Bearer \(secret)" })
        #expect(try hub.requests("/" + Self.file).allSatisfy { $0.headers["authorization"] == "Bearer \(secret)" })
        #expect(try other.requests().map { $0.headers["authorization"] } == [nil])
        #expect(try hub.requests("/back").map { $0.headers["authorization"] } == [nil])
        // Errors and dumps do not show the token.
        try hub.answer("/api/models/m/h", ["status": 401])
        #expect(try await !place.failure("m/h").contains(secret))
        let settings = try HubSettings(environment: place.environment)
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(
            !dumped.contains(secret) && !"\(settings)".contains(secret)
                && !String(reflecting: settings).contains(secret))
    }

    @Test func redirectsAreLimited() async throws {
        try hub.serve("m/g", ["m.gguf": weights], large: ["m.gguf"])
        for (location, part) in [
            ("/\(Self.file)", "more than 10 redirects"), ("file:///etc/passwd", "an address that is not HTTP"),
            ("http://", "an address that is not HTTP"),
        ] {
            try hub.answer("/" + Self.file, ["status": 302, "headers": ["Location": location]])
            #expect(try await place.failure("m/g").contains(part), "\(location)")
        }
        try hub.answer("/" + Self.file, ["status": 302, "headers": ["Location": "/elsewhere/m.gguf"]])
        try hub.answer("/elsewhere/m.gguf", ["file": "files/m.gguf"])
        try await place.run("m/g")
    }

    // MARK: - Offline

    @Test(arguments: ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
    func offlineSendsNoRequests(variable: String) async throws {
        try hub.serve("m/g", ["m.gguf": weights], large: ["m.gguf"])
        var offline = place
        offline.environment[variable] = "1"
        #expect(try await offline.failure("m/g").contains("HF_HUB_OFFLINE"))
        #expect(try hub.requests().isEmpty)
        try await place.run("m/g")
        let stored = try await offline.run("m/g")
        #expect(stored.source == nil, "a stored model needs no hub")
    }
}

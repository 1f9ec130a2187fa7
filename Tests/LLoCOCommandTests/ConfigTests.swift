import Foundation
import LLoCOTestSupport
import Testing

/// `lloco config`, and the order of options, variables, configuration file and defaults.
@Suite struct ConfigTests {
    private static let names = ["model", "library", "embedder", "device", "threads", "host", "port"]
    private static let file = "config/lloco/config.json"

    /// The settings by their names.
    private func settings(_ place: Workplace) async throws -> [String: [String: Any]] {
        let lines = try await place.run("config", "--json").expectSuccess().objects()
        #expect(lines.map { $0["setting"] as? String } == Self.names)
        for line in lines { #expect(Set(line.keys) == ["setting", "value", "origin"]) }
        return Dictionary(uniqueKeysWithValues: lines.map { ($0["setting"] as? String ?? "", $0) })
    }

    private func permissions(_ place: Workplace, _ name: String) throws -> Int? {
        let attributes = try FileManager.default.attributesOfItem(atPath: place.path(name))
        return (attributes[.posixPermissions] as? NSNumber)?.intValue
    }

    @Test func defaults() async throws {
        let place = try Workplace(environment: ["LLOCO_MODEL": "", "LLOCO_THREADS": "3"])
        let found = try await settings(place)
        let expected: [(String, String, String)] = [
            ("model", "qwen2.5-coder-0.5b", "default"), ("library", "library.lloco", "default"),
            ("embedder", TestFiles.embedder.path, "variable"), ("device", "cpu", "default"),
            ("threads", "3", "variable"), ("host", "127.0.0.1", "default"), ("port", "8321", "default"),
        ]
        for (name, value, origin) in expected {
            let line = try #require(found[name])
            let text = line["value"].map { "\($0)" }
            #expect(text == value && line["origin"] as? String == origin, "\(name)")
        }
        #expect(found["port"]?["value"] as? Int == 8321)
        let table = try await place.run("config").expectSuccess()
        #expect(table.errorText == "" && table.outputText.split(separator: "\n").count == 1 + Self.names.count)
        #expect(try await place.run("config", "show").expectSuccess().outputText == table.outputText)
        // Showing creates nothing.
        #expect(!TestFiles.exists(place.folder.appending(path: "config")))
    }

    @Test func setAndUnset() async throws {
        let place = try Workplace(environment: ["LLOCO_MODEL": ""])
        #expect(try await place.run("config", "path").expectSuccess().outputText == place.path(Self.file) + "\n")
        let nothing = try await place.run("config", "unset", "port").expectSuccess()
        #expect(nothing.outputText == "" && nothing.errorText.contains("port is not set"))
        #expect(!TestFiles.exists(place.folder.appending(path: "config")))
        let set = try await place.run("config", "set", "model", "qwen2.5-coder-1.5b").expectSuccess()
        #expect(set.outputText == "model: qwen2.5-coder-1.5b\n" && set.errorText == "")
        try await place.run("config", "set", "port", "9000").expectSuccess()
        #expect(try permissions(place, Self.file) == 0o600 && permissions(place, "config/lloco") == 0o700)
        let stored = try JSONSerialization.jsonObject(with: place.bytes(Self.file)) as? [String: Any]
        #expect(stored?.count == 2 && stored?["port"] as? Int == 9000)
        let found = try await settings(place)
        #expect(found["model"]?["value"] as? String == "qwen2.5-coder-1.5b")
        #expect(found["model"]?["origin"] as? String == "file" && found["host"]?["origin"] as? String == "default")
        // Paths become absolute. A symbolic link in place of the file stays.
        try FileManager.default.moveItem(atPath: place.path(Self.file), toPath: place.path("mine.json"))
        try FileManager.default.createSymbolicLink(
            atPath: place.path(Self.file), withDestinationPath: place.path("mine.json"))
        try await place.run("config", "set", "library", "notes.lloco").expectSuccess()
        #expect(try await settings(place)["library"]?["value"] as? String == place.path("notes.lloco"))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: place.path(Self.file)).hasSuffix("mine.json"))
        for name in ["model", "port", "library"] {
            let unset = try await place.run("config", "unset", name).expectSuccess()
            #expect(unset.outputText.hasPrefix("\(name) was removed"))
        }
        #expect(try await settings(place)["model"]?["origin"] as? String == "default")
        // Values are validated, and an invalid one changes nothing.
        let before = try place.bytes(Self.file)
        for (name, value) in [("threads", "0"), ("threads", "many"), ("port", "0"), ("device", "abacus")] {
            try await place.run("config", "set", name, value).expectUsage("\(name) '\(value)': expected")
        }
        #expect(try place.bytes(Self.file) == before)
    }

    @Test func theFolder() async throws {
        let place = try Workplace()
        let home = try await place.shell(#"HOME=$PWD/me XDG_CONFIG_HOME= "$LLOCO" config path"#).expectSuccess()
        #expect(home.outputText == place.path("me/.config/lloco/config.json") + "\n")
        // A relative folder is ignored, as the XDG specification says.
        let relative = try await place.shell(#"HOME=$PWD/me XDG_CONFIG_HOME=here "$LLOCO" config path"#).expectSuccess()
        #expect(relative.outputText == home.outputText)
        let none = try await place.shell(#"HOME= XDG_CONFIG_HOME= "$LLOCO" config path"#)
        none.expectFailure("HOME", "XDG_CONFIG_HOME")
        try await place.shell(#"HOME= XDG_CONFIG_HOME= "$LLOCO" config"#).expectSuccess()
    }

    /// The model of the option, else of the library, else of the variable, else of the file.
    @Test func theModel() async throws {
        let place = try Workplace(environment: ["LLOCO_MODEL": ""])
        let generate = ["generate", "A river", "--max-tokens", "2"]
        try await place.run(generate).expectFailure("qwen2.5-coder-0.5b")
        let other = TestFiles.fixtures.appending(path: "llama-rope3").path
        try await place.run("config", "set", "model", TestFiles.autocompressor.path).expectSuccess()
        try await place.run(generate).expectSuccess()
        try await place.run("config", "set", "model", "none").expectSuccess()
        try await place.run(generate).expectFailure("none: no such language model")
        try await place.run(generate + ["--model", TestFiles.autocompressor.path]).expectSuccess()
        let variable = "LLOCO_MODEL='\(TestFiles.autocompressor.path)' \"$LLOCO\" generate 'A river' --max-tokens 2"
        try await place.shell(variable).expectSuccess()
        // The library remembers its model.
        try place.write("river.txt", text: Sample.text("river", sentences: 2))
        try await place.run(
            ["add", "river.txt", "--group", "g", "--model", TestFiles.autocompressor.path] + Sample.segment
        ).expectSuccess()
        try await place.run("config", "set", "model", other).expectSuccess()
        let ask = ["ask", "What is item 1?", "--group", "g", "--max-tokens", "2"] + Sample.segment
        try await place.run(ask).expectSuccess()
    }

    @Test func theOtherSettings() async throws {
        let place = try Workplace()
        try place.write("river.txt", text: Sample.text("river", sentences: 2))
        func set(_ name: String, _ value: String) async throws {
            try await place.run("config", "set", name, value).expectSuccess()
        }
        try await set("library", "notes.lloco")
        try await place.run(["add", "river.txt"] + Sample.segment).expectSuccess()
        #expect(TestFiles.exists(place.folder.appending(path: "notes.lloco")))
        #expect(!TestFiles.exists(place.folder.appending(path: "library.lloco")))
        try await place.shell(#"LLOCO_LIBRARY=other.lloco "$LLOCO" list"#).expectFailure("other.lloco")
        try await place.run("list", "--library", "none.lloco").expectFailure("none.lloco")
        // The workplace's variable comes before the file.
        try await set("embedder", "none")
        try await place.run("embed", "river.txt").expectSuccess()
        try await place.shell(#"LLOCO_EMBEDDER= "$LLOCO" embed river.txt"#).expectFailure("no such retrieval model")
        #if os(Linux)
            try await set("device", "mps")
            try await place.run("embed", "river.txt").expectFailure("mps", "doctor")
            try await place.run("embed", "river.txt", "--device", "cpu").expectSuccess()
            try await place.shell(#"LLOCO_DEVICE=cpu "$LLOCO" embed river.txt"#).expectSuccess()
            try await set("device", "cpu")
        #endif
        try await place.shell(#"LLOCO_THREADS=many "$LLOCO" embed river.txt"#)
            .expectFailure("LLOCO_THREADS", "'many'", "1 to 4096")
        try await place.shell(#"LLOCO_THREADS=many "$LLOCO" embed river.txt --threads 1"#).expectSuccess()
        // The server listens on the configured address, and clients ask it there.
        try await set("port", "9")
        try await place.run("ps").expectFailure("http://127.0.0.1:9")
        try await place.shell(#"LLOCO_PORT=11 LLOCO_HOST=:: "$LLOCO" stop"#).expectFailure("http://[::1]:11")
        try await set("host", "0.0.0.0")
        try await place.run("serve").expectFailure("0.0.0.0", "--api-key-file")
        let server = try await ServerUnderTest.start(place, ["--host", "127.0.0.1", "--port", "0"])
        #expect(try await server.end().status == 0)
    }

    static let malformed: [(text: String, part: String)] = [
        ("", "not valid JSON"), ("{", "not valid JSON"), ("[1]", "found a list, expected an object"),
        (#"{"modle": "x"}"#, #"unknown setting "modle", expected model, library"#),
        (#"{"group": "work"}"#, #"unknown setting "group""#),
        (#"{"model": 3}"#, #""model" is 3, expected a model's name"#),
        (#"{"threads": "4"}"#, #""threads" is "4", expected 1 to 4096"#),
        (#"{"threads": 0}"#, #""threads" is 0, expected 1 to 4096"#),
        (#"{"port": 70000}"#, #""port" is 70000, expected 1 to 65535"#),
        (#"{"device": "abacus"}"#, #""device" is "abacus", expected cpu"#),
        (#"{"library": null}"#, #""library" is null, expected"#),
        (#"{"model": "a", "model": "b"}"#, "not valid JSON"),
        (#"{"model": ""# + String(repeating: "a", count: 1 << 20) + #""}"#, "larger than 1048576 bytes"),
    ]

    @Test(arguments: malformed.indices) func malformedFiles(index: Int) async throws {
        let (text, part) = Self.malformed[index]
        let place = try Workplace()
        try place.write(Self.file, text: text)
        for command in [["config"], ["list"], ["config", "set", "threads", "2"], ["config", "unset", "threads"]] {
            try await place.run(command).expectFailure(place.path(Self.file), part)
        }
        #expect(try place.bytes(Self.file) == Data(text.utf8))
        let found = try await place.run("doctor", "--json").objects().first { $0["check"] as? String == "settings" }
        #expect(found?["ok"] as? Bool == false && (found?["detail"] as? String)?.contains(part) == true)
        // An option needs no configuration file.
        try await place.run("list", "--library", "none.lloco").expectFailure("none.lloco")
    }
}

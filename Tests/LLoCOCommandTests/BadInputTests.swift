import Foundation
import LLoCOTestSupport
import Testing

/// Invalid input of every kind: one line that names it, exit status 1, the library unchanged.
@Suite struct BadInputTests {
    let place: Workplace

    init() async throws { place = try await Workplace.furnished() }

    /// Runs a command that must fail without changing the library or leaving files.
    private func refused(
        _ arguments: [String], input: String = "", _ parts: String..., location: SourceLocation = #_sourceLocation
    ) async throws {
        let library = try place.bytes("library.lloco")
        let before = try FileManager.default.contentsOfDirectory(atPath: place.folder.path).sorted()
        let outcome = try await place.run(arguments, input: input)
        outcome.expectFailure(location: location)
        for part in parts {
            #expect(outcome.errorText.contains(part), "\(part) in: \(outcome.errorText)", sourceLocation: location)
        }
        #expect(try place.bytes("library.lloco") == library, "the library changed", sourceLocation: location)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: place.folder.path).sorted() == before,
            sourceLocation: location)
    }

    // MARK: Text files

    static let files: [(name: String, content: [UInt8]?, part: String)] = [
        ("missing.txt", nil, "no such file"),
        ("empty.txt", [], "empty"),
        ("blank.txt", Array(" \n\t\n".utf8), "no text"),
        ("binary.txt", [0x7F, 0x45, 0x4C, 0x46, 0, 0, 1, 2, 3, 0, 0, 0], "binary"),
        ("cut.txt", Array("The river r\u{F6}se 東".utf8.dropLast()), "truncated"),
        ("latin1.txt", Array("caf".utf8) + [0xE9] + Array(" au lait".utf8), "not UTF-8"),
        ("utf16.txt", "The river".utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }, "UTF-16"),
        ("cut.pdf", Array("%PDF-1.4\n1 0 obj".utf8), "truncated"),
        ("no.pdf", Array("The river".utf8), "not a PDF"),
    ]

    @Test(arguments: files.indices) func documents(index: Int) async throws {
        let file = Self.files[index]
        if let content = file.content { try place.write(file.name, content) }
        try await refused(["add", file.name, "--group", "g"] + Sample.segment, file.name, file.part)
        // Also among valid files.
        try place.write("good.txt", text: "A good text.")
        try await refused(["add", "good.txt", file.name, "--group", "g"] + Sample.segment, file.name, file.part)
    }

    @Test func foldersWithoutDocuments() async throws {
        try place.write("folder/image.png", [1, 2, 3])
        try await refused(["add", "folder"], "folder", "without documents")
        try await refused(["add", "/dev/null"], "/dev/null")
    }

    @Test(arguments: ["tokenize", "embed", "perplexity", "compress"]) func texts(command: String) async throws {
        let out = command == "compress" ? ["--out", "v.safetensors"] : []
        try await refused([command, "missing.txt"] + out, "missing.txt", "no such file")
        try await refused([command, "."] + out, "folder")
        try place.write("latin1.txt", [0x63, 0xE9, 0x20])
        try await refused([command, "latin1.txt"] + out, "latin1.txt", "UTF-8")
        try place.write("binary.txt", [0x41, 0, 0, 7, 1, 2])
        try await refused([command, "binary.txt"] + out, "binary.txt", "binary")
        // An empty text has no tokens, which is a result; the other commands need one.
        try place.write("empty.txt", [])
        if command != "tokenize" { try await refused([command, "empty.txt"] + out, "empty") }
    }

    @Test func questions() async throws {
        for (content, part) in [
            ("", "empty"), ("{\"id\": 1}\n", "line 1"), ("not json\n", "line 1"),
            (Sample.questions(["river.txt"], count: 1) + "{\"id\": \"x\"", "line 2"),
            (Sample.questions(["none.txt"], count: 1), "none.txt"),
            (Sample.questions(["letter.txt"], count: 1), "group 'h'"),
        ] {
            try place.write("q.jsonl", text: content)
            try await refused(["finetune", "--group", "g", "--questions", "q.jsonl"] + Sample.segment, part)
        }
        try await refused(["finetune", "--group", "g", "--questions", "none.jsonl"], "none.jsonl")
        try await refused(["finetune", "--group", "none"] + Sample.segment, "none")
        try await refused(["evaluate", "none.jsonl"], "none.jsonl")
        try place.write("q.jsonl", [0x1F, 0x8B, 8, 0, 1, 2])
        try await refused(["evaluate", "q.jsonl"], "q.jsonl")
        try place.write("q.jsonl", text: Sample.questions(["river.txt"], count: 1))
        try await refused(["evaluate", "q.jsonl"], "q.jsonl", "document")
    }

    @Test func recipes() async throws {
        let command =
            ["finetune", "--group", "g", "--questions", "questions.jsonl", "--recipe", "r.json5"] + Sample.segment
        try await refused(command, "r.json5")
        for (content, part) in [
            ("{ finetuning: { speed: 1 } }", "speed"), ("{ finetuning: { epochs: -1 } }", "epochs"), ("{", "r.json5"),
        ] {
            try place.write("r.json5", text: content)
            try await refused(command, "r.json5", part)
        }
    }

    // MARK: Checkpoints

    /// A safetensors file of a header and `data` zero bytes.
    static func safetensors(_ header: String, data: Int = 64, length: UInt64? = nil) -> [UInt8] {
        let size = length ?? UInt64(header.utf8.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) } + Array(header.utf8)
            + [UInt8](repeating: 0, count: data)
    }

    static let malformed: [(name: String, bytes: [UInt8], part: String)] = [
        ("empty", [], "safetensors"),
        ("length past the end", safetensors("{}", length: 1 << 40), "safetensors"),
        ("length beyond numbers", safetensors("{}", length: .max), "safetensors"),
        ("header cut", Array(safetensors("{\"a\": {\"dtype\"").prefix(14)), "safetensors"),
        ("no JSON", safetensors("{\"a\": nonsense}"), "safetensors"),
        ("unknown type", safetensors(#"{"a":{"dtype":"F7","shape":[4],"data_offsets":[0,16]}}"#), "F7"),
        (
            "data past the end", safetensors(#"{"a":{"dtype":"F32","shape":[400],"data_offsets":[0,1600]}}"#),
            "safetensors"
        ),
        (
            "overlap",
            safetensors(
                #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[4],"data_offsets":[8,24]}}"#
            ), "safetensors"
        ),
        (
            "absurd size",
            safetensors(#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,64]}}"#), "safetensors"
        ),
        ("negative size", safetensors(#"{"a":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}}"#), "safetensors"),
        ("reversed", safetensors(#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}"#), "safetensors"),
        (
            "another tensor", safetensors(#"{"a":{"dtype":"F32","shape":[16],"data_offsets":[0,64]}}"#),
            "no tensor model."
        ),
    ]

    @Test(arguments: malformed.indices) func safetensorsModels(index: Int) async throws {
        let file = Self.malformed[index]
        try place.copy(TestFiles.autocompressor, to: "model")
        try place.write("model/model.safetensors", file.bytes)
        try place.write("a.txt", text: "A text.")
        try await refused(["add", "a.txt", "--model", "model"], "model", file.part)
    }

    @Test func ggufModels() async throws {
        let good = try Data(contentsOf: TestFiles.fixtures.appending(path: "gguf/llama-q8_0.gguf"))
        let magic = Data("GGUF".utf8)
        let absurd: Data = magic + [3, 0, 0, 0] + Data(repeating: 0xFF, count: 64)
        let newer: Data = magic + [99, 0, 0, 0] + good.dropFirst(8)
        let cases: [(content: Data, part: String)] = [
            (good.prefix(good.count / 2), "m.gguf"), (good.prefix(30), "m.gguf"), (good.prefix(4), "m.gguf"),
            (absurd, "m.gguf"), (newer, "99"), (Data("nonsense".utf8), "m.gguf"), (Data(), "m.gguf"),
        ]
        for (content, part) in cases {
            try place.write("m.gguf", content)
            try await refused(["generate", "x", "--model", "m.gguf"], "m.gguf", part)
        }
        try await refused(["generate", "x", "--model", "none.gguf"], "--model", "none.gguf")
        try place.write("folder/readme", text: "nothing")
        try await refused(["generate", "x", "--model", "folder"], "folder", "no checkpoint")
    }

    @Test func pickledModels() async throws {
        try place.copy(TestFiles.fixtures.appending(path: "llama-linear"), to: "model")
        var bytes = try place.bytes("model/pytorch_model.bin")
        try await refused(["generate", "x", "--model", "model"], "model", "no tokenizer")
        let harmless = try #require(bytes.range(of: Data("collections\nOrderedDict".utf8)))
        bytes.replaceSubrange(harmless, with: Data("subprocess\ncheck_output".utf8))
        try place.write("model/pytorch_model.bin", bytes)
        try await refused(["generate", "x", "--model", "model"], "pytorch_model.bin", "subprocess", "check_output")
        try place.write("model/pytorch_model.bin", bytes.prefix(bytes.count / 3))
        try await refused(["generate", "x", "--model", "model"], "pytorch_model.bin")
    }

    @Test func configurations() async throws {
        try place.copy(TestFiles.autocompressor, to: "model")
        for (content, part) in [
            ("", "config.json"), ("{}", "config.json"), ("[1]", "config.json"),
            (#"{"model_type": "mamba"}"#, "config.json"),
        ] {
            try place.write("model/config.json", text: content)
            try await refused(["generate", "x", "--model", "model"], part)
        }
        let text = try String(contentsOf: TestFiles.autocompressor.appending(path: "config.json"), encoding: .utf8)
        for (before, after) in [
            (#""num_attention_heads": 4"#, #""num_attention_heads": 5"#),
            (#""hidden_size": 48"#, #""hidden_size": 96"#),
            (#""num_hidden_layers": 2"#, #""num_hidden_layers": 2000000000"#),
            (#""vocab_size": 288"#, #""vocab_size": 9000000000000000000"#),
            (#""num_attention_heads": 4"#, #""num_attention_heads": 0"#),
            (#""rms_norm_eps": 1e-05"#, #""rms_norm_eps": "small""#),
        ] {
            #expect(text.contains(before))
            try place.write("model/config.json", text: text.replacing(before, with: after))
            try await refused(["generate", "x", "--model", "model"], "model")
        }
    }

    @Test func partsOfOtherModels() async throws {
        // A tokenizer with more tokens than the model has embeddings.
        try place.copy(TestFiles.autocompressor, to: "model")
        let other = TestFiles.tokenizers.appending(path: "llama3/tokenizer.json")
        try place.write("model/tokenizer.json", Data(contentsOf: other))
        try await refused(["generate", "x", "--model", "model"], "model", "tokenizer", "different models")
        try place.write("model/tokenizer.json", text: "{\"model\": ")
        try await refused(["generate", "x", "--model", "model"], "tokenizer.json")
        let words = TestFiles.tokenizers.appending(path: "uncased/tokenizer.json")
        try place.write("model/tokenizer.json", Data(contentsOf: words))
        try await refused(["generate", "x", "--model", "model"], "WordPiece")
        // An encoder is no decoder, and a decoder no encoder.
        try await refused(["generate", "x", "--model", TestFiles.embedder.path], "bert")
        try place.write("a.txt", text: "A text.")
        try await refused(["embed", "a.txt", "--embedder", TestFiles.autocompressor.path], "autocompressor")
        try await refused(["embed", "a.txt", "--embedder", "none"], "none: no such retrieval model")
        try await refused(["ask", "q", "--embedder", "none"], "none: no such retrieval model")
        // A folder without a compressor; another model than the library's.
        try await refused(["add", "a.txt", "--compressor", "nowhere"], "nowhere", "no compressor here")
        try await refused(["ask", "item of the river"], "add it again")
        // An encoder with another pooling.
        try place.copy(TestFiles.embedder, to: "pooled")
        try place.write("pooled/1_Pooling/config.json", text: #"{"pooling_mode": "attention"}"#)
        try await refused(["embed", "a.txt", "--embedder", "pooled"], "1_Pooling/config.json", "mean")
        // An adapter of another model, one of another shape, a malformed one, a missing one.
        let adapter = #"{"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["q_proj"]}"#
        func matrix(_ kind: String, _ shape: String, _ start: Int, _ end: Int) -> String {
            let name = "base_model.model.model.layers.0.self_attn.q_proj.lora_\(kind).weight"
            return #""\#(name)":{"dtype":"F32","shape":\#(shape),"data_offsets":[\#(start),\#(end)]}"#
        }
        let digest = String(repeating: "a", count: 64)
        try place.write(
            "foreign/adapter_config.json", text: adapter.dropLast() + ", \"base_model_name_or_path\": \"\(digest)\"}")
        try place.write("adapter/adapter_config.json", text: adapter)
        try place.write(
            "adapter/adapter_model.safetensors",
            Self.safetensors("{\(matrix("A", "[2,8]", 0, 64)),\(matrix("B", "[8,2]", 64, 128))}", data: 128))
        try place.write(
            "data.jsonl",
            text:
                #"{"id":"d","title":"d","document":"A text.","questions":[{"id":"q","question":"Q?","answers":["A"]}]}"#
        )
        let evaluate = ["evaluate", "data.jsonl", "--modes", "compressed", "--adapter"]
        try await refused(evaluate + ["adapter"], "adapter", "another model")
        try FileManager.default.copyItem(
            atPath: place.path("adapter/adapter_model.safetensors"),
            toPath: place.path("foreign/adapter_model.safetensors"))
        try await refused(evaluate + ["foreign"], "foreign: trained for another model (aaaa")
        try place.write("adapter/adapter_model.safetensors", Self.safetensors("{}", length: 99))
        try await refused(evaluate + ["adapter"], "adapter_model.safetensors")
        try await refused(evaluate + ["nowhere"], "nowhere", "adapter_config.json")
    }

    // MARK: Requests

    @Test func questionsThatDoNotFit() async throws {
        let long = String(repeating: "what river? ", count: 120)
        for mode in ["compressed", "full", "retrieval", "none"] {
            try await refused(["ask", long, "--mode", mode] + Sample.segment, "tokens", "window holds 512")
        }
        try await refused(["ask", "  "] + Sample.segment, "empty")
        try await refused(["generate", long], "window holds 512")
        try await refused(["generate", ""], "empty")
        try place.write("long.txt", text: long)
        try await refused(["perplexity", "long.txt"], "512", "--tokens")
        try await refused(["compress", "--ids", "5,100000", "--out", "v"], "100000")
        try await refused(["compress", "--ids", "5", "--out", "no/such/folder/v"], "no/such/folder/v")
    }

    @Test func unknownNames() async throws {
        try await refused(["show", "none.txt"], "none.txt", "river.txt")
        try await refused(["remove", "none.txt"], "none.txt")
        try await refused(["list", "--group", "none"], "none", "\"g\"")
        try await refused(["ask", "q", "--document", "none.txt"] + Sample.segment, "none.txt")
        try await refused(["ask", "q", "--group", "none"] + Sample.segment, "none")
        try await refused(
            ["ask", "q", "--group", "g", "--document", "letter.txt"] + Sample.segment, "letter.txt", "'h'")
        try await refused(["add", "questions.jsonl", "--group", ""], "group")
        try await refused(["finetune", "--group", "none", "--questions", "questions.jsonl"] + Sample.segment, "'none'")
    }

    /// A note names the omitted text, and the answer uses the rest.
    @Test func truncationIsNoted() async throws {
        try place.write("long.txt", text: Sample.text("long", sentences: 30))
        try await place.run(["add", "long.txt", "--group", "l"] + Sample.segment).expectSuccess()
        let ask = ["ask", "item", "--document", "long.txt", "--max-tokens", "2", "--json"] + Sample.segment
        let full = try await place.run(ask + ["--mode", "full"]).expectSuccess()
        let note = "document 'long.txt' was truncated in the middle: 480 of its 1280 tokens fit\n"
        #expect(full.errorText.hasPrefix(note))
        let none = try await place.run(
            ["ask", "Why did the river take the road?", "--mode", "none", "--max-tokens", "1"] + Sample.segment
        ).expectSuccess()
        #expect(none.errorText == "the answer was truncated after 1 token: --max-tokens allows no more\n")
        let several = try await place.run(
            ask + ["--mode", "full", "--document", "river.txt"]
        ).expectSuccess()
        #expect(several.errorText.contains("'river.txt' was left out"))
        try place.write("words.txt", text: String(repeating: "river rose ", count: 60))
        let embed = try await place.run("embed", "words.txt", "--json").expectSuccess()
        #expect(embed.errorLines.count == 1 && embed.errorText.contains("left out"))
    }

    @Test func trainingWithALossThatIsNotANumber() async throws {
        let command =
            ["finetune", "--group", "g", "--questions", "questions.jsonl", "--recipe", "recipe.json5"] + Sample.segment
        let before = try await place.run("list", "--json").outputText
        try await refused(command + ["--learning-rate", "1e30"], "unstable at step", "lower the learning rate")
        #expect(try await place.run("list", "--json").outputText == before, "the last good adapter stays")
        try place.write("text.txt", text: Sample.text("river", sentences: 30))
        try place.write("wild.json5", text: Sample.recipe.replacing("rowTokens", with: "learningRate: 1e30, rowTokens"))
        let train = try await place.run(
            "train-compressor", "--text", "text.txt", "--out", "mine", "--recipe", "wild.json5", "--model",
            TestFiles.fixtures.appending(path: "llama-rope3").path)
        #expect(train.status == 1 && train.errorText.contains("unstable at step"))
    }
}

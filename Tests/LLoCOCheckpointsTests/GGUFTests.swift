import Foundation
import LLoCOCheckpoints
import LLoCOTestSupport
import LLoCOTorch
import Testing

@Suite struct GGUFTests {
    private static let quantized = Fixtures.folder.appendingPathComponent("quantized")
    private static let llama = Fixtures.folder.appendingPathComponent("llama")

    @Test(arguments: GGUFTensorType.allCases)
    func everyTypeMatchesTheReference(_ type: GGUFTensorType) throws {
        let checkpoint = try GGUFCheckpoint(Self.quantized.appendingPathExtension("gguf"))
        let reference = try SafetensorsCheckpoint(Self.quantized.appendingPathExtension("safetensors"))
        let name = "\(type.name).weight"
        #expect(try checkpoint.tensorType(of: name) == type)
        let expected = try reference.tensor(name).array(of: Float.self)
        #expect(try checkpoint.shape(of: name) == reference.shape(of: name))
        #expect(try checkpoint.tensor(name, as: .float32).array(of: Float.self) == expected)
        #expect(expected.contains { abs($0) > 0.5 })
        for dtype in [DType.bfloat16, .float16] {
            let tensor = try checkpoint.tensor(name, as: dtype)
            #expect(tensor.dtype == dtype)
            // Compared as numbers, so that the sign of zero does not matter.
            let rounded = try reference.tensor(name).to(dtype).to(.float32).array(of: Float.self)
            #expect(try tensor.to(.float32).array(of: Float.self) == rounded)
        }
        #expect(try checkpoint.tensor(name, as: .float64).dtype == .float64)
    }

    @Test func llamaTensorsHaveHuggingFaceNamesAndRowOrder() throws {
        let checkpoint = try GGUFCheckpoint(Self.llama.appendingPathExtension("gguf"))
        let reference = try SafetensorsCheckpoint(Self.llama.appendingPathExtension("safetensors"))
        #expect(checkpoint.names == reference.names)
        for name in reference.names {
            #expect(try checkpoint.shape(of: name) == reference.shape(of: name))
            let expected = try reference.tensor(name).array(of: Float.self)
            #expect(try checkpoint.tensor(name, as: .float32).array(of: Float.self) == expected, "\(name)")
        }
        let key = "model.layers.0.self_attn.k_proj.weight"
        #expect(try checkpoint.dtype(of: key) == .bfloat16)
        #expect(try checkpoint.tensor(key).dtype == .bfloat16)
    }

    @Test func otherArchitecturesKeepTheirRowOrder() throws {
        // The same file with another architecture name of the same length.
        var bytes = try bytes(of: Self.llama.appendingPathExtension("gguf"))
        let start = try #require(bytes.firstRange(of: Array("general.architecture".utf8)))
        bytes.replaceSubrange(start.upperBound + 12..<start.upperBound + 17, with: Array("other".utf8))
        let name = "model.layers.0.self_attn.q_proj.weight"
        let rows = try GGUFCheckpoint(FileBytes(bytes, name: "other")).tensor(name, as: .float32).array(of: Float.self)
        let reference = try SafetensorsCheckpoint(Self.llama.appendingPathExtension("safetensors"))
        let expected = try reference.tensor(name).array(of: Float.self)
        let (width, head) = (32, 8)
        for row in 0..<32 {
            let source = row / head * head + row % 2 * (head / 2) + row % head / 2
            #expect(rows[row * width..<(row + 1) * width] == expected[source * width..<(source + 1) * width])
        }
        #expect(rows != expected)
    }

    @Test func metadataOfEveryType() throws {
        let metadata = try GGUFCheckpoint(Self.llama.appendingPathExtension("gguf")).metadata
        #expect(metadata["t.u8"]?.integer == 200)
        #expect(metadata["t.i8"]?.integer == -100)
        #expect(metadata["t.u16"]?.integer == 60000)
        #expect(metadata["t.i16"]?.integer == -30000)
        #expect(metadata["t.u32"]?.integer == 4_000_000_000)
        #expect(metadata["t.i32"]?.integer == -2_000_000_000)
        #expect(metadata["t.u64"]?.integer == nil)
        if case .uint64(let value)? = metadata["t.u64"] {
            #expect(value == UInt64(1) << 63 + 1)
        } else {
            Issue.record("no u64")
        }
        #expect(metadata["t.i64"]?.integer == -1 << 62)
        #expect(metadata["t.f32"]?.double == 0.15625)
        #expect(metadata["t.f64"]?.double == 0.1)
        #expect(metadata["t.b"]?.bool == true)
        #expect(metadata["t.s"]?.string == "naïve")
        #expect(metadata["t.bools"]?.array?.bools() == [true, false, true])
        #expect(metadata["t.nested"]?.array?.count == 2)
        let tokens = try #require(try metadata["tokenizer.ggml.tokens"]?.strings())
        #expect(tokens.prefix(2) == ["é\u{2581} \u{1F600}", "<1>"])
        #expect(
            try metadata["tokenizer.ggml.tokens"]?.array?.byteStrings()?.map { String(decoding: $0, as: UTF8.self) }
                == tokens)
        #expect(metadata["tokenizer.ggml.scores"]?.array?.floats() == (0..<10).map { -Float($0) })
        #expect(metadata["tokenizer.ggml.token_type"]?.array?.integers() == Array(0..<10))
        #expect(metadata["tokenizer.ggml.token_type"]?.array?.floats() == nil)
    }

    @Test func plainTensorsShareTheFile() throws {
        var builder = GGUFBuilder()
        builder.tensors = [("x", [4], 0, 0)]
        builder.data = [0, 0, 128, 63] + [UInt8](repeating: 0, count: 12)
        let file = FileBytes(builder.bytes, name: "f")
        weak let watched = file
        do {
            let tensor = try GGUFCheckpoint(file).tensor("x")
            #expect(try tensor.array(of: Float.self) == [1, 0, 0, 0])
        }
        #expect(watched != nil)
        withExtendedLifetime(file) {}
    }

    @Test func versionTwoIsRead() throws {
        var builder = GGUFBuilder()
        builder.version = 2
        #expect(try open(builder.bytes).names == ["x"])
    }
}

// MARK: - Refusals

extension GGUFTests {
    static let refusals: [(String, @Sendable (inout GGUFBuilder) -> Void, String)] = [
        ("version 1", { $0.version = 1 }, "GGUF version 1; expected version 2 or 3"),
        ("big-endian", { $0.version = UInt32(3).byteSwapped }, "a big-endian GGUF file"),
        ("too many tensors", { $0.tensorCount = 1 << 60 }, "the number of tensors"),
        ("too many pairs", { $0.pairCount = .max }, "the number of metadata pairs"),
        ("split", { $0.pairs = [("split.count", GGUFBuilder.value(2, UInt16(3)))] }, "one of 3 parts of a split GGUF"),
        ("value type", { $0.pairs = [("k", GGUFBuilder.value(13, UInt8(0)))] }, "has the type 13"),
        (
            "equal keys", { $0.pairs = [("k", GGUFBuilder.value("a")), ("k", GGUFBuilder.value("b"))] },
            "duplicate metadata key k"
        ),
        (
            "alignment", { $0.pairs = [("general.alignment", GGUFBuilder.value(4, UInt32(48)))] },
            "general.alignment 48"
        ),
        (
            "zero alignment", { $0.pairs = [("general.alignment", GGUFBuilder.value(4, UInt32(0)))] },
            "general.alignment 0"
        ),
        ("tensor type", { $0.tensors[0].type = 23 }, "has the type IQ4_XS (23)"),
        ("unknown tensor type", { $0.tensors[0].type = 99 }, "has the type unknown (99)"),
        ("rank", { $0.tensors[0].dimensions = [1, 1, 1, 1, 1] }, "rank 5"),
        ("no rank", { $0.tensors[0].dimensions = [] }, "rank 0"),
        ("zero size", { $0.tensors[0].dimensions = [32, 0] }, "a dimension of 0"),
        ("half a block", { $0.tensors[0].dimensions = [16] }, "rows of whole blocks of 32 elements"),
        ("10^15 elements", { $0.tensors[0].dimensions = [1 << 25, 1 << 25] }, "expected one that fits the file"),
        ("overflow", { $0.tensors[0].dimensions = [1 << 62, 1 << 62] }, "rows of whole blocks"),
        ("offset", { $0.tensors[0].offset = 3 }, "a multiple of 32"),
        ("offset past the end", { $0.tensors[0].offset = 64 }, "expected an end within the file"),
        ("huge offset", { $0.tensors[0].offset = .max - 31 }, "expected a multiple of 32 within the file"),
        ("overlap", { $0.tensors.append(("y", [32], 8, 0)) }, "overlap"),
        (
            "equal names",
            {
                $0.tensors = [("x", [8], 0, 0), ("x", [8], 0, 32)]
                $0.data = [UInt8](repeating: 0, count: 64)
            },
            "duplicate tensor x"
        ),
    ]

    @Test(arguments: refusals.indices)
    func malformedFilesAreRefused(_ index: Int) {
        let (what, change, message) = Self.refusals[index]
        var builder = GGUFBuilder()
        change(&builder)
        let error = fault { _ = try open(builder.bytes, name: "/m/x.gguf") }
        #expect(error?.description.hasPrefix("/m/x.gguf: ") == true, "\(what)")
        #expect(error?.description.contains(message) == true, "\(what): \(error?.description ?? "no error")")
    }

    @Test func stringsBeyondTheEndAreRefused() {
        var builder = GGUFBuilder()
        var value = Bytes()
        value.add(UInt32(8))
        value.add(UInt64.max)
        builder.pairs = [("k", value.bytes)]
        #expect(fault { _ = try open(builder.bytes) }?.description.contains("the metadata value of k") == true)
    }

    @Test func deepArraysAreRefused() {
        var value = Bytes()
        value.add(UInt32(9))
        for _ in 0..<1000 {
            value.add(UInt32(9))
            value.add(UInt64(1))
        }
        var builder = GGUFBuilder()
        builder.pairs = [("k", value.bytes)]
        #expect(fault { _ = try open(builder.bytes) }?.description.contains("nested deeper") == true)
    }

    @Test func queryRowsThatDoNotDivideAreRefused() throws {
        var builder = GGUFBuilder()
        builder.pairs = [
            ("general.architecture", GGUFBuilder.value("llama")),
            ("llama.attention.head_count", GGUFBuilder.value(4, UInt32(3))),
        ]
        builder.tensors = [("blk.0.attn_q.weight", [4, 8], 0, 0)]
        builder.data = [UInt8](repeating: 0, count: 128)
        let checkpoint = try open(builder.bytes)
        let error = fault { _ = try checkpoint.tensor("model.layers.0.self_attn.q_proj.weight") }
        #expect(error?.description.contains("of 8 rows for 3 heads") == true)
    }
}

import Foundation
import LLoCOCheckpoints
import LLoCOTorch
import Testing

@Suite struct SafetensorsTests {
    @Test func everyDTypeSurvivesARoundTrip() throws {
        try withTemporaryFolder { folder in
            var generator = Generator(state: 1)
            var tensors: [String: Tensor] = [:]
            for (index, dtype) in DType.allCases.enumerated() {
                for shape in [[], [0, 3], [1], [3, 5], [2, 3, 4]] {
                    let size = shape.reduce(1, *) * dtype.byteCount
                    let bytes = (0..<size).map { _ in
                        dtype == .bool
                            ? UInt8.random(in: 0...1, using: &generator) : .random(in: 0...255, using: &generator)
                    }
                    tensors["t\(index).\(shape.count)\(size == 0 ? "e" : "")"] = try bytes.withUnsafeBytes {
                        try Tensor(copying: $0, shape: shape, dtype: dtype)
                    }
                }
            }
            let url = folder.appendingPathComponent("a.safetensors")
            let metadata = ["format": "pt", "quote\"\\\n\u{1}é": "😀"]
            try SafetensorsWriter.write(tensors, metadata: metadata, to: url)
            let checkpoint = try SafetensorsCheckpoint(url)
            #expect(checkpoint.names == tensors.keys.sorted())
            #expect(checkpoint.metadata == metadata)
            for (name, tensor) in tensors {
                let expected = try Content(tensor)
                #expect(try Content(checkpoint.tensor(name)) == expected, "\(name)")
                #expect(try checkpoint.shape(of: name) == expected.shape)
                #expect(try checkpoint.dtype(of: name) == expected.dtype)
            }
            let again = folder.appendingPathComponent("b.safetensors")
            try SafetensorsWriter.write(tensors, metadata: metadata, to: again)
            #expect(try bytes(of: url) == bytes(of: again))
            #expect(try Array(SafetensorsWriter.data(tensors, metadata: metadata)) == bytes(of: url))
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
                    "a.safetensors", "b.safetensors",
                ])
        }
    }

    @Test func existingFilesAreReplacedAtomically() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("a.safetensors")
            try SafetensorsWriter.write(["x": Tensor([Float(1), 2])], to: url)
            let before = try SafetensorsCheckpoint(url).tensor("x")
            try SafetensorsWriter.write(["x": Tensor([Float(3)])], to: url)
            #expect(try SafetensorsCheckpoint(url).tensor("x").array(of: Float.self) == [3])
            // The old tensor still maps the old file's pages.
            #expect(try before.array(of: Float.self) == [1, 2])
        }
    }

    @Test func writingToATensorDoesNotChangeTheFile() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("a.safetensors")
            try SafetensorsWriter.write(["x": Tensor([Float(1), 2])], to: url)
            let tensor = try SafetensorsCheckpoint(url).tensor("x")
            try tensor.fill(7)
            #expect(try tensor.array(of: Float.self) == [7, 7])
            #expect(try SafetensorsCheckpoint(url).tensor("x").array(of: Float.self) == [1, 2])
        }
    }

    @Test func aTensorOutlivesItsCheckpoint() throws {
        let tensor = try open(safetensors(#"{"x":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}"#, data: 3)).tensor(
            "x")
        #expect(try tensor.bytes() == [0, 1, 2])
    }

    @Test func unalignedTensorsAreRead() throws {
        let header =
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"I32","shape":[2],"data_offsets":[1,9]}}"#
        let tensor = try open(safetensors(header, data: 9)).tensor("b")
        #expect(try tensor.bytes() == Array(1...8))
    }

    @Test func conversionAndExpectedShapes() throws {
        let checkpoint = try open(safetensors(#"{"x":{"dtype":"U8","shape":[1,2],"data_offsets":[0,2]}}"#, data: 2))
        #expect(try checkpoint.tensor("x", as: .float32).array(of: Float.self) == [0, 1])
        #expect(try checkpoint.tensor("x", shape: [1, 2]).dtype == .uint8)
        let error = fault { _ = try checkpoint.tensor("x", shape: [2, 1]) }
        #expect(error?.description == "/folder/file: tensor x of shape [1, 2]; expected shape [2, 1]")
        #expect(fault { _ = try checkpoint.tensor("y") }?.code == .missing)
    }

    @Test func unwritableFilesAreErrors() throws {
        let url = URL(fileURLWithPath: "/proc/nowhere/x.safetensors")
        #expect(fault { try SafetensorsWriter.write(["x": Tensor([Float(1)])], to: url) }?.code == .unwritable)
    }
}

// MARK: - Refusals

extension SafetensorsTests {
    static let refusals: [(String, [UInt8], String)] = {
        func x(_ dtype: String, _ shape: String, _ offsets: String, data: Int = 8) -> [UInt8] {
            safetensors(#"{"x":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}}"#, data: data)
        }
        let a = #""a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}"#
        func b(_ begin: Int, _ end: Int) -> String {
            #""b":{"dtype":"U8","shape":[\#(end - begin)],"data_offsets":[\#(begin),\#(end)]}"#
        }
        return [
            ("header past the end", safetensors("{}", length: 3), "the header's length 3"),
            ("huge header", safetensors("{}", length: .max), "the header's length"),
            ("no object", safetensors("[]"), "an unknown checkpoint format"),
            ("broken JSON", safetensors("{\"x\""), "expected valid JSON"),
            ("trailing text", safetensors("{}x"), "after the end"),
            ("unknown dtype", x("F8_E4M3", "[8]", "[0,8]"), "has the dtype F8_E4M3"),
            ("no dtype", safetensors(#"{"x":{"shape":[],"data_offsets":[0,0]}}"#), "an object of dtype, shape"),
            (
                "another key", safetensors(#"{"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"y":1}}"#),
                "an object of dtype"
            ),
            ("negative size", x("U8", "[-8]", "[0,8]"), "an invalid shape"),
            ("overflowing shape", x("U8", "[4611686018427387904,4]", "[0,8]"), "an invalid shape"),
            ("overflowing size", x("F64", "[4611686018427387904]", "[0,8]"), "takes 8 bytes"),
            ("10^15 elements", x("F32", "[1000000000000000]", "[0,8]"), "takes 8 bytes; expected 4000000000000000"),
            ("fractional size", x("U8", "[8.0]", "[0,8]"), "an invalid shape"),
            ("wrong size", x("F32", "[3]", "[0,8]"), "takes 8 bytes; expected 12"),
            ("end before begin", x("U8", "[0]", "[8,0]"), "has data_offsets"),
            ("negative offset", x("U8", "[0]", "[-1,0]"), "has data_offsets"),
            ("past the end", x("U8", "[9]", "[0,9]"), "a range within the 8 bytes"),
            ("three offsets", x("U8", "[8]", "[0,8,8]"), "an object of dtype"),
            ("bytes left over", x("U8", "[7]", "[0,7]"), "8 bytes of data; expected 7"),
            ("begins late", x("U8", "[7]", "[1,8]"), "begins at byte 1 of the data; expected 0"),
            ("overlap", safetensors("{\(a),\(b(3, 8))}", data: 8), "tensor b begins at byte 3 of the data; expected 4"),
            ("gap", safetensors("{\(a),\(b(5, 8))}", data: 8), "tensor b begins at byte 5 of the data; expected 4"),
            ("equal names", safetensors("{\(a),\(a)}", data: 8), "the duplicate key \"a\""),
            ("metadata", safetensors(#"{"__metadata__":{"x":1}}"#), "__metadata__ has no string"),
            ("deep JSON", safetensors("{\"x\":" + String(repeating: "[", count: 10_000)), "nesting deeper"),
        ]
    }()

    @Test(arguments: refusals.indices)
    func malformedFilesAreRefused(_ index: Int) {
        let (what, bytes, message) = Self.refusals[index]
        let error = fault { _ = try open(bytes, name: "/m/x.safetensors") }
        #expect(error?.description.hasPrefix("/m/x.safetensors: ") == true, "\(what)")
        #expect(error?.description.contains(message) == true, "\(what): \(error?.description ?? "no error")")
        #expect(error?.description.contains("\n") == false)
    }

    @Test func emptyFilesAndPaddedHeadersAreRead() throws {
        #expect(try open(safetensors("{}       ")).names == [])
    }

    @Test func messagesContainNoControlCharacters() throws {
        let header = #"{"a\n\u001b[31m":{"dtype":"X","shape":[],"data_offsets":[0,0]}}"#
        let text = try #require(fault { _ = try open(safetensors(header)) }).description
        #expect(!text.unicodeScalars.contains { $0.value < 0x20 })
    }
}

import Foundation
import LLoCOCheckpoints
import LLoCOTestSupport
import LLoCOTorch
import Testing

/// Models in several GGUF files.
@Suite struct SplitGGUFTests {
    private func part(_ number: Int, of count: Int = 2, tensors: Int = 2, name: String? = nil) -> [UInt8] {
        var builder = GGUFBuilder()
        builder.pairs = [
            ("split.no", GGUFBuilder.value(2, UInt16(number))), ("split.count", GGUFBuilder.value(2, UInt16(count))),
            ("split.tensors.count", GGUFBuilder.value(5, Int32(tensors))),
        ]
        if number == 0 { builder.pairs.append(("general.architecture", GGUFBuilder.value("test"))) }
        builder.tensors = [(name ?? "t\(number)", [8], 0, 0)]
        builder.data = (0..<8).flatMap { element in
            withUnsafeBytes(of: Float(10 * number + element).bitPattern.littleEndian) { Array($0) }
        }
        return builder.bytes
    }

    private func withParts<Result>(_ parts: [String: [UInt8]], _ body: (URL) throws -> Result) throws -> Result {
        try withTemporaryFolder { folder in
            for (name, bytes) in parts { try Data(bytes).write(to: folder.appending(path: name)) }
            return try body(folder)
        }
    }

    private static func name(_ number: Int, of count: Int = 2) -> String { "m-0000\(number)-of-0000\(count).gguf" }

    /// The folder, the first part and any other part open the whole model.
    @Test(arguments: ["", name(1), name(2)]) func anyPartOpensTheModel(_ opened: String) throws {
        try withParts([Self.name(1): part(0), Self.name(2): part(1)]) { folder in
            let checkpoint = try CheckpointLoader.open(opened.isEmpty ? folder : folder.appending(path: opened))
            #expect(checkpoint.names == ["t0", "t1"])
            #expect(checkpoint.files.map(\.lastPathComponent) == [Self.name(1), Self.name(2)])
            #expect((checkpoint as? GGUFCheckpoint)?.architecture == "test")
            for number in 0..<2 {
                let expected = (0..<8).map { Float(10 * number + $0) }
                #expect(try checkpoint.tensor("t\(number)").array(of: Float.self) == expected)
            }
        }
    }

    private func message(_ parts: [String: [UInt8]], opening name: String = name(1)) throws -> String {
        try withParts(parts) { folder in
            fault { _ = try CheckpointLoader.open(folder.appending(path: name)) }?.description ?? "no error"
        }
    }

    @Test func inconsistentPartsAreRefused() throws {
        let (first, second) = (Self.name(1), Self.name(2))
        #expect(try message([first: part(0)]).contains("a reference to \(second), which is not in the folder"))
        #expect(try message(["m.gguf": part(0)], opening: "m.gguf").contains("one of 2 parts of a split GGUF"))
        #expect(try message([first: part(0), second: part(0)]).contains("part 1 of 2; expected part 2 of 2"))
        #expect(try message([first: part(0), second: part(1, of: 3)]).contains("part 2 of 3; expected part 2 of 2"))
        #expect(
            try message([first: part(0, tensors: 3), second: part(1)]).contains("2 tensors in all parts; expected 3"))
        #expect(try message([first: part(0), second: part(1, name: "t0")]).contains("duplicate tensor t0"))
        #expect(
            try message(["m-00001-of-00003.gguf": part(0)], opening: "m-00001-of-00003.gguf").contains("one of 2 parts")
        )
        // Two files of different models.
        try withParts([first: part(0), "other.gguf": part(1)]) { folder in
            let error = fault { _ = try CheckpointLoader.open(folder) }
            #expect(error?.description.contains("several GGUF files") == true)
        }
    }
}

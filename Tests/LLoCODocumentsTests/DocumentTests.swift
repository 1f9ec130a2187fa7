import Foundation
import LLoCOBase
import LLoCODocuments
import LLoCOTestSupport
import Testing

@Suite struct DocumentTests {
    let folder: TemporaryFolder
    let reader = DocumentReader(pdfProgram: "/nonexistent/pdftotext")

    init() throws {
        folder = try TemporaryFolder()
    }

    /// Expects reading to fail with this code and a one-line message with the path and `words`.
    func refused(
        _ path: String, _ code: DocumentError.Code, _ words: String, reader: DocumentReader? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: DocumentError.self, sourceLocation: sourceLocation) {
            try (reader ?? self.reader).read(path)
        }
        #expect(error?.code == code, sourceLocation: sourceLocation)
        let line = error?.description ?? ""
        #expect(
            line.contains(path) && line.contains(words) && !line.contains("\n"), "\(line)",
            sourceLocation: sourceLocation)
    }

    @Test func plainTextIsUnchanged() throws {
        let text = "# Über\r\n\n* naïve — \u{1F600}\tend\n"
        for name in ["a.txt", "a.md", "LICENSE", "a.unknown"] {
            let document = try reader.read(try folder.write(name, text: text))
            #expect(document.text == text)
            #expect(document.kind == .text)
            #expect(document.byteCount == text.utf8.count)
        }
    }

    @Test func byteOrderMarksAreDecoded() throws {
        let text = "Größe \u{1F600}"
        #expect(try reader.read(try folder.write("8.txt", [0xEF, 0xBB, 0xBF] + Array(text.utf8))).text == text)
        let units = Array(text.utf16)
        let little = units.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        let big = units.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        #expect(try reader.read(try folder.write("le.txt", [0xFF, 0xFE] + little)).text == text)
        #expect(try reader.read(try folder.write("be.txt", [0xFE, 0xFF] + big)).text == text)
        refused(try folder.write("odd.txt", [0xFF, 0xFE] + little.dropLast()), .truncated, "odd")
        refused(try folder.write("half.txt", [0xFF, 0xFE] + little.dropLast(2)), .encoding, "surrogate")
        refused(try folder.write("32.txt", [0xFF, 0xFE, 0, 0, 0x41, 0, 0, 0]), .encoding, "iconv -f UTF-32")
        let plain = Array("plain words".utf16)
        let unmarked = plain.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        refused(try folder.write("none.txt", unmarked), .encoding, "iconv -f UTF-16LE")
        refused(try folder.write("none.be.txt", [0] + unmarked.dropLast()), .encoding, "iconv -f UTF-16BE")
    }

    @Test func errorsNameTheFile() throws {
        refused(folder.path("missing.txt"), .missing, "no such file")
        refused(folder.url.path, .unreadable, "directory")
        refused(try folder.write("empty.txt", []), .empty, "0 bytes")
        refused(try folder.write("blank.txt", text: " \n\t \r\n"), .empty, "no text")
        refused(try folder.write("nul.txt", Array("some\0bytes here".utf8)), .binary, "offset 4")
        refused(try folder.write("controls.bin", (0..<400).map { UInt8($0 % 7 + 1) }), .binary, "control characters")
        refused(
            try folder.write("latin.txt", Array("caf".utf8) + [0xE9] + Array(" au lait".utf8)), .encoding, "offset 3")
        refused(try folder.write("cut.txt", Array("price: 5 ".utf8) + [0xE2, 0x82]), .truncated, "byte 9 of 11")
        var small = reader
        small.sizeLimit = 100
        refused(try folder.write("big.txt", text: String(repeating: "a", count: 101)), .tooLarge, "101", reader: small)
        #expect(try small.read(try folder.write("fits.txt", text: String(repeating: "a", count: 100))).byteCount == 100)
        refused("/dev/null", .unreadable, "regular file")
        let error = #expect(throws: FileError.self) { try Digest.sha256(fileAt: folder.path("missing.txt")) }
        #expect(error?.errorCode == .notFound)
    }

    /// Random byte strings are accepted exactly if the standard library accepts them.
    @Test func utf8IsCheckedExactly() throws {
        var generator = SplitMix64(seed: 11)
        let interesting: [UInt8] = [
            0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
            0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ]
        var good = 0
        var bad = 0
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...4, using: &generator)
            let middle = (0..<count).map { _ in interesting.randomElement(using: &generator)! }
            let bytes =
                Array("padding text ".utf8) + middle
                + Array("tail".utf8.prefix(Int.random(in: 0...4, using: &generator)))
            let expected = String(validating: bytes, as: UTF8.self)
            do {
                let text = try reader.read(Data(bytes), path: "x").text
                #expect(text == expected)
                good += 1
            } catch {
                #expect(expected == nil, "\(bytes): \(error)")
                bad += 1
            }
        }
        #expect(good > 500 && bad > 5000)
    }

    @Test func directoriesExpandToTheirDocuments() throws {
        for name in ["b.txt", "a/z.md", "a/B.HTML", "a/c.pdf", "skip.png", ".hidden.txt", ".git/x.txt", "A.txt"] {
            try folder.write(name, text: "x")
        }
        try FileManager.default.createSymbolicLink(atPath: folder.path("a/loop"), withDestinationPath: folder.url.path)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("link.txt"), withDestinationPath: folder.path("b.txt"))
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("gone.txt"), withDestinationPath: folder.path("no"))
        let names = ["A.txt", "a/B.HTML", "a/c.pdf", "a/z.md", "b.txt", "link.txt"]
        #expect(try reader.expand([folder.url.path]) == names.map(folder.path))
        #expect(
            try reader.expand([folder.path("skip.png"), folder.url.path + "/", folder.path("b.txt")])
                == [folder.path("skip.png")] + names.map(folder.path), "a file is listed once")
        let missing = #expect(throws: DocumentError.self) { try reader.expand([folder.path("no")]) }
        #expect(missing?.code == .missing)
        try folder.write("pictures/x.png", text: "x")
        let none = #expect(throws: DocumentError.self) { try reader.expand([folder.path("pictures")]) }
        #expect(none?.code == .noDocuments)
    }

    @Test func digestsMatchPublishedValues() throws {
        #expect(
            Digest.sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "FIPS 180-4, one block")
        #expect(Digest.sha256(Data()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(Digest.sha256(tokens: [1, 258]) == Digest.sha256(Data([1, 0, 0, 0, 2, 1, 0, 0])))
        let large = Data((0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 >> 3) })
        #expect(try Digest.sha256(fileAt: try folder.write("large", large)) == Digest.sha256(large))
    }
}

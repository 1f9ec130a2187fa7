import Foundation
import LLoCOTestSupport
import Testing

/// An unwritable folder is an error before any work is done.
@Suite struct OutputFolderTests {
    @Test func theObstacleIsNamed() async throws {
        let place = try Workplace()
        try place.write("text.txt", text: "A text.")
        try place.write("there/file", text: "A file.")
        try FileManager.default.createSymbolicLink(
            atPath: place.path("nowhere"), withDestinationPath: place.path("no/such/folder"))
        // The model is missing too: the folder is checked first.
        let train = ["train-compressor", "--text", "text.txt", "--model", "none", "--out"]
        for out in ["text.txt", "there/file/mine/deep", "nowhere", "nowhere/mine", "/dev/null", "/proc/mine"] {
            if out.hasPrefix("/proc"), !TestFiles.exists(URL(filePath: "/proc/self")) { continue }
            try await place.run(train + [out]).expectFailure("--out \(out): ")
        }
        try await place.run(train + [""]).expectFailure("--out: an empty name")
        // The check creates nothing.
        for out in ["there/new/deep", "there", "."] { try await place.run(train + [out]).expectFailure("--model") }
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.path("there")) == ["file"])
        let names = try FileManager.default.contentsOfDirectory(atPath: place.folder.path)
        #expect(names.sorted() == ["nowhere", "text.txt", "there"])
    }
}

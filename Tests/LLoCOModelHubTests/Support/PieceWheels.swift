import Foundation
import LLoCOTestSupport
import Testing

/// Generated wheels with the pieces of a file.
enum PieceWheels {
    /// The catalogue's entry for the wheels.
    static func pieces(count: Int, bytes: Int) -> [String: Any] {
        [
            "package": "lloco-toy-part{}", "version": "1.0", "entry": "lloco_toy_part{}/data/part{:02}.bin",
            "count": count, "bytes": bytes,
        ]
    }

    /// Writes the wheels of some pieces, by default all; `change` replaces a piece.
    static func write(
        _ content: Data, bytes: Int, _ numbers: ClosedRange<Int>? = nil, to folder: TemporaryFolder,
        change: (Int, Data) -> Data = { $1 }
    ) throws {
        for number in numbers ?? 1...((content.count + bytes - 1) / bytes) {
            let piece = content[(bytes * (number - 1))..<min(bytes * number, content.count)]
            try folder.write("part", change(number, Data(piece)))
            let name = "lloco_toy_part\(number)"
            let script = """
                import sys, zipfile
                with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as z:
                    z.writestr("\(name)/__init__.py", "raise SystemExit('never imported')")
                    z.write(sys.argv[2], "\(name)/data/part0\(number).bin")
                    info = "\(name)-1.0.dist-info/"
                    metadata = "Metadata-Version: 2.1\\nName: lloco-toy-part\(number)\\nVersion: 1.0\\n"
                    z.writestr(info + "METADATA", metadata)
                    z.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
                    z.writestr(info + "RECORD", "")
                """
            let process = Process()
            process.executableURL = URL(filePath: try #require(Programs.find("python3")))
            process.arguments = ["-c", script, folder.path("\(name)-1.0-py3-none-any.whl"), folder.path("part")]
            try process.run()
            process.waitUntilExit()
            try #require(process.terminationStatus == 0)
        }
    }
}

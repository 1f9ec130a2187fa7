internal import Foundation
import LLoCOBase

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Converts PDF files to text with poppler's program `pdftotext`.
///
/// The program writes to temporary files, not to pipes. So the size of its output can be limited while it runs, and a
/// child process that outlives it cannot block the reader.
struct PDFText {
    let program: String
    let timeout: Double
    let sizeLimit: Int

    func text(of path: String) throws -> String {
        guard let executable = locate() else {
            throw DocumentError(
                .programMissing,
                "\(path): reading PDF needs the program \(program), which is not installed: "
                    + "apt-get install poppler-utils (Debian, Ubuntu) or brew install poppler (macOS)")
        }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lloco-pdf-\(UUID().uuidString)")
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw DocumentError(.programFailed, "\(path): the temporary folder \(folder.path) cannot be created")
        }
        defer { try? FileManager.default.removeItem(at: folder) }
        let output = folder.appendingPathComponent("text")
        let errors = folder.appendingPathComponent("errors")
        try run(executable, path, output: output, errors: errors)
        let data = (try? Data(contentsOf: output)) ?? Data()
        let text = UTF8Validation.fault(in: [UInt8](data)) == nil ? String(decoding: data, as: UTF8.self) : nil
        guard let text else {
            throw DocumentError(.encoding, "\(path): the output of \(program) is not UTF-8")
        }
        // A form feed ends a page.
        return text.replacingOccurrences(of: "\u{0C}", with: "\n\n")
    }

    private func locate() -> String? {
        if program.contains("/") {
            return FileManager.default.isExecutableFile(atPath: program) ? program : nil
        }
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.map { "\($0)/\(program)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private func run(_ executable: String, _ path: String, output: URL, errors: URL) throws {
        guard [output, errors].allSatisfy({ FileManager.default.createFile(atPath: $0.path, contents: nil) }),
            let outputHandle = try? FileHandle(forWritingTo: output),
            let errorHandle = try? FileHandle(forWritingTo: errors)
        else { throw DocumentError(.programFailed, "\(path): the temporary file \(output.path) cannot be written") }
        defer {
            try? outputHandle.close()
            try? errorHandle.close()
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        // An absolute path, because a relative one could look like an option.
        process.arguments = ["-enc", "UTF-8", "-eol", "unix", URL(fileURLWithPath: path).path, "-"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = outputHandle
        process.standardError = errorHandle
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        do {
            try process.run()
        } catch {
            throw DocumentError(.programFailed, "\(path): \(executable) cannot be started")
        }
        let deadline = ContinuousClock.now + .seconds(timeout)
        while ended.wait(timeout: .now() + 0.1) == .timedOut {
            let size = self.size(output) + self.size(errors)
            guard size <= sizeLimit else {
                stop(process, ended)
                throw DocumentError(
                    .tooLarge, "\(path): its text is larger than the limit of \(sizeLimit) bytes; split the file")
            }
            guard ContinuousClock.now < deadline else {
                stop(process, ended)
                throw DocumentError(
                    .programFailed,
                    "\(path): \(program) took longer than \(Int(timeout.rounded(.up))) s; it was stopped")
            }
        }
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            let status = process.terminationReason == .exit ? "exit status" : "signal"
            throw DocumentError(
                .programFailed,
                "\(path): \(program) failed (\(status) \(process.terminationStatus))\(reason(errors)): "
                    + "damaged, truncated or password-protected?")
        }
        guard size(output) <= sizeLimit else {
            throw DocumentError(
                .tooLarge, "\(path): its text is larger than the limit of \(sizeLimit) bytes; split the file")
        }
    }

    private func stop(_ process: Process, _ ended: DispatchSemaphore) {
        process.terminate()
        if ended.wait(timeout: .now() + 2) == .timedOut {
            kill(process.processIdentifier, SIGKILL)
            _ = ended.wait(timeout: .now() + 2)
        }
    }

    private func size(_ file: URL) -> Int {
        ((try? FileManager.default.attributesOfItem(atPath: file.path))?[.size] as? NSNumber)?.intValue ?? 0
    }

    /// The first line of the program's error output.
    private func reason(_ errors: URL) -> String {
        guard let file = FileHandle(forReadingAtPath: errors.path) else { return "" }
        defer { try? file.close() }
        let text = String(decoding: (try? file.read(upToCount: 4096)) ?? Data(), as: UTF8.self)
        guard let line = text.split(whereSeparator: \.isNewline).first else { return "" }
        return ": " + String(line.prefix(160).filter { !$0.isASCII || $0 >= " " })
    }
}

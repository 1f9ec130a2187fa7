import ArgumentParser
import Foundation
import LLoCOTorch

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the installation and say how to fix it.",
        usage: "lloco doctor [<options>]",
        discussion: """
            Checks the parts that a command would load. Exit status 1 if a part that every command needs is missing \
            or cannot be used.

              lloco doctor
              lloco doctor --model qwen2.5-coder-1.5b
            """)

    @Option(
        help: ArgumentHelp(
            "The model to check. Default: the library's, else as 'lloco help models' says.", valueName: "model"))
    var model: String?

    @Option(help: ArgumentHelp("The retrieval model's folder to check.", valueName: "dir"))
    var embedder: String?

    @OptionGroup var library: LibraryOptions
    @OptionGroup var output: OutputOptions

    /// The result of a check.
    struct Finding: Encodable {
        enum State {
            case ok
            /// not installed, and not needed by every command
            case absent
            /// not installed, and needed by every command
            case missing
            /// installed, and unusable
            case faulty
        }

        let check: String
        let state: State
        let detail: String
        /// The advice for a state other than `ok`.
        var mend: String?
        var isNeeded = false

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(check, forKey: .check)
            try container.encode(state == .ok, forKey: .ok)
            try container.encode(detail, forKey: .detail)
            // Null rather than absent: a reader finds every field.
            try container.encode(mend, forKey: .mend)
        }

        private enum Keys: String, CodingKey { case check, ok, detail, mend }
    }

    func run() throws {
        var failed: [String] = []
        func report(_ finding: Finding) throws {
            if finding.isNeeded, finding.state != .ok { failed.append(finding.check) }
            if output.json { try Terminal.json(finding) } else { finding.show() }
        }
        for finding in Self.machine() { try report(finding) }
        try report(Self.checkSettings())
        let (finding, found) = checkModel()
        try report(finding)
        try report(checkEmbedder())
        try report(Self.checkCompressors(for: found))
        try report(Self.checkAdapters(for: found))
        try report(Self.checkPDF())
        try report(checkLibrary())
        guard failed.isEmpty else {
            throw CommandError(
                "\(failed.count) needed \(failed.count == 1 ? "part is" : "parts are") missing or cannot be used: "
                    + failed.joined(separator: ", "))
        }
    }
}

extension Doctor.Finding {
    fileprivate func show() {
        let mark =
            switch state {
            case .ok: "ok"
            case .absent: "absent"
            case .missing: "MISSING"
            case .faulty: "FAULTY"
            }
        Terminal.print("\(mark.padded(to: 9))\(check.padded(to: 12))\(detail)")
        if let mend { Terminal.print("         → \(mend)") }
    }
}

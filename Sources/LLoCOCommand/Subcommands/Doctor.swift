import ArgumentParser
import Foundation
import LLoCOModelFiles
import LLoCOTorch

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what is installed, what is missing, and how to mend it.",
        discussion: "Exit status 1 where something that every command needs is missing or cannot be used.")

    @Option(
        help: ArgumentHelp(
            "The model to check: a GGUF file, a Hugging Face folder, or a name.",
            discussion: "Default: the library's, else $LLOCO_MODEL, else \(ModelCatalogue.defaultModel.title).",
            valueName: "model"))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "The sentence embedding model's folder to check.",
            discussion: "Default: $LLOCO_EMBEDDER, else all-MiniLM-L6-v2.", valueName: "dir"))
    var embedder: String?

    @OptionGroup var library: LibraryOptions
    @OptionGroup var output: OutputOptions

    /// What a check found.
    struct Finding: Encodable {
        enum State {
            case ok
            /// not there, and not needed by every command
            case absent
            /// not there, and needed
            case missing
            /// there, but of no use as it is
            case faulty
        }

        let check: String
        let state: State
        let detail: String
        /// What to do where not all is well.
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

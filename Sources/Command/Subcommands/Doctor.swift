import ArgumentParser
import Foundation
import LLoCO
import Models
import Torch

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what is installed, what is missing, and how to mend it.",
        discussion: "Exit status 1 where something that every command needs is missing.")

    @OptionGroup var library: LibraryOptions
    @OptionGroup var output: OutputOptions

    private struct Finding: Encodable {
        let check: String
        let ok: Bool
        let detail: String
        /// What to do; null where all is well.
        let mend: String?
    }

    func run() throws {
        var failed = false
        func report(_ check: String, _ ok: Bool, _ detail: String, mend: String? = nil, needed: Bool = false) throws {
            if needed, !ok { failed = true }
            if output.json {
                try Terminal.json(Finding(check: check, ok: ok, detail: detail, mend: ok ? nil : mend))
            } else {
                let mark = ok ? "ok     " : needed ? "MISSING" : "absent "
                Terminal.print(
                    "\(mark)  \(check.padded(to: 12))\(detail)\(ok || mend == nil ? "" : "\n         → \(mend!)")")
            }
        }
        try report("libtorch", true, "\(Runtime.version), \(Runtime.threads) threads")
        try report(
            "processor", true,
            Runtime.processorFeatures.joined(separator: " ")
                + (Runtime.multipliesBFloat16 ? "; computes in bfloat16" : "; computes in float32"))
        for kind in [Device.Kind.cuda, .mps] {
            let available = Device(kind).isAvailable
            try report(kind.rawValue, available, available ? "available" : "not available: computes on the processor")
        }
        let bootstrap = "run Scripts/bootstrap"
        if let model = Installation.model, Installation.exists(model) {
            do {
                let checkpoint = try LanguageModel.describe(model)
                try report("model", true, "\(model.path): \(checkpoint)")
            } catch {
                try report("model", false, "\(error)", mend: bootstrap, needed: true)
            }
        } else {
            try report("model", false, "no default model", mend: "\(bootstrap), or give --model", needed: true)
        }
        if let embedder = Installation.embedder, Installation.exists(embedder) {
            do {
                let loaded = try SentenceEmbedder(folder: embedder)
                try report("embedder", true, "\(embedder.path): \(loaded.dimension) dimensions")
            } catch {
                try report("embedder", false, "\(error)", mend: bootstrap, needed: true)
            }
        } else {
            try report(
                "embedder", false, "no default retrieval model", mend: "\(bootstrap), or give --embedder", needed: true)
        }
        let compressors = Installation.compressors
        try report(
            "compressors", !compressors.isEmpty,
            compressors.isEmpty
                ? "none beside the program" : compressors.map(\.lastPathComponent).joined(separator: ", "),
            mend: "train one with 'lloco train-compressor', or use a model that is one")
        let pdf = Self.program("pdftotext")
        try report(
            "pdftotext", pdf != nil, pdf ?? "not found: PDF files cannot be read",
            mend: "install poppler-utils (Debian, Ubuntu) or poppler (Homebrew)")
        if FileManager.default.fileExists(atPath: library.path) {
            do {
                let numbers = try library.open(for: .reading).statistics()
                try report(
                    "library", true,
                    "\(library.path): \(numbers.documents) documents, \(numbers.tokens) tokens, \(numbers.vectors) vectors, "
                        + "\(numbers.adapters) adapters, \(numbers.fileBytes / 1_000_000) MB")
            } catch {
                try report("library", false, "\(error)")
            }
        } else {
            try report("library", true, "\(library.path): not there yet, 'lloco add' makes it")
        }
        if failed { throw ExitCode.failure }
    }

    private static func program(_ name: String) -> String? {
        (Installation.environment("PATH") ?? "").split(separator: ":")
            .map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}

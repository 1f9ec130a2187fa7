import ArgumentParser
import Checkpoints
import Foundation
import JSON
import LLoCO
import Models
import Torch

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what is installed, what is missing, and how to mend it.",
        discussion: "Exit status 1 where something that every command needs is missing.")

    @Option(help: ArgumentHelp("The model to look at instead of the default one.", valueName: "path"))
    var model: String?

    @Option(help: ArgumentHelp("The retrieval model to look at instead of the default one.", valueName: "dir"))
    var embedder: String?

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
        var missing: [String] = []
        func report(_ check: String, _ ok: Bool, _ detail: String, mend: String? = nil, needed: Bool = false) throws {
            if needed, !ok { missing.append(check) }
            if output.json {
                try Terminal.json(Finding(check: check, ok: ok, detail: detail, mend: ok ? nil : mend))
            } else {
                let detail = detail.printable(limit: 4000)
                let mark = ok ? "ok     " : needed ? "MISSING" : "absent "
                Terminal.print(
                    "\(mark)  \(check.padded(to: 12))\(detail)\(ok || mend == nil ? "" : "\n         → \(mend!)")")
            }
        }
        let loaded = Runtime.loadedVersion ?? Runtime.version
        try report(
            "libtorch", loaded.hasPrefix(Runtime.version),
            "\(loaded), \(Runtime.threads) threads"
                + (loaded.hasPrefix(Runtime.version) ? "" : "; this program was built for \(Runtime.version)"),
            mend: "run 'make build' again, with LIBTORCH set to the libtorch to use", needed: true)
        try report(
            "processor", true,
            Runtime.processorFeatures.joined(separator: " ")
                + (Runtime.multipliesBFloat16 ? "; computes in bfloat16" : "; computes in float32"))
        for kind in [Device.Kind.cuda, .mps] {
            let available = Device(kind).isAvailable
            try report(kind.rawValue, available, available ? "available" : "not available: computes on the processor")
        }
        var found: LanguageModel.Inspection?
        do {
            let url = try ModelOptions.url(model)
            let model = try LanguageModel.inspect(url)
            found = model
            let shape = model.configuration
            try report(
                "model", true,
                "\(url.path): \(shape.layerCount) layers of \(shape.hiddenSize), vocabulary \(shape.vocabularySize), "
                    + "window \(shape.maximumPositions)")
        } catch {
            try report("model", false, "\(error)", mend: "run Scripts/bootstrap, or give --model", needed: true)
        }
        do {
            let folder = try EngineOptions.embedderFolder(embedder)
            let loaded = try SentenceEmbedder(folder: folder)
            try report("embedder", true, "\(folder.path): \(loaded.dimension) dimensions")
        } catch {
            try report("embedder", false, "\(error)", mend: "run Scripts/bootstrap, or give --embedder", needed: true)
        }
        if let found {
            let (detail, ok) = Self.compressor(for: found)
            try report(
                "compressor", ok, detail,
                mend: "train one with 'lloco train-compressor', or use a model that is one")
        }
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
        if !missing.isEmpty {
            throw CommandError("missing or unusable: \(missing.joined(separator: ", "))")
        }
    }

    /// What commands without --compressor would use for a model.
    private static func compressor(for model: LanguageModel.Inspection) -> (detail: String, ok: Bool) {
        if model.tensorNames.contains(CompressorCheckpoint.embeddingTensor) { return ("the model is one itself", true) }
        do {
            let identity = try FileIdentity.digest(of: model.identityFiles)
            for folder in Installation.compressors {
                guard let made = try? CompressorCheckpoint.description(in: folder), made.baseModel == identity else {
                    continue
                }
                try CompressorCheckpoint.check(folder)
                return ("\(folder.path): trained on \(made.trainedTokens) tokens", true)
            }
        } catch {
            return ("\(error)", false)
        }
        let others = Installation.compressors.map(\.lastPathComponent)
        return ("none for this model" + (others.isEmpty ? "" : "; there is: \(others.joined(separator: ", "))"), false)
    }

    private static func program(_ name: String) -> String? {
        (Installation.environment("PATH") ?? "").split(separator: ":")
            .map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}

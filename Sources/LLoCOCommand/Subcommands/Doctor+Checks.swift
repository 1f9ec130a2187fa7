import Foundation
import LLoCO
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
import LLoCOLibrary
import LLoCOModels
import LLoCOTorch

extension Doctor {

    /// libtorch, the processor and the devices.
    static func machine() -> [Finding] {
        var findings = [libtorch(builtFor: Runtime.version, loaded: Runtime.loadedVersion)]
        findings.append(
            Finding(
                check: "processor", state: .ok,
                detail: Runtime.processorFeatures.joined(separator: " ") + "; kernels: \(Runtime.kernelSet)"
                    + (Runtime.multipliesBFloat16 ? "; computes in bfloat16" : "; computes in float32")))
        for kind in [Device.Kind.cuda, .mps] {
            let available = Device(kind).isAvailable
            findings.append(
                Finding(
                    check: kind.rawValue, state: available ? .ok : .absent,
                    detail: available ? "available" : "not available: computes on the processor"))
        }
        return findings
    }

    private static func libtorch(builtFor version: String, loaded: String?) -> Finding {
        func release(_ version: String) -> Substring { version.prefix { $0 != "+" } }
        guard let loaded, release(loaded) != release(version) else {
            return Finding(check: "libtorch", state: .ok, detail: "\(version), \(Runtime.threads) threads")
        }
        return Finding(
            check: "libtorch", state: .faulty, detail: "\(loaded) is loaded, this program was built for \(version)",
            mend: "build it for the loaded version, 'LIBTORCH=FOLDER make build', or install \(version)")
    }

    /// The configuration file and the variables.
    static func checkSettings() -> Finding {
        let check = "settings"
        do {
            let chosen = try SettingKey.allCases.filter { try Settings.entry($0).origin != .standard }
            let names = chosen.map(\.rawValue).joined(separator: ", ")
            return Finding(
                check: check, state: .ok,
                detail: (chosen.isEmpty ? "all default" : "set: \(names)") + "; 'lloco config' shows them")
        } catch {
            return Finding(
                check: check, state: .faulty, detail: Terminal.oneLine(error),
                mend: "correct it by hand; 'lloco config path' prints the file's path")
        }
    }

    /// A model whose files can be read.
    final class FoundModel {
        let path: URL
        let checkpoint: any Checkpoint
        private var digest: String?

        init(path: URL, checkpoint: any Checkpoint) {
            self.path = path
            self.checkpoint = checkpoint
        }

        /// The digest of the model's files, computed once for all checks.
        func identity() throws -> String {
            let known =
                try digest
                ?? FileIdentity.digest(
                    of: LanguageModel.identityFiles(of: checkpoint, at: path), verifying: true)
            digest = known
            return known
        }
    }

    func checkModel() -> (Finding, FoundModel?) {
        let path: URL
        // Errors of the library belong to the library's own check.
        do { path = try Settings.model(model, for: try? library.existing()) } catch {
            return (Self.unusable("model", .missing, error, given: model), nil)
        }
        do {
            let checkpoint = try CheckpointLoader.open(path)
            let shape = try LanguageModel.describe(path)
            return (
                Finding(check: "model", state: .ok, detail: "\(path.path): \(shape)", isNeeded: true),
                FoundModel(path: path, checkpoint: checkpoint)
            )
        } catch {
            return (Self.unusable("model", .faulty, error, given: model), nil)
        }
    }

    func checkEmbedder() -> Finding {
        let folder: URL
        do { folder = try Settings.embedder(embedder) } catch {
            return Self.unusable("embedder", .missing, error, given: embedder)
        }
        do {
            let loaded = try SentenceEmbedder(folder: folder)
            return Finding(
                check: "embedder", state: .ok,
                detail: "\(folder.path): \(loaded.dimension) dimensions, up to \(loaded.maximumTokens) tokens per text",
                isNeeded: true)
        } catch {
            return Self.unusable("embedder", .faulty, error, given: embedder)
        }
    }

    private static func unusable(
        _ check: String, _ state: Finding.State, _ error: any Error, given: String?
    ) -> Finding {
        let another = "give another one with --\(check)"
        return Finding(
            check: check, state: state, detail: "\(error)".printable(limit: 2000),
            mend: (error as? any CodedError)?.hint?.advice
                ?? (given == nil ? "\(Installation.restore), or \(another)" : another),
            isNeeded: true)
    }

    /// Checks whether the model is a compressor itself, or an installed compressor was made for it.
    static func checkCompressors(for model: FoundModel?) -> Finding {
        let folders = Installation.compressors
        let names = folders.map(\.lastPathComponent).joined(separator: ", ")
        func finding(_ state: Finding.State, _ detail: String, mend: String? = nil) -> Finding {
            Finding(check: "compressors", state: state, detail: detail, mend: mend)
        }
        guard let model else {
            return finding(
                folders.isEmpty ? .absent : .ok,
                folders.isEmpty ? "none beside the program" : "\(names); no model to compare them with")
        }
        if LoadedModel.isCompressor(model.checkpoint) { return finding(.ok, "the model itself is one") }
        let instead = "the tokens that a text itself attends to most are kept"
        let train = "nothing has to be done; 'lloco train-compressor' trains one"
        if folders.isEmpty { return finding(.absent, "none beside the program: \(instead)", mend: train) }
        do {
            let identity = try model.identity()
            // The choice that a command makes.
            let fitting = CompressorCheckpoint.folder(among: folders, for: identity)
            if let fitting {
                try CompressorCheckpoint.check(fitting)
                return finding(.ok, "\(fitting.lastPathComponent) was made for this model")
            }
            var faults: [String] = []
            for folder in folders {
                do { _ = try CompressorCheckpoint.description(in: folder) } catch {
                    faults.append(Terminal.oneLine(error))
                }
            }
            return finding(
                faults.isEmpty ? .absent : .faulty,
                (["none fits this model (SHA-256 \(identity.prefix(12))…) among \(names): \(instead)"] + faults)
                    .joined(separator: "; "),
                mend: train)
        } catch {
            return finding(.faulty, Terminal.oneLine(error), mend: train)
        }
    }

    /// Checks whether an installed general adapter was trained on the vectors of the model's own or default compressor.
    static func checkAdapters(for model: FoundModel?) -> Finding {
        func finding(_ state: Finding.State, _ detail: String) -> Finding {
            Finding(
                check: "adapters", state: state, detail: detail,
                mend: state == .ok ? nil : "nothing has to be done; 'lloco finetune --group G' trains a group's own")
        }
        let folders = Installation.adapters
        let names = folders.map(\.lastPathComponent).joined(separator: ", ")
        guard !folders.isEmpty else { return finding(.absent, "no general adapter beside the program") }
        guard let model else { return finding(.ok, "\(names); no model to compare them with") }
        do {
            let identity = try model.identity()
            let source = LoadedModel.compressorSource(
                model.checkpoint, identity: identity, among: Installation.compressors)
            let (compressor, scheme): (String, CompressionScheme?) =
                switch source {
                case .model: (identity, nil)
                // The compressor's digest covers its scheme.
                case .folder(let made): (try CompressorCheckpoint.identity(in: made), nil)
                case .attended: (Compressor.attendedIdentity, Compressor.attendedScheme)
                }
            let fitting = folders.first { folder in
                guard let vectors = GeneralAdapter.vectors(readBy: folder) else { return false }
                return (vectors.model, vectors.compressor) == (identity, compressor)
                    && scheme.map { $0.description == vectors.variant } ?? true
            }
            guard let fitting else {
                return finding(
                    .absent, "none reads this model's vectors (SHA-256 \(identity.prefix(12))…) among \(names)")
            }
            _ = try AdapterCheckpoint.read(fitting)
            return finding(.ok, "\(fitting.lastPathComponent) reads this model's vectors, for groups without their own")
        } catch {
            return finding(.faulty, Terminal.oneLine(error))
        }
    }

    static func checkPDF() -> Finding {
        let name = "pdftotext"
        let found = (Installation.environment("PATH") ?? "").split(separator: ":")
            .map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
        guard let found else {
            return Finding(
                check: name, state: .absent, detail: "not found: PDF files cannot be read",
                mend: "install poppler-utils (Debian, Ubuntu) or poppler (Homebrew)")
        }
        return Finding(check: name, state: .ok, detail: found)
    }

    func checkLibrary() -> Finding {
        do {
            let path = try library.path()
            guard FileManager.default.fileExists(atPath: path) else {
                return Finding(check: "library", state: .ok, detail: "\(path): not created yet; 'lloco add' creates it")
            }
            let numbers = try library.open(for: .reading).statistics()
            return Finding(
                check: "library", state: .ok,
                detail: "\(path): \(numbers.documents) documents, \(numbers.tokens) tokens, "
                    + "\(numbers.vectors) vectors, \(numbers.adapters) adapters, \(numbers.fileBytes / 1_000_000) MB")
        } catch {
            return Finding(check: "library", state: .faulty, detail: Terminal.oneLine(error))
        }
    }
}

public import Foundation
import LLoCOBase
import LLoCOCheckpoints
public import LLoCOModels
public import LLoCOTorch

extension CompressorCheckpoint {
    /// Reads a compressor's folder for a decoder.
    ///
    /// - Parameter identity: the SHA-256 of the model's files
    /// - Throws: `EngineError` if the folder has no compressor, `compressor.json` is malformed or does not match the
    ///   other files, or the compressor was made for another model; `CheckpointError`; `ModelError` if its shape does
    ///   not fit the decoder.
    public init(folder: URL, for decoder: Llama, identity: String) throws {
        let parts = try Self.parts(in: folder, for: decoder, identity: identity)
        self.init(
            description: parts.description, embedSummary: parts.embedSummary, adapter: try parts.adapter?())
    }

    /// The folder's parts; the adapter is read at first use.
    static func parts(
        in folder: URL, for decoder: Llama, identity: String
    ) throws -> (description: Description, embedSummary: Tensor, adapter: OnDemand<Adapter>?) {
        let baseModel = try Self.description(in: folder).baseModel
        guard baseModel == identity else {
            throw EngineError(
                .invalid,
                "\(folder.path): the compressor was made for another model "
                    + "(\(baseModel.prefix(12))…), expected \(identity.prefix(12))…")
        }
        var description = try Self.check(folder)
        if description.files[selectionName] != nil {
            let checkpoint = try SafetensorsCheckpoint(folder.appending(path: selectionName))
            let selection = try HeadSelection(checkpoint, for: decoder.configuration)
            description.scheme = try description.scheme.selecting(selection)
        }
        let file = folder.appending(path: Self.embeddingName)
        let embedding = try SafetensorsCheckpoint(file).tensor(
            Self.embeddingTensor,
            shape: [description.scheme.learnedRows, decoder.configuration.hiddenSize], as: .float32)
        return (
            description, embedding,
            description.scheme.hasAdapter
                ? OnDemand { try Adapter(AdapterCheckpoint.read(folder, as: .float32), for: decoder) } : nil
        )
    }

    /// Checks that a folder's files match `compressor.json`, and returns the contents of `compressor.json`.
    ///
    /// - Throws: `EngineError` naming the file that does not match.
    @discardableResult
    public static func check(_ folder: URL) throws -> Description {
        let description = try description(in: folder)
        let hasSelection = description.files[selectionName] != nil
        for name in tensorFiles(of: description.scheme, hasSelection: hasSelection) {
            let file = folder.appending(path: name)
            guard description.files[name] == (try FileIdentity.digest(of: [file])) else {
                throw EngineError(
                    .damaged,
                    "\(file.path): does not have the SHA-256 that \(descriptionName) gives: saving was interrupted, or "
                        + "the file was exchanged", hint: .trainCompressorAgain)
            }
        }
        return description
    }

    /// The first folder whose compressor was made for the model with this SHA-256; nil if there is none. Unreadable
    /// folders are skipped.
    public static func folder(among folders: [URL], for model: String) -> URL? {
        folders.first { (try? description(in: $0))?.baseModel == model }
    }

    /// Reads a folder's `compressor.json` without the other files.
    ///
    /// - Throws: `EngineError` if it is missing or malformed.
    public static func description(in folder: URL) throws -> Description {
        let file = folder.appending(path: descriptionName)
        guard let data = try? Data(contentsOf: file) else {
            throw EngineError(.notFound, "\(folder.path): no compressor here, expected a file \(descriptionName)")
        }
        do {
            let description = try JSONDecoder().decode(Description.self, from: data)
            let scheme = description.scheme
            guard 1...1_048_576 ~= scheme.segmentTokens, 1...65_536 ~= scheme.summaryTokens else {
                throw EngineError(
                    .damaged,
                    "\(file.path): scheme \(scheme), expected segmentTokens 1 to 1048576 and summaryTokens 1 to 65536")
            }
            return description
        } catch let error as ModelError {
            throw EngineError(.damaged, "\(file.path): \(error)")
        } catch is DecodingError {
            throw EngineError(
                .damaged,
                "\(file.path): not a compressor description, expected fields scheme, baseModel, trainedTokens, files")
        }
    }

    /// Writes the folder. Each file is written atomically, `compressor.json` last.
    public func write(to folder: URL, as dtype: DType = .bfloat16) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try adapter?.checkpoint(as: dtype, baseModel: description.baseModel).write(to: folder)
        try SafetensorsWriter.write(
            [Self.embeddingTensor: embedSummary.detached().to(dtype, device: .cpu)],
            to: folder.appending(path: Self.embeddingName))
        let selection = description.scheme.segmentCompressor.selection
        if let selection {
            try SafetensorsWriter.write(
                selection.tensors(), to: folder.appending(path: Self.selectionName))
        }
        var description = description
        for name in Self.tensorFiles(of: description.scheme, hasSelection: selection != nil) {
            description.files[name] = try FileIdentity.digest(of: [folder.appending(path: name)])
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        try AtomicFile.write(
            encoder.encode(description) + Data("\n".utf8), to: folder.appending(path: Self.descriptionName))
    }
}

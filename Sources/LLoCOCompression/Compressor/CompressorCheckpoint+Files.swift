public import Foundation
import LLoCOBase
import LLoCOCheckpoints
public import LLoCOModels
public import LLoCOTorch

extension CompressorCheckpoint {
    /// Reads a compressor's folder for a decoder.
    ///
    /// - Parameter identity: the SHA-256 of the model's files
    /// - Throws: `EngineError` where the folder holds none, `compressor.json` is malformed, describes other files or was made
    ///   for another model, `CheckpointError`, `ModelError` where it is not of the decoder's shape.
    public init(folder: URL, for decoder: Llama, identity: String) throws {
        let parts = try Self.parts(in: folder, for: decoder, identity: identity)
        self.init(
            description: parts.description, embedSummary: parts.embedSummary, adapter: try parts.adapter?())
    }

    /// The same with an adapter that is read when it is first needed.
    static func parts(
        in folder: URL, for decoder: Llama, identity: String
    ) throws -> (description: Description, embedSummary: Tensor, adapter: OnDemand<Adapter>?) {
        let baseModel = try Self.description(in: folder).baseModel
        guard baseModel == identity else {
            throw EngineError(
                .invalid,
                "\(folder.path): the compressor was made for another model "
                    + "(\(baseModel.prefix(12))…, this is \(identity.prefix(12))…)")
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

    /// Checks that a folder's files are those that `compressor.json` describes; returns what it says.
    @discardableResult
    public static func check(_ folder: URL) throws -> Description {
        let description = try description(in: folder)
        let hasSelection = description.files[selectionName] != nil
        for name in tensorFiles(of: description.scheme, hasSelection: hasSelection) {
            let file = folder.appending(path: name)
            guard description.files[name] == (try FileIdentity.digest(of: [file])) else {
                throw EngineError(
                    .damaged,
                    "\(file.path): another file than \(descriptionName) describes: saving was interrupted, or it was "
                        + "exchanged", hint: .trainCompressorAgain)
            }
        }
        return description
    }

    /// The first of some folders whose compressor was made for a model, by the SHA-256 of the model's files; those that
    /// cannot be read are passed over.
    public static func folder(among folders: [URL], for model: String) -> URL? {
        folders.first { (try? description(in: $0))?.baseModel == model }
    }

    /// What `compressor.json` says, without the tensors.
    public static func description(in folder: URL) throws -> Description {
        let file = folder.appending(path: descriptionName)
        guard let data = try? Data(contentsOf: file) else {
            throw EngineError(.notFound, "\(folder.path): no compressor here: expected \(descriptionName)")
        }
        do {
            let description = try JSONDecoder().decode(Description.self, from: data)
            let scheme = description.scheme
            guard 1...1_048_576 ~= scheme.segmentTokens, 1...65_536 ~= scheme.summaryTokens else {
                throw EngineError(
                    .damaged, "\(file.path): a scheme of \(scheme), expected 1 or more tokens and vectors")
            }
            return description
        } catch let error as ModelError {
            throw EngineError(.damaged, "\(file.path): \(error)")
        } catch is DecodingError {
            throw EngineError(
                .damaged,
                "\(file.path): not a compressor's description: expected scheme, baseModel, trainedTokens, files")
        }
    }

    /// Writes the folder; each file appears whole or not at all, the description last.
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

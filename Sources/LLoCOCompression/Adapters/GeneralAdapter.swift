public import Foundation
import LLoCOBase
public import LLoCOCheckpoints
public import LLoCOLibrary
public import LLoCOModels
import LLoCOTorch

/// An adapter that reads any document's vectors: trained over many documents and questions, it serves groups that have
/// none of their own, and those that train one start from it.
///
/// A folder in PEFT's layout, beside it `vectors.json`: which vectors it reads.
public struct GeneralAdapter: Sendable {
    /// As it was trained, float32
    package let adapter: Adapter
    /// The same in the model's dtype
    package let reader: Adapter
    /// of configuration and weights
    public let digest: String

    /// Of all its layers, each once, ascending
    public var ranks: [Int] { Set(adapter.pairs.values.map { $0.a.size(0) }).sorted() }
    /// `lora_alpha` of its configuration: what a layer adds is multiplied by alpha / r
    public var alpha: Double { adapter.configuration.alpha }

    static let descriptionName = "vectors.json"

    /// The first among some folders whose adapter reads the vectors of an identity; those that cannot be read are passed
    /// over.
    ///
    /// - Throws: `CheckpointError`, `ModelError` where the adapter itself is damaged.
    public static func load(
        among folders: [URL], for identity: VectorIdentity, _ decoder: Llama
    ) throws -> GeneralAdapter? {
        try folders.first { vectors(readBy: $0) == identity }.map { try GeneralAdapter(folder: $0, decoder) }
    }

    /// The adapter in a folder, whatever vectors it was trained on.
    ///
    /// - Throws: `CheckpointError`, `ModelError` where it is damaged or of another model's shape.
    public init(folder: URL, _ decoder: Llama) throws {
        try self.init(AdapterCheckpoint.read(folder, as: .float32), decoder)
    }

    /// - Throws: `ModelError` where it is of another model's shape.
    public init(_ checkpoint: AdapterCheckpoint, _ decoder: Llama) throws {
        adapter = try Adapter(checkpoint, for: decoder)
        reader = try adapter.frozen(as: decoder.dtype, device: decoder.device)
        digest = try checkpoint.digest()
    }

    /// Which vectors the adapter in a folder reads; nil where it does not say so.
    public static func vectors(readBy folder: URL) -> VectorIdentity? {
        let data = try? Data(contentsOf: folder.appending(path: descriptionName))
        return data.flatMap { try? JSONDecoder().decode(VectorIdentity.self, from: $0) }
    }

    /// Writes an adapter that reads the vectors of an identity; each file appears whole or not at all.
    public static func write(_ checkpoint: AdapterCheckpoint, reading identity: VectorIdentity, to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try checkpoint.write(to: folder)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        try AtomicFile.write(encoder.encode(identity) + Data("\n".utf8), to: folder.appending(path: descriptionName))
    }

    /// A new adapter that begins with this one's values; nil where it is of another shape.
    package func start(_ fresh: Adapter) throws -> Adapter? {
        try fresh.takeValues(of: adapter) ? fresh : nil
    }
}

extension Adapter {
    /// Takes another adapter's values, so that it computes what that one does; false, and nothing is changed, where that is
    /// of another shape.
    package func takeValues(of other: Adapter) throws -> Bool {
        func shapes(_ adapter: Adapter) -> [AdapterTarget: [[Int]]] {
            adapter.pairs.mapValues { [$0.a.shape, $0.b.shape] }
        }
        guard shapes(self) == shapes(other), configuration.alpha == other.configuration.alpha else { return false }
        for (target, own) in pairs {
            let given = other.pairs[target]!
            try own.a.detached().copy(from: given.a.detached())
            // One scale for all its layers: what a layer of the other has besides goes into B.
            let b = try given.b.detached()
            try own.b.detached().copy(from: own.scale == given.scale ? b : b * (given.scale / own.scale))
        }
        return true
    }
}

extension AdapterCheckpoint {
    /// The SHA-256 of configuration and weights, which says what an adapter is wherever it lies.
    public func digest() throws -> String {
        let encoded = try encoded()
        return Digest.sha256(encoded.configuration + Digest.sha256(encoded.weights))
    }

    /// What is wrong where the adapter names another model than this one as its own, by SHA-256; nil too where it names its
    /// model otherwise, which says nothing of a file.
    public func objection(toModel identity: String) -> String? {
        guard let base = configuration.baseModel, base.count == 64, base.allSatisfy(\.isHexDigit), base != identity
        else { return nil }
        return "trained for another model (\(base.prefix(12))…, this is \(identity.prefix(12))…)"
    }
}

public import Foundation
import LLoCOBase
public import LLoCOCheckpoints
public import LLoCOLibrary
public import LLoCOModels
import LLoCOTorch

/// An adapter for any document's vectors, trained on many documents and questions. Groups without an adapter use it,
/// and a group's adapter is initialized from it.
///
/// It is stored as a folder in PEFT's layout, with a file `vectors.json` that identifies the vectors it was trained on.
public struct GeneralAdapter: Sendable {
    /// The trained weights, float32
    package let adapter: Adapter
    /// The frozen weights, in the model's dtype and on its device
    package let reader: Adapter
    /// The SHA-256 of configuration and weights
    public let digest: String

    /// The distinct ranks of its layers, ascending
    public var ranks: [Int] { Set(adapter.pairs.values.map { $0.a.size(0) }).sorted() }
    /// `lora_alpha` of its configuration: a layer's update is multiplied by alpha / r
    public var alpha: Double { adapter.configuration.alpha }

    static let descriptionName = "vectors.json"

    /// Loads the adapter of the first folder whose `vectors.json` names this identity; nil if there is none. Folders
    /// without a readable `vectors.json` are skipped.
    ///
    /// - Throws: `CheckpointError`, `ModelError` if that adapter is damaged.
    public static func load(
        among folders: [URL], for identity: VectorIdentity, _ decoder: Llama
    ) throws -> GeneralAdapter? {
        try folders.first { vectors(readBy: $0) == identity }.map { try GeneralAdapter(folder: $0, decoder) }
    }

    /// Loads the adapter in a folder without checking which vectors it was trained on.
    ///
    /// - Throws: `CheckpointError`, `ModelError` if it is damaged or does not fit the model's shape.
    public init(folder: URL, _ decoder: Llama) throws {
        try self.init(AdapterCheckpoint.read(folder, as: .float32), decoder)
    }

    /// Creates the adapter from a checkpoint.
    ///
    /// - Throws: `ModelError` if it does not fit the model's shape.
    public init(_ checkpoint: AdapterCheckpoint, _ decoder: Llama) throws {
        adapter = try Adapter(checkpoint, for: decoder)
        reader = try adapter.frozen(as: decoder.dtype, device: decoder.device)
        digest = try checkpoint.digest()
    }

    /// The identity of the vectors that the adapter in a folder was trained on; nil without a readable `vectors.json`.
    public static func vectors(readBy folder: URL) -> VectorIdentity? {
        let data = try? Data(contentsOf: folder.appending(path: descriptionName))
        return data.flatMap { try? JSONDecoder().decode(VectorIdentity.self, from: $0) }
    }

    /// Writes an adapter and the identity of the vectors it was trained on. Each file is written atomically.
    public static func write(_ checkpoint: AdapterCheckpoint, reading identity: VectorIdentity, to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try checkpoint.write(to: folder)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        try AtomicFile.write(encoder.encode(identity) + Data("\n".utf8), to: folder.appending(path: descriptionName))
    }

    /// Initializes a new adapter with this one's values; nil if their shapes differ.
    package func start(_ fresh: Adapter) throws -> Adapter? {
        try fresh.takeValues(of: adapter) ? fresh : nil
    }
}

extension Adapter {
    /// Copies another adapter's values, so that both compute the same. Returns false, without a change, if their shapes
    /// or alphas differ.
    package func takeValues(of other: Adapter) throws -> Bool {
        func shapes(_ adapter: Adapter) -> [AdapterTarget: [[Int]]] {
            adapter.pairs.mapValues { [$0.a.shape, $0.b.shape] }
        }
        guard shapes(self) == shapes(other), configuration.alpha == other.configuration.alpha else { return false }
        for (target, pair) in pairs {
            let source = other.pairs[target]!
            try pair.a.detached().copy(from: source.a.detached())
            // The other adapter's scales may differ per layer; B absorbs the difference.
            let b = try source.b.detached()
            try pair.b.detached().copy(from: pair.scale == source.scale ? b : b * (source.scale / pair.scale))
        }
        return true
    }
}

extension AdapterCheckpoint {
    /// The SHA-256 of configuration and weights. It identifies the adapter wherever it is stored.
    public func digest() throws -> String {
        let encoded = try encoded()
        return Digest.sha256(encoded.configuration + Digest.sha256(encoded.weights))
    }

    /// An error message if the adapter's configuration names the SHA-256 of another base model; nil if it names this
    /// one, or names its base model by anything but a SHA-256.
    public func objection(toModel identity: String) -> String? {
        guard let base = configuration.baseModel, base.count == 64, base.allSatisfy(\.isHexDigit), base != identity
        else { return nil }
        return "trained for another model (\(base.prefix(12))…), expected \(identity.prefix(12))…"
    }
}

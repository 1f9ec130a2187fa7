public import Foundation

/// A stored adapter, without its weights.
public struct AdapterRecord: Hashable, Sendable, Identifiable {
    /// The adapter's key within the library.
    public let id: Int64
    /// The name of its group.
    public let group: String
    /// The identity of the vectors that it was trained to read. It works with no others.
    public let identity: VectorIdentity
    /// The configuration, JSON: the content of PEFT's `adapter_config.json`.
    public let config: String
    /// The SHA-256 of the weights' bytes. Caches of loaded adapters use it as a key.
    public let digest: String
    /// The size of the weights in bytes.
    public let byteCount: Int
    /// When it was stored.
    public let created: Date
    /// The key of the training run that made it; nil if there was none or if it was removed.
    public let run: Int64?

    /// Creates a record from its fields.
    public init(
        id: Int64, group: String, identity: VectorIdentity, config: String, digest: String, byteCount: Int,
        created: Date, run: Int64?
    ) {
        self.id = id
        self.group = group
        self.identity = identity
        self.config = config
        self.digest = digest
        self.byteCount = byteCount
        self.created = created
        self.run = run
    }
}

/// An adapter with its weights.
public struct StoredAdapter: Hashable, Sendable {
    /// The adapter's record.
    public let record: AdapterRecord
    /// The bytes of a safetensors file, checked against `record.digest`.
    public let weights: Data

    /// Creates an adapter from a record and its weights.
    public init(record: AdapterRecord, weights: Data) {
        self.record = record
        self.weights = weights
    }
}

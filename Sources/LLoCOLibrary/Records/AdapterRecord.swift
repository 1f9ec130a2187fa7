public import Foundation

/// A stored adapter, without its weights.
public struct AdapterRecord: Hashable, Sendable, Identifiable {
    /// Its key within the library.
    public let id: Int64
    /// The name of its group.
    public let group: String
    /// What made the vectors that it reads: it is of use with no others.
    public let identity: VectorIdentity
    /// Its configuration, JSON: the content of PEFT's `adapter_config.json`.
    public let config: String
    /// The SHA-256 of its weights' bytes: the key that caches of loaded adapters use.
    public let digest: String
    /// The size of its weights in bytes.
    public let byteCount: Int
    /// When it was stored.
    public let created: Date
    /// The training run that made it, where that is still known.
    public let run: Int64?

    /// An adapter of the given parts.
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
    /// What is known about it.
    public let record: AdapterRecord
    /// A safetensors file's bytes, checked against `record.digest`.
    public let weights: Data

    /// An adapter with its weights.
    public init(record: AdapterRecord, weights: Data) {
        self.record = record
        self.weights = weights
    }
}

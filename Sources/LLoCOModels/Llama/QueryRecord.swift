import LLoCOCheckpoints
import LLoCOTorch

/// A sample of a forward pass's queries, to compute attention to its positions later.
public final class QueryRecord {
    /// One in this number of positions is recorded: enough for averages of attention.
    static let spacing = 4
    private let layerCount: Int
    private(set) var count = 0
    /// Each layer's queries in pieces [B, H, n, E], rotated to their positions.
    private var layers: [[Tensor]]
    private var isOpen = true
    /// The recorded indices among `count` positions, cached on the model's device: a copy per layer would stall a GPU.
    private var sampled: (count: Int, indices: Tensor)?

    /// Creates an empty record for one forward pass of the model.
    public init(_ model: Llama) {
        layerCount = model.configuration.layerCount
        layers = Array(repeating: [], count: layerCount)
    }

    /// Records a sample of a layer's queries [B, H, T, E]. Chunks of a forward pass are multiples of the spacing.
    func add(_ queries: Tensor, layer: Int) throws {
        // Gradient checkpointing runs a layer again, whose queries are already recorded.
        guard isOpen else { return }
        let indices = try indices(among: queries.size(2), on: queries.device)
        try withoutGradients { layers[layer].append(try queries.detached().indexSelected(2, indices)) }
        if layer == layerCount - 1 { count += queries.size(2) }
    }

    private func indices(among count: Int, on device: Device) throws -> Tensor {
        if let sampled, sampled.count == count { return sampled.indices }
        let indices = try Tensor(Array(stride(from: 0, to: count, by: Self.spacing))).to(device: device)
        sampled = (count, indices)
        return indices
    }

    /// Ends the record: later queries are ignored.
    func close() { isOpen = false }

    /// A layer's queries, [B, H, n, E].
    func queries(layer: Int) throws -> Tensor { try .concatenated(layers[layer], 2) }
}

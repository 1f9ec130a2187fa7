import LLoCOCheckpoints
import LLoCOTorch

/// Some of a pass's queries, kept to ask later which positions attention turns to.
public final class QueryRecord {
    /// Every so many positions one is kept: attention's averages need no more.
    static let spacing = 4
    private let layerCount: Int
    private(set) var count = 0
    /// Each layer's, in pieces [B, H, n, E], turned to their positions
    private var layers: [[Tensor]]
    private var isOpen = true
    /// The places of those that are kept among as many, on the model's device: a copy for each layer would have a GPU wait.
    private var places: (count: Int, indices: Tensor)?

    /// An empty record, for one pass of the model.
    public init(_ model: Llama) {
        layerCount = model.configuration.layerCount
        layers = Array(repeating: [], count: layerCount)
    }

    /// Keeps some of a layer's queries [B, H, T, E]. Chunks of a pass are multiples of the spacing.
    func add(_ queries: Tensor, layer: Int) throws {
        // A layer that is computed once more for its gradients has been here before.
        guard isOpen else { return }
        let indices = try indices(among: queries.size(2), on: queries.device)
        try withoutGradients { layers[layer].append(try queries.detached().indexSelected(2, indices)) }
        if layer == layerCount - 1 { count += queries.size(2) }
    }

    private func indices(among count: Int, on device: Device) throws -> Tensor {
        if let places, places.count == count { return places.indices }
        let indices = try Tensor(Array(stride(from: 0, to: count, by: Self.spacing))).to(device: device)
        places = (count, indices)
        return indices
    }

    /// Ends the record: what is computed from now on is not kept.
    func close() { isOpen = false }

    /// A layer's queries, [B, H, n, E].
    func queries(layer: Int) throws -> Tensor { try .concatenated(layers[layer], 2) }
}

import LLoCOBase
import LLoCOCheckpoints
package import LLoCOTorch

/// A paged cache of the keys and values of a decoder's past positions.
///
/// Attention reads the pages in place: a cache grows without a copy. Without gradients a forward pass fills the last
/// page, and then a new page that doubles the cache. With gradients (a document's vectors shared by several training
/// sequences) each forward pass adds a separate page, so that the graph stays intact. A page that a graph or another
/// cache also uses is closed: nothing is written to it any more.
///
/// The decode kernel reads at most 64 pages. If sharing or forward passes with gradients have made more pages, a
/// ``DecodeSession`` continues the cache with the model's weights, more slowly.
public final class KeyValueCache {
    /// The number of cached positions.
    public private(set) var count = 0
    private let layerCount: Int
    private(set) var pages: [Page] = []
    /// A number that changes whenever pages change, except when positions fill the last page.
    private(set) var layout = 0
    /// The number of sequences; nil for an empty cache.
    private var batch: Int?
    /// The slots of the current forward pass.
    private var slots: [Slot] = []
    /// The inputs of the positions, in order, for models that need them.
    private(set) var origins: [Origin] = []
    /// The length of the sequence that the positions were computed for.
    var sequenceLength = 0

    struct Page {
        /// Each layer's keys and values, [B, K, capacity, E] each, or [1, ...] if all sequences share them; nil until
        /// the layer has run. A layer may have fewer positions: the last ones of the page.
        var layers: [(keys: Tensor, values: Tensor)?]
        let capacity: Int
        /// The number of cached positions.
        var length = 0
        var isOpen: Bool
        /// Added to the scores of the page's keys.
        var logWeight = 0.0
        /// Added to the scores per layer, key and head, [B or 1, K, capacity], float32; empty for none.
        var biases: [Tensor?] = []

        /// Appends a layer's keys and values of the first `length` positions to `pieces`; the page begins at `start`.
        func addFirst(_ length: Int, layer: Int, start: Int, to pieces: inout Llama.Pieces) throws {
            guard let tensors = layers[layer] else { return }
            // Positions at the page's beginning that this layer does not have.
            let blank = capacity - tensors.keys.size(2)
            guard length > blank else { return }
            func first(_ tensor: Tensor) throws -> Tensor {
                length < capacity ? try tensor.narrowed(2, start: 0, length: length - blank) : tensor
            }
            pieces.append(
                try first(tensors.keys), try first(tensors.values), start: start + blank, logWeight: logWeight,
                bias: try (biases.isEmpty ? nil : biases[layer]).map(first))
        }
    }

    /// `count` positions of a page, from `start` on.
    struct Slot {
        let page: Int
        let start: Int
        let count: Int
    }

    /// The number of keys in a tile of attention. Pages of whole tiles make sums the same bit for bit, however many
    /// forward passes added the positions.
    private static let tile = 64

    /// Creates an empty cache. The first forward pass determines the number of sequences; forward passes allocate
    /// memory.
    ///
    /// - Parameter layerCount: the model's number of layers
    public init(layerCount: Int) {
        self.layerCount = layerCount
    }

    /// Begins a forward pass that adds `added` positions to each of `batch` sequences.
    ///
    /// - Returns: the slots of the positions, valid once the forward pass is committed
    /// - Throws: `ModelError` if the cache has another number of sequences
    @discardableResult
    func begin(_ added: Int, batch: Int) throws -> [Slot] {
        if count == 0, batch != self.batch {
            pages = []
            layout += 1
            self.batch = batch
        }
        guard batch == self.batch else {
            throw ModelError(
                .invalid,
                "key-value cache: a batch of \(batch) sequences, expected \(self.batch ?? 0), the cache's number")
        }
        slots = []
        if gradientsAreRecorded {
            layout += 1
            pages.removeAll { $0.length == 0 }
            slots.append(Slot(page: pages.count, start: 0, count: added))
            pages.append(Page(layers: Array(repeating: nil, count: layerCount), capacity: added, isOpen: false))
            return slots
        }
        if pages.contains(where: { $0.length == 0 && !$0.isOpen }) {
            pages.removeAll { $0.length == 0 && !$0.isOpen }
            layout += 1
        }
        var left = added
        // Free positions after the last one: of its page, and of later open pages that truncation has emptied.
        let last = max(0, pages.lastIndex { $0.length > 0 } ?? 0)
        for index in last..<max(last, pages.count) where left > 0 && pages[index].isOpen {
            let free = min(left, pages[index].capacity - pages[index].length)
            guard free > 0 else { continue }
            slots.append(Slot(page: index, start: pages[index].length, count: free))
            left -= free
        }
        if left > 0 {
            slots.append(Slot(page: pages.count, start: 0, count: left))
            layout += 1
            let capacity = max(left, count + added - left)
            pages.append(
                Page(
                    layers: Array(repeating: nil, count: layerCount),
                    capacity: (capacity + Self.tile - 1) / Self.tile * Self.tile, isOpen: true))
        }
        return slots
    }

    /// Adds one layer's keys and values [B, K, T, E] in the current forward pass and returns all of that layer, in
    /// consecutive pieces [B or 1, K, n, E].
    func append(layer: Int, keys: Tensor, values: Tensor) throws -> Llama.Pieces {
        if gradientsAreRecorded {
            pages[slots[0].page].layers[layer] = (keys, values)
            return try pieces(layer: layer)
        }
        var start = 0
        for slot in slots {
            let target = try storage(layer: layer, page: slot.page, like: keys)
            for (target, source) in [(target.keys, keys), (target.values, values)] {
                try target.narrowed(2, start: slot.start, length: slot.count)
                    .copy(from: source.narrowed(2, start: start, length: slot.count))
            }
            start += slot.count
        }
        return try pieces(layer: layer)
    }

    /// A layer's keys and values, including those of the current forward pass.
    func pieces(layer: Int) throws -> Llama.Pieces {
        var pieces = Llama.Pieces()
        var start = 0
        for (index, page) in pages.enumerated() {
            let length = page.length + (slots.first { $0.page == index }?.count ?? 0)
            try page.addFirst(length, layer: layer, start: start, to: &pieces)
            start += length
        }
        return pieces
    }

    /// A layer's keys and values up to the page that a step fills, with that page's whole capacity. They stay valid
    /// while ``layout`` and the page are the same.
    func pieces(layer: Int, through last: Int, of model: Llama) throws -> Llama.Pieces {
        var pieces = Llama.Pieces()
        var start = 0
        for page in pages[..<last] {
            try page.addFirst(page.length, layer: layer, start: start, to: &pieces)
            start += page.length
        }
        let tensors = try storage(layer: layer, page: last, of: model)
        pieces.append(tensors.keys, tensors.values, start: start, logWeight: pages[last].logWeight)
        return pieces
    }

    /// The size of all pages in bytes, including shared ones.
    package var byteCount: Int { storages.reduce(0) { $0 + $1.count * $1.dtype.byteCount } }

    /// The tensors of all pages, page by page, for tests that nothing is copied.
    package var storages: [Tensor] { pages.flatMap(\.layers).flatMap { $0.map { [$0.keys, $0.values] } ?? [] } }

    /// A layer's tensors in an open page, allocated if necessary in the shape and dtype of `keys` [B, K, any, E].
    func storage(layer: Int, page: Int, like keys: Tensor) throws -> (keys: Tensor, values: Tensor) {
        if let existing = pages[page].layers[layer] { return existing }
        return try makeStorage(
            layer: layer, page: page, batch: keys.size(0), groups: keys.size(1), size: keys.size(3), dtype: keys.dtype,
            device: keys.device)
    }

    /// A layer's tensors in an open page, allocated if necessary for one sequence of a model.
    func storage(layer: Int, page: Int, of model: Llama) throws -> (keys: Tensor, values: Tensor) {
        if let existing = pages[page].layers[layer] { return existing }
        return try makeStorage(
            layer: layer, page: page, batch: 1, groups: model.configuration.keyValueHeadCount,
            size: model.configuration.headSize, dtype: model.dtype, device: model.device)
    }

    private func makeStorage(
        layer: Int, page: Int, batch: Int, groups: Int, size: Int, dtype: DType, device: Device
    ) throws -> (keys: Tensor, values: Tensor) {
        func empty() throws -> Tensor {
            try .empty([batch, groups, pages[page].capacity, size], dtype: dtype, device: device)
        }
        let tensors = (keys: try empty(), values: try empty())
        pages[page].layers[layer] = tensors
        return tensors
    }

    /// Ends a forward pass: its positions are cached from now on.
    func commit() {
        for slot in slots {
            pages[slot.page].length += slot.count
            count += slot.count
        }
        slots = []
        if gradientsAreRecorded { close() }
    }

    /// Some layers' keys and values of the last `count` positions, [B, K, count, E] each, or of fewer if the layer has
    /// fewer.
    func last(_ count: Int, of layers: [Int]) throws -> [(keys: Tensor, values: Tensor)] {
        try layers.map { layer in
            let pieces = try pieces(layer: layer)
            func end(_ pieces: [Tensor]) throws -> Tensor {
                var left = count
                var parts: [Tensor] = []
                for piece in pieces.reversed() where left > 0 {
                    let length = min(left, piece.size(2))
                    parts.append(try piece.narrowed(2, start: piece.size(2) - length, length: length))
                    left -= length
                }
                return try parts.count == 1 ? parts[0] : Tensor.concatenated(parts.reversed(), 2)
            }
            return (try end(pieces.keys), try end(pieces.values))
        }
    }

    /// Appends a read-only page of given keys and values: per layer [B, K, added, E] each, of fewer positions for a
    /// layer that has only the last ones, or nil for a layer that has none.
    ///
    /// - Parameters:
    ///   - logWeight: added to the scores of the keys
    ///   - biases: per layer [B or 1, K, n], float32, added to the scores per key and head; empty for none. A head with
    ///     fewer keys than others has -infinity for the rest.
    func append(
        _ layers: [(keys: Tensor, values: Tensor)?], count added: Int, logWeight: Double = 0, biases: [Tensor?] = []
    ) throws {
        let sequenceCount = layers.lazy.compactMap { $0 }.first?.keys.size(0) ?? 0
        guard count == 0 || batch == sequenceCount else {
            throw ModelError(
                .invalid,
                "key-value cache: keys and values of \(sequenceCount) sequences, expected \(batch ?? 0), the cache's "
                    + "number")
        }
        batch = sequenceCount
        layout += 1
        pages.removeAll { $0.length == 0 }
        close()
        pages.append(
            Page(
                layers: layers, capacity: added, length: added, isOpen: false, logWeight: logWeight,
                biases: biases))
        count += added
    }

    /// Removes the positions from `length` on.
    public func truncate(to length: Int) {
        precondition(length >= 0 && length <= count, "length \(length), expected 0 to \(count)")
        layout += 1
        count = length
        var left = length
        for index in pages.indices {
            pages[index].length = min(pages[index].length, left)
            left -= pages[index].length
        }
        truncateOrigins()
    }

    /// Records the inputs of the positions just added.
    func remember(_ origin: Origin) { origins.append(origin) }

    /// Replaces the positions by recomputed ones.
    func replace(by other: KeyValueCache, _ origins: [Origin]) {
        precondition(other.count == count, "found \(other.count) positions, expected \(count)")
        layout += 1
        pages = other.pages
        self.origins = origins
    }

    private func truncateOrigins() {
        var left = count
        var kept: [Origin] = []
        for origin in origins {
            if case .shared = origin, left > 0 { kept.append(origin) }
            guard left > 0, origin.count > 0 else { continue }
            let length = min(left, origin.count)
            kept.append(length == origin.count ? origin : origin.prefix(length, past: count - left))
            left -= length
        }
        origins = kept
    }

    /// A cache for `batch` sequences that continue this one independently and share its pages.
    ///
    /// - Throws: `ModelError` if this cache has several sequences, but not `batch`.
    public func shared(by batch: Int) throws -> KeyValueCache {
        guard count == 0 || self.batch == 1 || self.batch == batch else {
            throw ModelError(
                .invalid,
                "key-value cache: shared by \(batch) sequences, expected \(self.batch ?? 0), the cache's number")
        }
        pages.removeAll { $0.length == 0 }
        close()
        let result = KeyValueCache(layerCount: layerCount)
        result.count = count
        result.batch = batch
        result.pages = pages
        result.sequenceLength = sequenceLength
        result.origins = origins.isEmpty || self.batch == batch ? origins : origins + [.shared(by: batch)]
        return result
    }

    private func close() {
        layout += 1
        for index in pages.indices { pages[index].isOpen = false }
    }
}

import LLoCOBase
import LLoCOCheckpoints
package import LLoCOTorch

/// The keys and values of the positions that a decoder has already seen.
///
/// They lie in pages, which attention reads as they are: a cache grows without a copy. Without gradients a pass writes
/// into the free places of the last page, and into a new one that doubles the cache where these do not suffice. With
/// gradients (a document's vectors shared by several training sequences) what a pass adds becomes a page of its own, so
/// that the graph stays whole. A page that is also seen from elsewhere, by such a graph or by another cache, is closed:
/// nothing is written into it any more.
///
/// A decoding step's kernel reads at most 64 pages. A cache that shares, or passes with gradients, have cut into more is
/// continued by a ``DecodeSession`` with the model's own weights, more slowly.
public final class KeyValueCache {
    /// The positions held.
    public private(set) var count = 0
    private let layerCount: Int
    private(set) var pages: [Page] = []
    /// Another number whenever the pages change otherwise than by positions that fill the last of them.
    private(set) var layout = 0
    /// Sequences that continue the cache; nil as long as there is none.
    private var batch: Int?
    /// What the pass under way adds to.
    private var slots: [Slot] = []
    /// What the positions were made of, in their order, where a model asks for it.
    private(set) var origins: [Origin] = []
    /// The length of the sequence that the positions were computed for.
    var sequenceLength = 0

    struct Page {
        /// Each layer's keys and values, [B, K, capacity, E] each, or [1, ...] for what all sequences share; nil until
        /// the layer has been there. Of a layer that holds fewer they are the last.
        var layers: [(keys: Tensor, values: Tensor)?]
        let capacity: Int
        /// The positions held.
        var length = 0
        var isOpen: Bool
        /// Added to the scores of its keys
        var logWeight = 0.0
        /// The same for each layer key by key and head by head, [B or 1, K, capacity], float32; empty for none
        var biases: [Tensor?] = []

        /// Adds a layer's keys and values at the first `length` places, where there are any; the page begins at `start`.
        func addFirst(_ length: Int, layer: Int, start: Int, to pieces: inout Llama.Pieces) throws {
            guard let own = layers[layer] else { return }
            // Places at the page's beginning that this layer holds nothing of.
            let blank = capacity - own.keys.size(2)
            guard length > blank else { return }
            func first(_ tensor: Tensor) throws -> Tensor {
                length < capacity ? try tensor.narrowed(2, start: 0, length: length - blank) : tensor
            }
            pieces.append(
                try first(own.keys), try first(own.values), start: start + blank, logWeight: logWeight,
                bias: try (biases.isEmpty ? nil : biases[layer]).map(first))
        }
    }

    /// Places for `count` positions in a page, from `start` on.
    struct Slot {
        let page: Int
        let start: Int
        let count: Int
    }

    /// Keys that attention reads at a time. Pages of whole tiles make its sums the same bit for bit, in however many passes
    /// the positions have come.
    private static let tile = 64

    /// An empty cache, for any number of sequences: the first pass decides it. Memory is taken by the passes.
    ///
    /// - Parameter layerCount: the model's layers, each with its own keys and values
    public init(layerCount: Int) {
        self.layerCount = layerCount
    }

    /// Begins a pass that adds `added` positions to each of `batch` sequences.
    ///
    /// - Returns: the places that they get; they count once the pass is committed
    /// - Throws: `ModelError` where the cache is of another number of sequences
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
                "a cache of keys and values: a batch of \(batch) sequences, the cache is of \(self.batch ?? 0)")
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
        // Free places behind the last position: of its page, and of open pages behind that are empty after a cut.
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

    /// Adds one layer's keys and values [B, K, T, E] in the pass under way and returns all of that layer's, in pieces that
    /// follow each other: [B or 1, K, n, E] each.
    func append(layer: Int, keys: Tensor, values: Tensor) throws -> Llama.Pieces {
        if gradientsAreRecorded {
            pages[slots[0].page].layers[layer] = (keys, values)
            return try pieces(layer: layer)
        }
        var start = 0
        for slot in slots {
            let own = try storage(layer: layer, page: slot.page, like: keys)
            for (place, source) in [(own.keys, keys), (own.values, values)] {
                try place.narrowed(2, start: slot.start, length: slot.count)
                    .copy(from: source.narrowed(2, start: start, length: slot.count))
            }
            start += slot.count
        }
        return try pieces(layer: layer)
    }

    /// A layer's keys and values, those of the pass under way included.
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

    /// A layer's keys and values as far as the page that a step fills: the pages before it, and all of that page's places
    /// in the model's own shape. They stay what they are while ``layout`` and the page do.
    func pieces(layer: Int, through last: Int, of model: Llama) throws -> Llama.Pieces {
        var pieces = Llama.Pieces()
        var start = 0
        for page in pages[..<last] {
            try page.addFirst(page.length, layer: layer, start: start, to: &pieces)
            start += page.length
        }
        let own = try storage(layer: layer, page: last, of: model)
        pieces.append(own.keys, own.values, start: start, logWeight: pages[last].logWeight)
        return pieces
    }

    /// The bytes of all that the pages hold, of pages that others share too.
    package var byteCount: Int { storages.reduce(0) { $0 + $1.count * $1.dtype.byteCount } }

    /// All that the pages hold, page by page, for tests of what is not to be copied.
    package var storages: [Tensor] { pages.flatMap(\.layers).flatMap { $0.map { [$0.keys, $0.values] } ?? [] } }

    /// A layer's part of an open page; made where there is none yet, as `keys` [B, K, any, E] are.
    func storage(layer: Int, page: Int, like keys: Tensor) throws -> (keys: Tensor, values: Tensor) {
        if let own = pages[page].layers[layer] { return own }
        return try makeStorage(
            layer: layer, page: page, batch: keys.size(0), groups: keys.size(1), size: keys.size(3), dtype: keys.dtype,
            device: keys.device)
    }

    /// The same for a model's own keys, of one sequence.
    func storage(layer: Int, page: Int, of model: Llama) throws -> (keys: Tensor, values: Tensor) {
        if let own = pages[page].layers[layer] { return own }
        return try makeStorage(
            layer: layer, page: page, batch: 1, groups: model.configuration.keyValueHeadCount,
            size: model.configuration.headSize, dtype: model.dtype, device: model.device)
    }

    private func makeStorage(
        layer: Int, page: Int, batch: Int, groups: Int, size: Int, dtype: DType, device: Device
    ) throws -> (keys: Tensor, values: Tensor) {
        func made() throws -> Tensor {
            try .empty([batch, groups, pages[page].capacity, size], dtype: dtype, device: device)
        }
        let own = (keys: try made(), values: try made())
        pages[page].layers[layer] = own
        return own
    }

    /// Ends a pass: what its layers have added counts from now on.
    func commit() {
        for slot in slots {
            pages[slot.page].length += slot.count
            count += slot.count
        }
        slots = []
        if gradientsAreRecorded { close() }
    }

    /// Some layers' keys and values of the last `count` positions, [B, K, count, E] each, or as many as the layer holds.
    func last(_ count: Int, of layers: [Int]) throws -> [(keys: Tensor, values: Tensor)] {
        try layers.map { layer in
            let pieces = try pieces(layer: layer)
            func end(_ pieces: [Tensor]) throws -> Tensor {
                var left = count
                var parts: [Tensor] = []
                for piece in pieces.reversed() where left > 0 {
                    let own = min(left, piece.size(2))
                    parts.append(try piece.narrowed(2, start: piece.size(2) - own, length: own))
                    left -= own
                }
                return try parts.count == 1 ? parts[0] : Tensor.concatenated(parts.reversed(), 2)
            }
            return (try end(pieces.keys), try end(pieces.values))
        }
    }

    /// Adds positions as a page of their own: each layer's keys and values, [B, K, added, E] each, fewer for a layer that
    /// holds the last of them alone, or nil for one that holds none. Nothing is written into them.
    ///
    /// - Parameters:
    ///   - logWeight: added to the scores of their keys
    ///   - biases: the same for each layer key by key and head by head, [B or 1, K, n], float32; empty for none. A head
    ///     that has fewer keys than others has -infinity for the rest.
    func append(
        _ layers: [(keys: Tensor, values: Tensor)?], count added: Int, logWeight: Double = 0, biases: [Tensor?] = []
    ) throws {
        let given = layers.lazy.compactMap { $0 }.first?.keys.size(0) ?? 0
        guard count == 0 || batch == given else {
            throw ModelError(
                .invalid,
                "a cache of keys and values: keys and values of \(given) sequences, the cache is of \(batch ?? 0)")
        }
        batch = given
        layout += 1
        pages.removeAll { $0.length == 0 }
        close()
        pages.append(
            Page(
                layers: layers, capacity: added, length: added, isOpen: false, logWeight: logWeight,
                biases: biases))
        count += added
    }

    /// Forgets the positions from `length` on.
    public func truncate(to length: Int) {
        precondition(length >= 0 && length <= count, "a cache is only cut shorter")
        layout += 1
        count = length
        var left = length
        for index in pages.indices {
            pages[index].length = min(pages[index].length, left)
            left -= pages[index].length
        }
        truncateOrigins()
    }

    /// Keeps what positions were made of that have been added.
    func remember(_ origin: Origin) { origins.append(origin) }

    /// Takes the place of its positions with the same ones computed otherwise.
    func take(_ other: KeyValueCache, _ origins: [Origin]) {
        precondition(other.count == count, "the same positions")
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
            let own = min(left, origin.count)
            kept.append(own == origin.count ? origin : origin.prefix(own, past: count - left))
            left -= own
        }
        origins = kept
    }

    /// The same cache for `batch` sequences that continue it, each its own way: they read the same pages.
    ///
    /// - Throws: `ModelError` where it is of several sequences, and of another number of them.
    public func shared(by batch: Int) throws -> KeyValueCache {
        guard count == 0 || self.batch == 1 || self.batch == batch else {
            throw ModelError(
                .invalid, "a cache of keys and values: \(batch) sequences, the cache is of \(self.batch ?? 0)")
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

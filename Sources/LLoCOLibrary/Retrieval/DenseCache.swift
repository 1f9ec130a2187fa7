/// The dense indexes last used, by what they hold: scope, embedder, and the random mark of the passages' content.
struct DenseCache {
    struct Key: Hashable {
        let scope: LibraryScope
        let embedder: String
        let revision: [UInt8]
    }

    private static let capacity = 4
    private var entries: [(key: Key, index: DenseIndex)] = []

    mutating func index(_ key: Key) -> DenseIndex? {
        guard let place = entries.firstIndex(where: { $0.key == key }) else { return nil }
        let entry = entries.remove(at: place)
        entries.append(entry)
        return entry.index
    }

    mutating func keep(_ index: DenseIndex, _ key: Key) {
        // What was read of other content will not be asked for again.
        entries.removeAll { $0.key.revision != key.revision || $0.key == key }
        entries.append((key, index))
        if entries.count > Self.capacity { entries.removeFirst() }
    }
}

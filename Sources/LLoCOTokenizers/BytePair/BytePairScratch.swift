import Synchronization

/// What encoding with byte pairs needs besides the model, kept from one call to the next.
struct BytePairScratch {
    var cache = WordCache()
    var merger = BytePairMerger()
    var symbols: [Symbol] = []
}

/// Lends a scratch to one encoding at a time. A second encoding at the same moment gets a fresh one instead of waiting.
final class BytePairScratchPool: Sendable {
    private let idle = Mutex<BytePairScratch?>(nil)

    func withScratch(_ body: (inout BytePairScratch) -> Void) {
        var scratch = take() ?? BytePairScratch()
        body(&scratch)
        put(scratch)
    }

    private func take() -> BytePairScratch? {
        idle.withLock { idle in
            let scratch = idle
            idle = nil
            return scratch
        }
    }

    private func put(_ scratch: BytePairScratch) {
        idle.withLock { $0 = scratch }
    }
}

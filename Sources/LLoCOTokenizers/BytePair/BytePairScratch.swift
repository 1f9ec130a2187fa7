import Synchronization

/// The mutable state of byte-pair encoding, reused between calls.
struct BytePairScratch {
    var cache = WordCache()
    var merger = BytePairMerger()
    var symbols: [Symbol] = []
}

/// Provides a scratch to one encoding call at a time. A concurrent call gets a new one instead of waiting.
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

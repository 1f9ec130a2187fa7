import Synchronization

/// A sum that tasks and threads add to.
package final class Counter: Sendable {
    private let total = Mutex(0)

    package init() {}

    @discardableResult
    package func add(_ count: Int) -> Int {
        total.withLock { total in
            total += count
            return total
        }
    }

    package var value: Int { add(0) }
}

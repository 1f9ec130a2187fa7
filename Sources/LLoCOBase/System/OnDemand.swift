import Synchronization

/// A value that is created once, on first use, by any thread.
package final class OnDemand<Value: Sendable>: Sendable {
    private let make: @Sendable () throws -> Value
    private let cached = Mutex<Value?>(nil)

    /// A value that `make` creates.
    package init(_ make: @escaping @Sendable () throws -> Value) {
        self.make = make
    }

    /// The value. If creating it throws, the next call tries again.
    package func callAsFunction() throws -> Value {
        try cached.withLock { cached in
            if let cached { return cached }
            let value = try make()
            cached = value
            return value
        }
    }
}

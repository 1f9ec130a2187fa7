import Synchronization

/// A value that is made when it is first asked for, once, whoever asks.
package final class OnDemand<Value: Sendable>: Sendable {
    private let make: @Sendable () throws -> Value
    private let made = Mutex<Value?>(nil)

    package init(_ make: @escaping @Sendable () throws -> Value) {
        self.make = make
    }

    /// The value; where making it fails, the next who asks tries again.
    package func callAsFunction() throws -> Value {
        try made.withLock { made in
            if let made { return made }
            let value = try make()
            made = value
            return value
        }
    }
}

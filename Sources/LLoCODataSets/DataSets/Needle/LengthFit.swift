package import LLoCOBase

/// A search for the largest sample size that fits a number of tokens.
///
/// The number of tokens grows almost linearly with the size, so the secant method converges in a few steps. Each step
/// counts the whole text once. The result's tokens are counted, not estimated, and never exceed the limit.
package struct LengthFit {
    /// An error for a limit that even the smallest size exceeds.
    package struct TooLong: CodedError {
        /// Tokens of the smallest sample.
        package var tokens: Int
        package var errorCode: ErrorCode { .invalid }
        package var description: String { "the smallest sample has \(tokens) tokens" }
    }

    /// A sample with its size and number of tokens.
    package struct Measured<Value> {
        package var value: Value
        package var size: Int
        package var tokens: Int
    }

    /// Steps after which the search switches from the secant method to bisection.
    private static let secantSteps = 12

    /// Maximum number of tokens.
    package let room: Int
    /// Number of unused tokens at which the search stops: a quarter of a percent of the limit.
    private var slack: Int { room / 400 }

    /// - Parameter room: maximum number of tokens
    package init(room: Int) {
        self.room = room
    }

    /// Finds the largest size in `sizes` that fits.
    ///
    /// - Parameter make: returns a sample of a given size and its number of tokens
    /// - Throws: ``TooLong``, or an error of `make`.
    package func largest<Value>(
        in sizes: ClosedRange<Int>, make: (Int) throws -> (value: Value, tokens: Int)
    ) throws -> Measured<Value> {
        func measured(_ size: Int) throws -> Measured<Value> {
            let (value, tokens) = try make(size)
            return Measured(value: value, size: size, tokens: tokens)
        }
        var best = try measured(sizes.lowerBound)
        guard best.tokens <= room else { throw TooLong(tokens: best.tokens) }
        // The smallest size known not to fit, or the end of the range.
        var end = sizes.upperBound + 1
        var tokensPerUnit: Double?
        var steps = 0
        while end - best.size > 1, room - best.tokens > slack {
            var guess = best.size + (64 << min(steps, 20))
            if end <= sizes.upperBound, steps >= Self.secantSteps || tokensPerUnit == nil {
                guess = best.size + (end - best.size) / 2
            } else if let tokensPerUnit {
                guess = best.size + Int((Double(room - best.tokens) / tokensPerUnit).rounded(.down))
            }
            let next = try measured(min(max(guess, best.size + 1), end - 1))
            let slope = Double(next.tokens - best.tokens) / Double(next.size - best.size)
            tokensPerUnit = slope > 0.05 ? slope : nil
            if next.tokens <= room { best = next } else { end = next.size }
            steps += 1
        }
        return best
    }
}

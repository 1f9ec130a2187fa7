package import LLoCOBase

/// Finds the largest size of a sample that fits a number of tokens.
///
/// Tokens grow almost evenly with the size, so that a secant comes close in a few steps; each counts the whole text
/// once. What is returned was counted, not estimated, and is never longer than there is room for.
package struct LengthFit {
    /// Even the smallest size does not fit.
    package struct TooLong: CodedError {
        /// of the smallest
        package var tokens: Int
        package var errorCode: ErrorCode { .invalid }
        package var description: String { "the smallest sample has \(tokens) tokens" }
    }

    /// A sample of a size.
    package struct Measured<Value> {
        package var value: Value
        package var size: Int
        package var tokens: Int
    }

    /// Steps after which halving takes over from the secant.
    private static let secantSteps = 12

    /// tokens
    package let room: Int
    /// Tokens that may be left over before the search has to go on: a quarter of a percent.
    private var slack: Int { room / 400 }

    /// - Parameter room: tokens
    package init(room: Int) {
        self.room = room
    }

    /// - Parameter make: a sample of a size, and its tokens
    /// - Throws: ``TooLong``, or what `make` throws
    package func largest<Value>(
        in sizes: ClosedRange<Int>, make: (Int) throws -> (value: Value, tokens: Int)
    ) throws -> Measured<Value> {
        func measured(_ size: Int) throws -> Measured<Value> {
            let (value, tokens) = try make(size)
            return Measured(value: value, size: size, tokens: tokens)
        }
        var best = try measured(sizes.lowerBound)
        guard best.tokens <= room else { throw TooLong(tokens: best.tokens) }
        // The smallest size that is known, or has, not to fit.
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

package import LLoCOTorch
import Testing

/// The tolerance of float32 results with another order of summation.
package let referenceTolerance = 1e-4

/// The Euclidean distance of two tensors relative to the reference's norm; infinite if shapes differ.
package func relativeError(_ found: Tensor, _ reference: Tensor) throws -> Double {
    guard found.shape == reference.shape else { return .infinity }
    let (a, b) = (try found.detached().array(of: Float.self), try reference.array(of: Float.self))
    let distance = zip(a, b).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    let norm = b.reduce(0.0) { $0 + Double($1) * Double($1) }
    // Comparisons with NaN are always false.
    return distance.isFinite ? (distance / max(norm, 1e-30)).squareRoot() : .infinity
}

package func relativeError(_ found: Double, _ reference: Double) -> Double { abs(found - reference) / abs(reference) }

/// The one-line message of the error that `body` throws; nil if it throws none.
package func message(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch {
        return oneLine(error)
    }
}

/// The one-line message of the error that an asynchronous `body` throws; nil if it throws none.
package func laterMessage(_ body: () async throws -> Void) async -> String? {
    do {
        try await body()
        return nil
    } catch {
        return oneLine(error)
    }
}

private func oneLine(_ error: any Error) -> String {
    let text = "\(error)"
    #expect(!text.contains("\n"), "one line: \(text)")
    #expect(!text.isEmpty)
    return text
}

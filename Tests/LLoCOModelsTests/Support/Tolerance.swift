import Foundation
import LLoCOTorch
import Testing

/// The maximum errors of results, relative to the reference's norm.
enum Tolerance {
    static func of(_ dtype: DType) -> Double {
        switch dtype {
        case .float32: 1e-4
        default: 1e-2
        }
    }

    /// For a bfloat16 run of a model whose stored weights exceed bfloat16's precision, or whose random weights amplify
    /// every rounding: measured errors are 1.1e-2 to 1.9e-2.
    static let amplified = 2.5e-2
    /// For a float32 result with another grouping of the same arithmetic: pieces, batches, caches.
    static let regrouped = 1e-5
    /// For a text's negative log-likelihood.
    static let likelihood = 5e-3
    /// The minimum cosine of two equal sentence embeddings.
    static let cosine = 0.9999
}

/// |found - expected| / |expected|, Euclidean norms over all elements.
func relativeError(_ found: Tensor, _ expected: Tensor) throws -> Double {
    try #require(found.count == expected.count, "\(found.shape) against \(expected.shape)")
    let (a, b) = (try found.array(of: Double.self), try expected.array(of: Double.self))
    let difference = zip(a, b).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let norm = b.reduce(0.0) { $0 + $1 * $1 }
    return (difference / norm).squareRoot()
}

/// Expects a tensor near another, within `tolerance` relative to its norm.
func expect(
    _ found: Tensor, near expected: Tensor, tolerance: Double = Tolerance.of(.float32),
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let error = try relativeError(found, expected)
    #expect(error < tolerance, sourceLocation: sourceLocation)
}

/// The description of the error that `body` throws; it must have the given type and one line.
func fault<Failure: Error & CustomStringConvertible>(
    _ type: Failure.Type, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) -> String {
    do {
        try body()
        Issue.record("an error was expected", sourceLocation: sourceLocation)
    } catch let error as Failure {
        let line = error.description
        let lines = line.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        #expect(lines.count == 1, sourceLocation: sourceLocation)
        return line
    } catch {
        Issue.record("expected \(type), found \(error)", sourceLocation: sourceLocation)
    }
    return ""
}

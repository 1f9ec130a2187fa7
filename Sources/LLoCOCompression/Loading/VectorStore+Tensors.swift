import Foundation
package import LLoCOLibrary
import LLoCOTorch

extension VectorStore {
    /// A document's vectors, bfloat16.
    ///
    /// - Parameter segments: number of leading segments, 1 or more; nil for all of a fully compressed document
    package func storedVectors(
        of document: Int64, identity: VectorIdentity, segments: Int? = nil
    ) async throws -> SegmentVectors {
        let stored = try await vectors(of: document, identity: identity, segments: segments)
        return try SegmentVectors(
            rows: stored.bytes.withUnsafeBytes {
                try Tensor(copying: $0, shape: [stored.count, stored.dimension], dtype: .bfloat16)
            },
            bias: stored.bias.map { bytes in
                let heads = bytes.count / (4 * stored.count)
                return try bytes.withUnsafeBytes {
                    try Tensor(copying: $0, shape: [heads, stored.count], dtype: .float32)
                }
            }, segments: stored.segments)
    }
}

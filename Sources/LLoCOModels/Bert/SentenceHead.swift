import Foundation
import LLoCOBase
package import LLoCOCheckpoints
package import LLoCOTorch

/// A sentence head: pools the hidden states of a text's tokens and applies dense layers, as sentence-transformers does
/// (Reimers and Gurevych 2019).
package struct SentenceHead: Sendable {
    private enum Step: Sendable {
        case dense(Dense)
        case normalize
    }

    private struct Dense: Sendable {
        let weight: Tensor
        let bias: Tensor?
        let activation: SentenceConfiguration.Dense.Activation
        let hasResidual: Bool
        /// nil if the residual is the input.
        let residual: Tensor?
        let files: [URL]

        func callAsFunction(_ x: Tensor) throws -> Tensor {
            let y = try x.linear(weight, bias: bias)
            let out =
                switch activation {
                case .identity: y
                case .tanh: try y.tanh()
                case .relu: try y.relu()
                case .gelu: try y.gelu()
                case .sigmoid: try y.sigmoid()
                case .silu: try y.silu()
                }
            guard hasResidual else { return out }
            return try out + (residual.map { try x.linear($0, bias: nil) } ?? x)
        }
    }

    private let pooling: [SentenceConfiguration.Pooling]
    private let steps: [Step]
    /// The dimension of the vectors.
    package let dimension: Int

    /// The files of each dense layer.
    var denseFiles: [[URL]] {
        steps.compactMap { step in
            guard case .dense(let dense) = step else { return nil }
            return dense.files
        }
    }

    /// Mean pooling without dense layers.
    package static func mean(hiddenSize: Int) -> SentenceHead {
        SentenceHead(pooling: [.mean], steps: [], dimension: hiddenSize)
    }

    private init(pooling: [SentenceConfiguration.Pooling], steps: [Step], dimension: Int) {
        self.pooling = pooling
        self.steps = steps
        self.dimension = dimension
    }

    /// Loads the weights of dense layers as float32.
    ///
    /// - Parameter hiddenSize: of the encoder's states
    /// - Throws: `CheckpointError` if a tensor is missing or has an unexpected shape; `ModelError` if consecutive sizes
    ///   do not match; `TorchError`.
    package init(_ configuration: SentenceConfiguration, hiddenSize: Int, device: Device) throws {
        pooling = configuration.pooling
        if let size = configuration.pooledSize, size != hiddenSize {
            throw ModelError(
                .damaged, "pooling expects states of \(size) values, the encoder's have \(hiddenSize)")
        }
        var size = hiddenSize * pooling.count
        steps = try configuration.steps.map { step in
            guard case .dense(let dense) = step else { return .normalize }
            guard dense.inputs == size else {
                throw ModelError(
                    .damaged, "\(dense.folder.path): in_features \(dense.inputs), expected \(size)")
            }
            size = dense.outputs
            let checkpoint = try CheckpointLoader.open(dense.folder)
            func tensor(_ name: String, _ shape: [Int]) throws -> Tensor {
                try checkpoint.tensor(name, shape: shape, as: .float32).to(device: device)
            }
            let isSquare = dense.inputs == dense.outputs
            return .dense(
                Dense(
                    weight: try tensor("linear.weight", [dense.outputs, dense.inputs]),
                    bias: dense.hasBias ? try tensor("linear.bias", [dense.outputs]) : nil,
                    activation: dense.activation, hasResidual: dense.hasResidual,
                    residual: dense.hasResidual && !isSquare
                        ? try tensor("residual.weight", [dense.outputs, dense.inputs]) : nil,
                    files: checkpoint.files))
        }
        dimension = size
    }

    /// The texts' vectors, of length 1: [B, dimension], float32.
    ///
    /// - Parameters:
    ///   - states: [B, T, D], shorter texts padded on the right
    ///   - counts: number of tokens of each text, 1...T
    ///   - skipped: number of leading tokens to ignore, fewer than each text has
    package func callAsFunction(_ states: Tensor, counts: [Int], skipping skipped: Int) throws -> Tensor {
        try withoutGradients {
            let states = try states.to(.float32)
            var x = try Tensor.concatenated(
                pooling.map { try pooled($0, states, counts: counts, skipping: skipped) }, 1)
            for step in steps {
                switch step {
                case .dense(let dense): x = try dense(x)
                case .normalize: x = try normalized(x)
                }
            }
            return try normalized(x)
        }
    }

    /// Scales rows to length 1; zero rows stay zero.
    private func normalized(_ x: Tensor) throws -> Tensor {
        let length = try (x * x).sum(1, keepDimension: true).sqrt()
        return try x / length.maximum(Tensor([Float(1e-12)], shape: [1, 1]).to(device: x.device))
    }

    private func pooled(
        _ pooling: SentenceConfiguration.Pooling, _ states: Tensor, counts: [Int], skipping skipped: Int
    ) throws -> Tensor {
        let longest = states.size(1)
        /// [B, T, 1]: the weight of each token by its index, 0 for skipped tokens and padding.
        func weights(_ weight: (Int) -> Float) throws -> Tensor {
            let values = counts.flatMap { count in
                (0..<longest).map { (skipped..<count).contains($0) ? weight($0) : 0 }
            }
            return try Tensor(values, shape: [counts.count, longest, 1]).to(device: states.device)
        }
        switch pooling {
        case .cls: return try states.selected(1, skipped)
        case .lastToken:
            let rows = counts.enumerated().map { $0 * longest + $1 - 1 }
            return try states.reshaped([counts.count * longest, -1])
                .indexSelected(0, Tensor(rows).to(device: states.device))
        case .max:
            let absent = counts.flatMap { count in (0..<longest).map { !(skipped..<count).contains($0) } }
            let mask = try Tensor(absent, shape: [counts.count, longest, 1]).to(device: states.device)
            return try states.maskedFill(mask, -.infinity).max(1)
        case .mean, .meanOfRoot, .weightedMean:
            let weights = try weights { pooling == .weightedMean ? Float($0 + 1) : 1 }
            let total = try weights.sum(1)
            return try (states * weights).sum(1) / (pooling == .meanOfRoot ? total.sqrt() : total)
        }
    }
}

import Foundation
import LLoCOCheckpoints
import LLoCOTorch
import Synchronization

/// The angles of rotary position embeddings (Su et al. 2021), with Llama 3's and linear scaling of their frequencies.
///
/// Angles are products of float32 numbers, as Hugging Face computes them, so that far positions agree with its models.
/// Their cosines and sines stay float32 whatever the model computes in.
final class RotaryEmbedding: Sendable {
    /// radians a position, E / 2 of them, fastest first
    let inverseFrequencies: [Float]
    private let device: Device
    private let table = Mutex<(cosine: Tensor, sine: Tensor, positions: Int)?>(nil)

    init(_ configuration: LlamaConfiguration, device: Device) {
        inverseFrequencies = Self.inverseFrequencies(configuration)
        self.device = device
    }

    /// Makes the angles of the first `count` positions, where they are not there yet, before they are asked for.
    func reserve(_ count: Int) throws { _ = try angles(start: 0, count: count) }

    /// Cosine and sine of positions `start` ..< `start + count`: [count, E / 2] each.
    func angles(start: Int, count: Int) throws -> (cosine: Tensor, sine: Tensor) {
        try table.withLock { table in
            if table == nil || table!.positions < start + count {
                // Doubling keeps the number of rebuilds logarithmic while a sequence grows.
                let positions = max(start + count, 2 * (table?.positions ?? 256))
                let (cosine, sine) = try angles(of: (0..<positions).map(Float.init))
                table = (cosine, sine, positions)
            }
            return (
                try table!.cosine.narrowed(0, start: start, length: count),
                try table!.sine.narrowed(0, start: start, length: count)
            )
        }
    }

    /// Cosine and sine of any positions [B, T]: [B, 1, T, E / 2] each.
    func angles(of positions: [[Int]]) throws -> (cosine: Tensor, sine: Tensor) {
        let (cosine, sine) = try angles(of: positions.flatMap { $0.map(Float.init) })
        let shape = [positions.count, 1, positions.first?.count ?? 0, inverseFrequencies.count]
        return (try cosine.reshaped(shape), try sine.reshaped(shape))
    }

    private func angles(of positions: [Float]) throws -> (cosine: Tensor, sine: Tensor) {
        let angles = positions.flatMap { position in inverseFrequencies.map { position * $0 } }
        let shape = [positions.count, inverseFrequencies.count]
        return (
            try Tensor(angles.map { cos($0) }, shape: shape).to(device: device),
            try Tensor(angles.map { sin($0) }, shape: shape).to(device: device)
        )
    }

    private static func inverseFrequencies(_ configuration: LlamaConfiguration) -> [Float] {
        let size = configuration.headSize
        let plain = stride(from: 0, to: size, by: 2).map { dimension in
            Float(1) / Float(pow(configuration.ropeTheta, Double(dimension) / Double(size)))
        }
        switch configuration.ropeScaling {
        case .none:
            return plain
        case .frequencyFactors(let factors):
            return zip(plain, factors).map { $0 / $1 }
        case .linear(let factor):
            return plain.map { $0 / Float(factor) }
        case .llama3(let factor, let lowFrequencyFactor, let highFrequencyFactor, let originalMaximumPositions):
            // Long wavelengths are stretched by the factor, short ones kept, those between blended
            // (the Llama 3.1 release's scheme).
            let original = Float(originalMaximumPositions)
            return plain.map { frequency in
                let wavelength = 2 * Float.pi / frequency
                if wavelength < original / Float(highFrequencyFactor) { return frequency }
                if wavelength > original / Float(lowFrequencyFactor) { return frequency / Float(factor) }
                let blend =
                    (original / wavelength - Float(lowFrequencyFactor))
                    / Float(highFrequencyFactor - lowFrequencyFactor)
                return (1 - blend) * frequency / Float(factor) + blend * frequency
            }
        }
    }
}

import Foundation
import LLoCOCheckpoints
import LLoCOTorch
import Synchronization

/// The angles of rotary position embeddings (Su et al. 2021), with all frequency scalings (``RopeScaling``).
///
/// Angles are products of float32 numbers, as in Hugging Face's implementation, so that far positions agree. Cosines
/// and sines are float32 whatever the model's dtype.
///
/// For a forward pass, cosines and sines are multiplied by the scaling's attention factor. Keys that are rotated back
/// to position 0 and on to another position use unscaled angles, because they have been multiplied once.
final class RotaryEmbedding: Sendable {
    typealias Angles = (cosine: Tensor, sine: Tensor)

    let rope: Rope?
    /// The number of frequencies, R / 2; 0 for layers without rotary positions.
    let count: Int
    private let headSize: Int
    private let device: Device
    /// Tables of the variants' angles, from position 0 on.
    private let tables = Mutex<[Variant: (cosine: Tensor, sine: Tensor, positions: Int)]>([:])

    private struct Variant: Hashable {
        /// Identifies the frequencies for a sequence's length; 0 if they do not depend on it.
        let length: Int
        /// Whether cosines and sines are multiplied by the attention factor.
        let isScaled: Bool
    }

    /// - Parameter rope: nil for layers without rotary positions
    init(_ rope: Rope?, headSize: Int, device: Device) {
        self.rope = rope
        self.headSize = headSize
        self.device = device
        count = rope.map { ($0.dimensions ?? headSize) / 2 } ?? 0
    }

    /// Whether sequences of two lengths have the same frequencies.
    func isSame(_ one: Int, _ other: Int) -> Bool { variant(of: one) == variant(of: other) }

    /// Computes the angles of the first `count` positions in advance.
    func reserve(_ count: Int) throws { _ = try angles(start: 0, count: count, length: count) }

    /// Cosine and sine of positions `start` ..< `start + count`, times the attention factor: [count, R / 2] each.
    ///
    /// - Parameter length: of the whole sequence
    func angles(start: Int, count: Int, length: Int) throws -> Angles {
        try angles(start: start, count: count, length: length, isScaled: true)
    }

    /// Cosine and sine without the attention factor, for keys that were already multiplied by it.
    func unscaledAngles(start: Int, count: Int, length: Int) throws -> Angles {
        try angles(start: start, count: count, length: length, isScaled: false)
    }

    private func angles(start: Int, count: Int, length: Int, isScaled: Bool) throws -> Angles {
        let variant = Variant(length: self.variant(of: length), isScaled: isScaled && attentionFactor != 1)
        return try tables.withLock { tables in
            var table = tables[variant]
            if table == nil || table!.positions < start + count {
                // Doubling keeps the number of rebuilds logarithmic while a sequence grows.
                let positions = max(start + count, 2 * (table?.positions ?? 256))
                let angles = try angles(
                    of: (0..<positions).map(Float.init), variant.length, factor: isScaled ? attentionFactor : 1)
                table = (angles.cosine, angles.sine, positions)
                // A growing sequence has other frequencies at each step and never needs earlier ones again.
                if case .dynamic = rope?.scaling { tables = tables.filter { $0.key.length == 0 } }
                tables[variant] = table
            }
            return (
                try table!.cosine.narrowed(0, start: start, length: count),
                try table!.sine.narrowed(0, start: start, length: count)
            )
        }
    }

    /// Cosine and sine of any positions [B, T], times the attention factor: [B, 1, T, R / 2] each.
    func angles(of positions: [[Int]], length: Int) throws -> Angles {
        try angles(of: positions, length: length, factor: attentionFactor)
    }

    /// Cosine and sine of any positions [B, T], without the attention factor: [B, 1, T, R / 2] each.
    func unscaledAngles(of positions: [[Int]], length: Int) throws -> Angles {
        try angles(of: positions, length: length, factor: 1)
    }

    private func angles(of positions: [[Int]], length: Int, factor: Double) throws -> Angles {
        let (cosine, sine) = try angles(
            of: positions.flatMap { $0.map(Float.init) }, variant(of: length), factor: factor)
        let shape = [positions.count, 1, positions.first?.count ?? 0, count]
        return (try cosine.reshaped(shape), try sine.reshaped(shape))
    }

    private func angles(of positions: [Float], _ variant: Int, factor: Double) throws -> Angles {
        let frequencies = inverseFrequencies(variant)
        let factor = Float(factor)
        let angles = positions.flatMap { position in frequencies.map { position * $0 } }
        let shape = [positions.count, count]
        return (
            try Tensor(angles.map { cos($0) * factor }, shape: shape).to(device: device),
            try Tensor(angles.map { sin($0) * factor }, shape: shape).to(device: device)
        )
    }

    /// The scaling's factor of cosines and sines.
    private var attentionFactor: Double {
        switch rope?.scaling {
        case .yarn(_, _, _, _, let factor, _), .longRope(_, _, _, let factor): factor
        default: 1
        }
    }

    /// A number that identifies the frequencies of a sequence of a length.
    private func variant(of length: Int) -> Int {
        switch rope?.scaling {
        case .dynamic(_, let original): length > original ? length : 0
        case .longRope(_, _, let original, _): length > original ? 1 : 0
        default: 0
        }
    }

    /// The frequencies in radians per position, R / 2 of them, in descending order.
    private func inverseFrequencies(_ variant: Int) -> [Float] {
        guard let rope else { return [] }
        let size = 2 * count
        func frequencies(_ theta: Double) -> [Float] {
            stride(from: 0, to: size, by: 2).map { Float(1) / Float(pow(theta, Double($0) / Double(size))) }
        }
        let plain = frequencies(rope.theta)
        switch rope.scaling {
        case .none:
            return plain
        case .frequencyFactors(let factors):
            return zip(plain, factors).map { $0 / $1 }
        case .linear(let factor):
            return plain.map { $0 / Float(factor) }
        case .longRope(let short, let long, _, _):
            return zip(plain, variant == 0 ? short : long).map { $0 / $1 }
        case .dynamic(let factor, let original):
            guard variant > 0 else { return plain }
            let growth = factor * Double(variant) / Double(original) - (factor - 1)
            return frequencies(rope.theta * pow(growth, Double(size) / Double(size - 2)))
        case .yarn(let factor, let original, let fast, let slow, _, let truncates):
            // The dimension that makes a number of rotations over the original window.
            func dimension(_ rotations: Double) -> Double {
                Double(size) * log(Double(original) / (rotations * 2 * .pi)) / (2 * log(rope.theta))
            }
            let low = max(0, truncates ? dimension(fast).rounded(.down) : dimension(fast))
            let high = min(Double(size - 1), truncates ? dimension(slow).rounded(.up) : dimension(slow))
            return plain.enumerated().map { index, frequency in
                let ramp = (Double(index) - low) / (high == low ? 0.001 : high - low)
                let stretched = Float(min(1, max(0, ramp)))
                return frequency / Float(factor) * stretched + frequency * (1 - stretched)
            }
        case .llama3(let factor, let lowFrequencyFactor, let highFrequencyFactor, let originalMaximumPositions):
            // Llama 3.1's scheme: long wavelengths are stretched by the factor, short ones kept, those between blended.
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

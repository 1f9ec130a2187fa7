import LLoCOCheckpoints
package import LLoCOTorch
import Synchronization

/// A decoder's quantized linear layers: 8-bit or 4-bit copies, or the file's blocks. Norms and biases are not
/// quantized.
package struct QuantizedLlama: Sendable {
    /// The linear layers of a transformer layer.
    package struct Block: Sendable {
        package let queryKeyValue: QuantizedWeight
        package let output: QuantizedWeight
        package let gateUp: QuantizedWeight
        package let down: QuantizedWeight
    }

    package let blocks: [Block]
    package let outputHead: QuantizedWeight

    /// Quantizes a model's linear layers.
    /// - Parameter copies: other copies of the same model, whose 8-bit weights are reused
    init(_ model: Llama, bits: QuantizedWeight.Bits, sharing copies: [QuantizedLlama]) throws {
        func weight(
            _ source: LinearWeight, _ counterpart: (QuantizedLlama) -> QuantizedWeight
        ) throws -> QuantizedWeight {
            // Quantized weights in the file are lossless without a copy. A 4-bit copy is worth its memory: its rows are
            // interleaved, and a step of SmolLM2-135M takes two thirds of the time (Docs/performance.md).
            if bits == .lossless, case .file(let weight) = source, weight.isQuantized, !weight.isFourBit {
                return try QuantizedWeight(weight)
            }
            let existing = copies.lazy.map(counterpart).first { $0.bits == 8 }
            if bits == .eight, let existing { return existing }
            let numbers =
                switch source {
                case .dense(let tensor): tensor
                case .file(let weight): try weight.expanded(as: weight.isQuantized ? .float32 : model.dtype)
                }
            let quantized = try QuantizedWeight(numbers, bits: bits)
            return quantized.bits == 8 ? existing ?? quantized : quantized
        }
        blocks = try model.blocks.enumerated().map { index, block in
            Block(
                queryKeyValue: try weight(block.queryKeyValue.weight) { $0.blocks[index].queryKeyValue },
                output: try weight(block.output.weight) { $0.blocks[index].output },
                gateUp: try weight(block.gateUp.weight) { $0.blocks[index].gateUp },
                down: try weight(block.down.weight) { $0.blocks[index].down })
        }
        outputHead = try weight(model.outputHead) { $0.outputHead }
    }
}

extension Llama {
    /// Whether the decode kernels support the model: on the CPU, with sizes that are multiples of the groups'.
    var canBeQuantized: Bool {
        let (heads, size) = (configuration.headCount, configuration.headSize)
        return device.kind == .cpu && (dtype == .float32 || dtype == .bfloat16) && size % 16 == 0 && size <= 256
            && [configuration.hiddenSize, configuration.intermediateSize, heads * size].allSatisfy { $0 % 32 == 0 }
    }

    /// The quantized copy, created at first use and kept; nil if the decode kernels do not support the model.
    package func quantized(_ bits: QuantizedWeight.Bits) throws -> QuantizedLlama? {
        guard canBeQuantized else { return nil }
        return try quantizedCopies.withLock { copies in
            if let copy = copies[bits] { return copy }
            let copy = try QuantizedLlama(self, bits: bits, sharing: Array(copies.values))
            copies[bits] = copy
            return copy
        }
    }
}

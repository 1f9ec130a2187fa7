import LLoCOCheckpoints
package import LLoCOTorch
import Synchronization

/// A decoder's linear layers in few bits: in copies of 8 or 4 bits, or as they lie in their file. Norms and biases stay as
/// they are.
package struct QuantizedLlama: Sendable {
    package struct Block: Sendable {
        package let queryKeyValue: QuantizedWeight
        package let output: QuantizedWeight
        package let gateUp: QuantizedWeight
        package let down: QuantizedWeight
    }

    package let blocks: [Block]
    package let outputHead: QuantizedWeight

    /// - Parameter copies: others of the same model. A weight of 8 bits that one of them has is taken from it: there is one
    ///   way to make it.
    init(_ model: Llama, bits: QuantizedWeight.Bits, sharing copies: [QuantizedLlama]) throws {
        func weight(
            _ source: LinearWeight, _ place: (QuantizedLlama) -> QuantizedWeight
        ) throws -> QuantizedWeight {
            // What is in the file is lossless, and needs no copy. One of 4 bits is worth its memory: its rows lie
            // interleaved, and a step of SmolLM2-135M takes two thirds of the time (Docs/performance.md).
            if bits == .lossless, case .file(let weight) = source, weight.isQuantized, !weight.isOfFourBits {
                return try QuantizedWeight(weight)
            }
            let other = copies.lazy.map(place).first { $0.bits == 8 }
            if bits == .eight, let other { return other }
            let numbers =
                switch source {
                case .dense(let tensor): tensor
                case .file(let weight): try weight.expanded(as: weight.isQuantized ? .float32 : model.dtype)
                }
            let own = try QuantizedWeight(numbers, bits: bits)
            return own.bits == 8 ? other ?? own : own
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
    /// Whether there are kernels for steps with quantized weights: on the CPU, of sizes that their groups divide.
    var canBeQuantized: Bool {
        let (heads, size) = (configuration.headCount, configuration.headSize)
        return device.kind == .cpu && (dtype == .float32 || dtype == .bfloat16) && size % 16 == 0 && size <= 256
            && [configuration.hiddenSize, configuration.intermediateSize, heads * size].allSatisfy { $0 % 32 == 0 }
    }

    /// The quantized copy, made when it is first asked for and kept; nil where there are no kernels for the model.
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

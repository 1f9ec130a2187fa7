import Checkpoints
import Synchronization
import Torch

/// A decoder's linear layers in 8 or 4 bits. Norms and biases stay as they are.
struct QuantizedLlama: Sendable {
    struct Block: Sendable {
        let queryKeyValue: QuantizedWeight
        let output: QuantizedWeight
        let gateUp: QuantizedWeight
        let down: QuantizedWeight
    }

    let blocks: [Block]
    let outputHead: QuantizedWeight

    init(_ model: Llama, bits: QuantizedWeight.Bits) throws {
        blocks = try model.blocks.map {
            Block(
                queryKeyValue: try QuantizedWeight($0.queryKeyValue.weight, bits: bits),
                output: try QuantizedWeight($0.output.weight, bits: bits),
                gateUp: try QuantizedWeight($0.gateUp.weight, bits: bits),
                down: try QuantizedWeight($0.down.weight, bits: bits))
        }
        outputHead = try QuantizedWeight(model.outputHead, bits: bits)
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
    func quantized(_ bits: QuantizedWeight.Bits) throws -> QuantizedLlama? {
        guard canBeQuantized else { return nil }
        return try quantizedCopies.withLock { copies in
            if let copy = copies[bits] { return copy }
            let copy = try QuantizedLlama(self, bits: bits)
            copies[bits] = copy
            return copy
        }
    }
}

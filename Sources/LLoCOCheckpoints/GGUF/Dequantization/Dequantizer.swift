import Dispatch

/// Turns quantised rows into plain numbers, on all cores.
struct Dequantizer: Sendable {
    let type: GGUFTensorType
    let format: NumberFormat

    /// About a quarter of a megabyte of output a task: large against the cost of a task, small against a tensor.
    private static let elementsPerTask = 1 << 16

    /// Converts `source`, whole blocks that hold `elements` numbers.
    /// - Parameters:
    ///   - unit: elements of a run that stays together; a multiple of the block and a divisor of `elements`.
    ///   - permutation: where each run goes; nil keeps the order.
    func run(
        _ source: UnsafeRawBufferPointer, elements: Int, unit: Int, permutation: RotaryPermutation?
    ) -> NumberBuffer {
        let buffer = NumberBuffer(byteCount: elements * format.byteCount)
        guard let base = source.baseAddress, elements > 0 else { return buffer }
        // Tasks read the source and write to places of their own.
        nonisolated(unsafe) let from = base.assumingMemoryBound(to: UInt8.self)
        // Without a permutation the runs can be cut anywhere between blocks.
        let run = permutation == nil ? type.blockElements : unit
        let runs = elements / run
        let runBytes = run / type.blockElements * type.blockBytes
        let runsPerTask = max(1, Self.elementsPerTask / run)
        let tasks = (runs + runsPerTask - 1) / runsPerTask
        @Sendable func convert(_ task: Int) {
            let range = task * runsPerTask..<min(runs, (task + 1) * runsPerTask)
            guard let permutation else {
                decode(
                    from + range.lowerBound * runBytes, blocks: range.count,
                    buffer.base + range.lowerBound * run * format.byteCount)
                return
            }
            for index in range {
                decode(
                    from + index * runBytes, blocks: run / type.blockElements,
                    buffer.base + permutation.destination(index) * run * format.byteCount)
            }
        }
        if tasks == 1 {
            convert(0)
        } else {
            DispatchQueue.concurrentPerform(iterations: tasks, execute: convert)
        }
        return buffer
    }

    private func decode(_ source: UnsafePointer<UInt8>, blocks: Int, _ target: UnsafeMutableRawPointer) {
        switch type {
        case .q8_0: decode(Q8_0.self, source, blocks, target)
        case .q4_0: decode(Q4_0.self, source, blocks, target)
        case .q4_1: decode(Q4_1.self, source, blocks, target)
        case .q5_0: decode(Q5_0.self, source, blocks, target)
        case .q5_1: decode(Q5_1.self, source, blocks, target)
        case .q4_K: decode(Q4_K.self, source, blocks, target)
        case .q5_K: decode(Q5_K.self, source, blocks, target)
        case .q6_K: decode(Q6_K.self, source, blocks, target)
        case .f32, .f16, .bf16: preconditionFailure("\(type.name) is not quantised")
        }
    }

    @inline(__always)
    private func decode<Block: QuantizedBlock>(
        _: Block.Type, _ source: UnsafePointer<UInt8>, _ blocks: Int, _ target: UnsafeMutableRawPointer
    ) {
        switch format {
        case .float32:
            let output = target.assumingMemoryBound(to: Float.self)
            for block in 0..<blocks {
                Block.decode(source + block * Block.bytes, output + block * Block.elements)
            }
        case .bfloat16:
            decode(Block.self, source, blocks, target, FloatBits.bfloat16)
        case .float16:
            decode(Block.self, source, blocks, target, FloatBits.float16)
        }
    }

    /// By way of one block of floats, which stays in the first-level cache.
    @inline(__always)
    private func decode<Block: QuantizedBlock>(
        _: Block.Type, _ source: UnsafePointer<UInt8>, _ blocks: Int, _ target: UnsafeMutableRawPointer,
        _ round: (Float) -> UInt16
    ) {
        let output = target.assumingMemoryBound(to: UInt16.self)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: Block.elements) { scratch in
            guard let floats = scratch.baseAddress else { return }
            for block in 0..<blocks {
                Block.decode(source + block * Block.bytes, floats)
                let numbers = output + block * Block.elements
                for index in 0..<Block.elements { numbers[index] = round(floats[index]) }
            }
        }
    }
}

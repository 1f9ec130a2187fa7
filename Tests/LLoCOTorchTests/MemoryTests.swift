import LLoCOTorch
import Testing

/// Each test has a separate process, so that other suites' memory is not counted.
@Suite(.enabled(if: residentMemory() != nil, "resident memory is read from /proc"))
struct MemoryTests {
    @Test func smallOperationsDoNotLeak() async {
        await #expect(processExitsWith: .success) {
            try Runtime.setThreads(1)
            func work(_ count: Int) throws {
                let x = try Tensor.ones([4, 4])
                for _ in 0..<count {
                    let y = try (x + x).transposed(0, 1).matmul(x)
                    _ = y.shape
                    _ = try y[0..<2].sum().item()
                    _ = try? x.matmul(x[0..<3])
                }
            }
            try work(2_000)
            let before = residentMemory() ?? 0
            // 200,000 operations: one leaked handle each would be 40 MB and more.
            try work(40_000)
            #expect((residentMemory() ?? 0) - before < 12 << 20)
        }
    }

    @Test func largeTensorsAreFreed() async {
        await #expect(processExitsWith: .success) {
            func work(_ count: Int) throws {
                let numbers = [UInt8](repeating: 1, count: 1 << 20)
                for _ in 0..<count {
                    let tensor = try Tensor(numbers)
                    #expect(try tensor.bytes().count == numbers.count)
                }
            }
            try work(20)
            let before = residentMemory() ?? 0
            try work(5_000)
            #expect((residentMemory() ?? 0) - before < 64 << 20)
        }
    }

    @Test func trainingStepsDoNotLeak() async {
        await #expect(processExitsWith: .success) {
            try Runtime.setThreads(1)
            let parameter = try Tensor.zeros([64, 64])
            try parameter.setRequiresGradient(true)
            let optimizer = try AdamW([.init([parameter], learningRate: 1e-3)])
            let x = try Tensor.ones([8, 64])
            func work(_ count: Int) throws {
                for _ in 0..<count {
                    try x.linear(parameter).silu().sum().backward()
                    try clipGradients(of: [parameter], toNorm: 1)
                    try optimizer.step()
                    try optimizer.clearGradients()
                }
            }
            try work(200)
            let before = residentMemory() ?? 0
            // One leaked graph or gradient per step would be 16 KB and more.
            try work(4_000)
            #expect((residentMemory() ?? 0) - before < 24 << 20)
        }
    }
}

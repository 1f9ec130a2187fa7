import LLoCOTorch
import Testing

/// Each in a process of its own, so that what other suites hold is not counted.
@Suite(.enabled(if: residentMemory() != nil, "resident memory is read from /proc"))
struct MemoryTests {
    @Test func smallOperationsLeaveNothingBehind() async {
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
            // Two hundred thousand operations: a handle lost each time would be 40 MB and more.
            try work(40_000)
            #expect((residentMemory() ?? 0) - before < 12 << 20)
        }
    }

    @Test func largeTensorsAreGivenBack() async {
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

    @Test func trainingStepsLeaveNothingBehind() async {
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
            // A graph or a gradient lost at each step would be 16 KB and more.
            try work(4_000)
            #expect((residentMemory() ?? 0) - before < 24 << 20)
        }
    }
}

import LLoCOTorch
import Testing

@Suite struct CrossEntropyTests {
    let classes = 7
    let targets = [3, 0, 6, 6, 2]

    private func logits(_ dtype: DType) throws -> (tensor: Tensor, losses: [Double]) {
        var generator = Generator(21)
        let tensor = try (generator.tensor([targets.count, classes]) * 4).to(dtype)
        let values = try tensor.array(of: Double.self)
        return (tensor, Reference.negativeLogLikelihoods(values, targets, classes: classes))
    }

    @Test(arguments: [DType.float64, .float32, .bfloat16, .float16]) func isComputedInFloat32OrBetter(_ dtype: DType)
        throws
    {
        let (tensor, losses) = try logits(dtype)
        let sum = losses.reduce(0, +)
        let result: DType = dtype == .float64 ? .float64 : .float32
        try expect(tensor.crossEntropy(Tensor(targets)), [sum / 5], shape: [], dtype: result)
        try expect(tensor.crossEntropy(Tensor(targets), reduction: .sum), [sum], shape: [], dtype: result)
    }

    @Test func ignoredRowsDoNotCount() throws {
        let (tensor, losses) = try logits(.float64)
        let kept = losses[0] + losses[2] + losses[3]
        let marked = try Tensor([3, -100, 6, 6, -100])
        try expect(tensor.crossEntropy(marked), [kept / 3])
        try expect(tensor.crossEntropy(marked, reduction: .sum), [kept])
        try expect(tensor.crossEntropy(Tensor(targets), ignoring: 6), [(losses[0] + losses[1] + losses[4]) / 3])
    }

    @Test func allRowsMayBeIgnored() throws {
        let (tensor, _) = try logits(.float64)
        let none = try Tensor([Int](repeating: -100, count: 5))
        try expect(tensor.crossEntropy(none, reduction: .sum), [0])
        try expect(tensor.crossEntropy(none), [.nan])
    }

    @Test func largeFloat16LogitsDoNotOverflow() throws {
        let scores = try Tensor([60_000.0, -60_000, 0], shape: [1, 3]).to(.float16)
        try expect(scores.crossEntropy(Tensor([0])), [0])
        let (loss, highest) = (try scores.crossEntropy(Tensor([2])).item(), try scores.max().item())
        #expect(abs(loss - highest) < 1)
    }

    @Test func faultsNameTheShapes() throws {
        let (tensor, _) = try logits(.float32)
        expectFault("cross_entropy", "[5, 7]", "[3]") { _ = try tensor.crossEntropy(Tensor([1, 2, 3])) }
        expectFault("cross_entropy", "[5, 7]", "7") { _ = try tensor.crossEntropy(Tensor([1, 2, 3, 4, 7])) }
        expectFault("cross_entropy", "[5, 7]") { _ = try tensor.crossEntropy(Tensor([1, 2, 3, 4, -1])) }
        expectFault("cross_entropy", "[5, 7]", "Float") {
            _ = try tensor.crossEntropy(Tensor([Float](repeating: 1, count: 5)))
        }
    }
}

import LLoCOTorch
import Testing

@Suite struct RecomputedTests {
    /// Two outputs with w · x², from a shared input that gradients reach.
    private func outputs(_ x: Tensor, _ weight: Tensor, recomputed: Bool, runs: (() -> Void)? = nil) throws -> [Tensor]
    {
        func body(_ inputs: [Tensor]) throws -> [Tensor] {
            runs?()
            let square = try inputs[0] * inputs[0]
            return [try square * weight, try square.sum(1)]
        }
        return recomputed
            ? try Tensor.recomputed([x], leaves: [weight], outputs: 2, body) : try body([x])
    }

    @Test func gradientsMatchTheBody() throws {
        var gradients: [[Float]] = []
        for recomputed in [false, true] {
            let start = try Tensor([0.5, -1, 2, 3, 0.25, 1] as [Float], shape: [2, 3])
            let weight = try Tensor([1, 2, -3] as [Float])
            for leaf in [start, weight] { try leaf.setRequiresGradient(true) }
            let x = try start * 2
            var runs = 0
            let outputs = try outputs(x, weight, recomputed: recomputed) { runs += 1 }
            #expect(runs == 1)
            try ((outputs[0] * 3).sum() + (outputs[1] * outputs[1]).sum() + x.sum()).backward()
            #expect(runs == (recomputed ? 2 : 1))
            gradients += try [start, weight].map { try #require(try $0.gradient).array(of: Float.self) }
        }
        #expect(gradients[0] == gradients[2])
        #expect(gradients[1] == gradients[3])
        #expect(gradients[0].contains { $0 != 0 } && gradients[1].contains { $0 != 0 })
    }

    /// A loss may depend on one of two outputs only, and inputs may require no gradient.
    @Test func gradientsOfSomeOutputs() throws {
        let x = try Tensor([1, 2] as [Float], shape: [1, 2])
        let weight = try Tensor([3, 4] as [Float])
        try weight.setRequiresGradient(true)
        let outputs = try outputs(x, weight, recomputed: true)
        try outputs[0].sum().backward()
        #expect(try #require(try weight.gradient).array(of: Float.self) == [1, 4])
        try self.outputs(x, weight, recomputed: true)[1].sum().backward()
        #expect(try #require(try weight.gradient).array(of: Float.self) == [1, 4])
    }

    @Test func bodyIsReleasedWithoutGradients() throws {
        final class Witness {}
        let x = try Tensor([1, 2] as [Float], shape: [1, 2])
        try x.setRequiresGradient(true)
        weak var released: Witness?
        let outputs = try withoutGradients {
            let witness = Witness()
            released = witness
            return try self.outputs(x, x, recomputed: true) { _ = witness }
        }
        #expect(released == nil && !outputs[0].requiresGradient)
    }

    @Test func errorsOfTheBodyAreThrown() throws {
        struct Fault: Error, CustomStringConvertible { let description = "no such luck" }
        let x = try Tensor([1, 2] as [Float])
        try x.setRequiresGradient(true)
        #expect(throws: Fault.self) {
            _ = try Tensor.recomputed([x], leaves: [], outputs: 1) { _ in throw Fault() }
        }
        var runs = 0
        let output = try Tensor.recomputed([x], leaves: [], outputs: 1) { inputs in
            runs += 1
            if runs > 1 { throw Fault() }
            return [try inputs[0] * 2]
        }
        #expect(performing { try output[0].sum().backward() }?.contains("no such luck") == true)
    }

    private func performing(_ body: () throws -> Void) -> String? {
        do { try body() } catch { return "\(error)" }
        return nil
    }
}

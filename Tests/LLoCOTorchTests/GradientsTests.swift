import Foundation
import LLoCOTorch
import Testing

@Suite struct GradientsTests {
    @Test func ofLayers() throws {
        try checkGradients(of: [3, 4], [4, 2]) { try $0[0].matmul($0[1]) }
        try checkGradients(of: [2, 3, 4], [5, 4]) { try $0[0].linear($0[1]) }
        try checkGradients(of: [2, 3, 4], [5, 4], [5]) { try $0[0].linear($0[1], bias: $0[2]) }
        try checkGradients(of: [2, 3, 6], [6]) { try $0[0].rmsNorm($0[1], epsilon: 1e-5) }
        try checkGradients(of: [3, 6], [6], [6]) { try $0[0].layerNorm($0[1], bias: $0[2], epsilon: 1e-5) }
        try checkGradients(of: [3, 5]) { try $0[0].softmax(-1) }
        try checkGradients(of: [3, 5]) { try $0[0].logSoftmax(-1) }
        let ids = try Tensor([1, 3, 1, 0])
        try checkGradients(of: [4, 3]) { try $0[0].embedding(ids) }
    }

    @Test func ofRotary() throws {
        let angles = [0, 0, 1, 0.1, 2, 0.2]
        let cosine = try Tensor(angles.map { cos($0) }, shape: [3, 2])
        let sine = try Tensor(angles.map { sin($0) }, shape: [3, 2])
        try checkGradients(of: [2, 2, 3, 4]) { try $0[0].rotary(cosine: cosine, sine: sine) }
    }

    @Test func ofAttention() throws {
        let (query, key) = ([2, 4, 3, 4], [2, 2, 3, 4])
        try checkGradients(of: query, query, query) { try Tensor.attention(query: $0[0], key: $0[1], value: $0[2]) }
        try checkGradients(of: query, key, key) { try Tensor.attention(query: $0[0], key: $0[1], value: $0[2]) }
        try checkGradients(of: query, key, key) {
            try Tensor.attention(query: $0[0], key: $0[1], value: $0[2], causal: true)
        }
        let mask = try Tensor([true, true, false, false, true, true], shape: [2, 1, 1, 3])
        try checkGradients(of: query, key, key) {
            try Tensor.attention(query: $0[0], key: $0[1], value: $0[2], mask: mask)
        }
    }

    @Test func ofCrossEntropy() throws {
        let targets = try Tensor([2, -100, 0, 4])
        try checkGradients(of: [4, 5]) { try $0[0].crossEntropy(targets) }
        try checkGradients(of: [4, 5]) { try $0[0].crossEntropy(targets, reduction: .sum) }
    }

    @Test func ofArithmetic() throws {
        try checkGradients(of: [2, 3], [3]) { try $0[0] + $0[1] }
        try checkGradients(of: [2, 3], [3]) { try $0[0] - $0[1] }
        try checkGradients(of: [2, 3], [3]) { try $0[0] * $0[1] }
        try checkGradients(of: [2, 3], [3]) { try $0[0] / ($0[1] + 3) }
        try checkGradients(of: [2, 3]) { try (-$0[0] * 2.5 + 1) / 4 - 1 }
        for function in [Tensor.silu, Tensor.gelu, Tensor.sigmoid, Tensor.tanh, Tensor.exp, Tensor.sin, Tensor.cos] {
            try checkGradients(of: [2, 3]) { try function($0[0])() }
        }
        for function in [Tensor.log, Tensor.sqrt, Tensor.rsqrt] {
            try checkGradients(of: [2, 3]) { try function($0[0] + 2)() }
        }
        try checkGradients(of: [2, 3]) { try ($0[0] + 2).power(1.5) }
    }

    @Test func ofReductions() throws {
        try checkGradients(of: [2, 3]) { try $0[0].sum(1) }
        try checkGradients(of: [2, 3]) { try $0[0].mean(0, keepDimension: true) }
        try checkGradients(of: [2, 3]) { try $0[0].mean() }
        try checkGradients(of: [2, 3]) { try $0[0].max(1) }
        try checkGradients(of: [2, 3]) { try $0[0].cumulativeSum(1) }
        try checkGradients(of: [2, 3]) { try $0[0].norm() }
        try checkGradients(of: [3, 3]) { try $0[0].lowerTriangle() }
    }

    @Test func ofViewsAndJoining() throws {
        try checkGradients(of: [2, 3], [1, 3]) { try Tensor.concatenated([$0[0], $0[1], $0[0]]) }
        try checkGradients(of: [2, 3], [2, 3]) { try Tensor.stacked($0, 1) }
        try checkGradients(of: [2, 5]) { try $0[0].narrowed(1, start: 1, length: 3) }
        try checkGradients(of: [3, 2]) { try $0[0][1] }
        try checkGradients(of: [2, 3]) { try $0[0].transposed(0, 1).reshaped([6]) }
        try checkGradients(of: [2, 3, 2]) { try $0[0].permuted([2, 0, 1]) }
        try checkGradients(of: [2, 1]) { try $0[0].expanded([2, 4]) }
        try checkGradients(of: [3]) { try $0[0].unsqueezed(1).squeezed(1) }
        let indices = try Tensor([1, 1, 0])
        try checkGradients(of: [2, 3]) { try $0[0].indexSelected(0, indices) }
        let places = try Tensor([2, 0], shape: [2, 1])
        try checkGradients(of: [2, 3]) { try $0[0].gathered(1, places) }
        let mask = try Tensor([true, false, false])
        try checkGradients(of: [2, 3]) { try $0[0].maskedFill(mask, 3) }
        try checkGradients(of: [2, 3], [2, 3]) { try Tensor.choose(mask, $0[0], $0[1]) }
    }

    @Test func ofSixteenBitInputsReachFloat32Parameters() throws {
        let parameter = try Tensor([0.5, -1.5]).to(.float32)
        try parameter.setRequiresGradient(true)
        try (parameter.to(.bfloat16) * 3).to(.float32).sum().backward()
        try expect(#require(try parameter.gradient), [3, 3], dtype: .float32)
    }

    @Test func accumulateUntilCleared() throws {
        let x = try Tensor([1.0, 2])
        #expect(try x.gradient == nil && !x.requiresGradient)
        try x.setRequiresGradient(true)
        #expect(x.requiresGradient)
        for _ in 0..<2 { try (x * x).sum().backward() }
        try expect(#require(try x.gradient), [4, 8])
        try x.clearGradient()
        #expect(try x.gradient == nil)
        try (x * 3).sum().backward()
        try expect(#require(try x.gradient), [3, 3])
    }

    @Test func stopAtDetachedTensors() throws {
        let x = try Tensor([2.0])
        try x.setRequiresGradient(true)
        let y = try x * x
        #expect(y.requiresGradient)
        #expect(try !y.detached().requiresGradient)
        try (y.detached() * x).sum().backward()
        try expect(#require(try x.gradient), [4])
    }

    @Test func faultsNameTheOperation() throws {
        let x = try Tensor([1.0, 2])
        expectFault("backward", "[2]") { try x.backward() }
        try x.setRequiresGradient(true)
        expectFault("backward", "[2]") { try (x * 2).backward() }
        let once = try (x * x).sum()
        try once.backward()
        expectFault("backward", "[]") { try once.backward() }
        expectFault("set_requires_grad", "Long") { try Tensor([1]).setRequiresGradient(true) }
    }
}

@Suite struct WithoutGradientsTests {
    private struct Interruption: Error {}

    @Test func nothingIsRecorded() throws {
        let x = try Tensor([1.0])
        try x.setRequiresGradient(true)
        let y = try withoutGradients { try x * 2 }
        #expect(!y.requiresGradient)
        #expect(try (x * 2).requiresGradient)
    }

    @Test func nests() {
        #expect(gradientsAreRecorded)
        withoutGradients {
            #expect(!gradientsAreRecorded)
            withoutGradients { #expect(!gradientsAreRecorded) }
            #expect(!gradientsAreRecorded)
        }
        #expect(gradientsAreRecorded)
    }

    @Test func isUndoneWhenTheBodyThrows() {
        func interrupted() throws { try withoutGradients { throw Interruption() } }
        #expect(throws: Interruption.self) { try interrupted() }
        #expect(gradientsAreRecorded)
        withoutGradients {
            #expect(throws: Interruption.self) { try interrupted() }
            #expect(!gradientsAreRecorded)
        }
        #expect(gradientsAreRecorded)
    }

    @Test func appliesToOneThread() {
        withoutGradients {
            let thread = DispatchQueue(label: "another thread")
            let recorded = DispatchGroup()
            nonisolated(unsafe) var elsewhere = false
            thread.async(group: recorded) { elsewhere = gradientsAreRecorded }
            recorded.wait()
            #expect(elsewhere)
        }
    }
}

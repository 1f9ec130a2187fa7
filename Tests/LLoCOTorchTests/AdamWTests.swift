import Foundation
import LLoCOTorch
import Testing

@Suite struct AdamWTests {
    /// AdamW (Loshchilov and Hutter 2019, algorithm 2) for one parameter.
    private struct Reference {
        var values: [Double]
        let learningRate: Double
        let weightDecay: Double
        var beta1 = 0.9
        var beta2 = 0.999
        var epsilon = 1e-8
        private var first: [Double]
        private var second: [Double]
        private var step = 0

        init(_ values: [Double], learningRate: Double, weightDecay: Double) {
            self.values = values
            self.learningRate = learningRate
            self.weightDecay = weightDecay
            first = values.map { _ in 0 }
            second = first
        }

        mutating func move(_ gradient: [Double]) {
            step += 1
            for index in values.indices {
                first[index] = beta1 * first[index] + (1 - beta1) * gradient[index]
                second[index] = beta2 * second[index] + (1 - beta2) * gradient[index] * gradient[index]
                let mean = first[index] / (1 - pow(beta1, Double(step)))
                let variance = second[index] / (1 - pow(beta2, Double(step)))
                values[index] -= learningRate * weightDecay * values[index]
                values[index] -= learningRate * mean / (variance.squareRoot() + epsilon)
            }
        }
    }

    /// A quadratic loss Σ cᵢ (xᵢ - tᵢ)² with its analytic gradient.
    private struct Bowl {
        let curvature: [Double]
        let target: [Double]

        init(_ seed: UInt64, _ count: Int) {
            var generator = Generator(seed)
            curvature = generator.numbers(count).map { 2 + $0 }
            target = generator.numbers(count).map { 3 * $0 }
        }

        func loss(_ x: Tensor) throws -> Tensor {
            let difference = try x - Tensor(target, shape: x.shape).to(x.dtype)
            return try (difference * difference * Tensor(curvature, shape: x.shape).to(x.dtype)).sum()
        }

        func gradient(_ x: [Double]) -> [Double] { x.indices.map { 2 * curvature[$0] * (x[$0] - target[$0]) } }
    }

    private func parameter(_ seed: UInt64, _ shape: [Int], _ dtype: DType) throws -> Tensor {
        var generator = Generator(seed)
        let tensor = try generator.tensor(shape, dtype: dtype)
        try tensor.setRequiresGradient(true)
        return tensor
    }

    @Test(arguments: [(DType.float64, 1e-6), (DType.float32, 1e-5)])
    func tenStepsOfTwoGroupsMatchTheReference(_ dtype: DType, _ tolerance: Double) throws {
        let (a, b) = (try parameter(1, [2, 3], dtype), try parameter(2, [4], dtype))
        let bowls = [Bowl(3, 6), Bowl(4, 4)]
        var references = [
            Reference(try a.array(), learningRate: 0.1, weightDecay: 0),
            Reference(try b.array(), learningRate: 0.02, weightDecay: 0.3),
        ]
        let optimizer = try AdamW([
            .init([a], learningRate: 0.1), .init([b], learningRate: 0.02, weightDecay: 0.3),
        ])
        for step in 1...10 {
            try optimizer.clearGradients()
            try (bowls[0].loss(a) + bowls[1].loss(b)).backward()
            try optimizer.step()
            for index in 0..<2 { references[index].move(bowls[index].gradient(references[index].values)) }
            #expect(optimizer.stepCount == step)
            try expect(a, references[0].values, tolerance: tolerance)
            try expect(b, references[1].values, tolerance: tolerance)
        }
    }

    @Test func decayIsDecoupledFromTheGradient() throws {
        let x = try parameter(5, [3], .float64)
        let before = try x.array(of: Double.self)
        try (x * 0).sum().backward()
        let optimizer = try AdamW([.init([x], learningRate: 0.5, weightDecay: 0.1)])
        try optimizer.step()
        try expect(x, before.map { $0 * 0.95 })
    }

    @Test func betasAndEpsilonAreUsed() throws {
        let x = try parameter(6, [3], .float64)
        let bowl = Bowl(7, 3)
        var reference = Reference(try x.array(), learningRate: 0.1, weightDecay: 0)
        (reference.beta1, reference.beta2, reference.epsilon) = (0.5, 0.9, 0.1)
        let optimizer = try AdamW([.init([x], learningRate: 0.1)], beta1: 0.5, beta2: 0.9, epsilon: 0.1)
        for _ in 0..<5 {
            try optimizer.clearGradients()
            try bowl.loss(x).backward()
            try optimizer.step()
            reference.move(bowl.gradient(reference.values))
        }
        try expect(x, reference.values, tolerance: 1e-6)
    }

    @Test func learningRateMayChangeBetweenSteps() throws {
        let x = try parameter(8, [3], .float64)
        let optimizer = try AdamW([.init([x], learningRate: 0.1)])
        try x.sum().backward()
        try optimizer.step()
        let before = try x.array(of: Double.self)
        optimizer.groups[0].learningRate = 0
        try optimizer.step()
        try expect(x, before, tolerance: 0)
    }

    @Test func parameterWithoutGradientIsUnchanged() throws {
        let (moved, still) = (try parameter(9, [2], .float32), try parameter(10, [2], .float32))
        let before = try still.array(of: Float.self)
        let optimizer = try AdamW([.init([still, moved], learningRate: 0.1, weightDecay: 0.5)])
        let start = try moved.array(of: Float.self)
        try moved.sum().backward()
        try optimizer.step()
        #expect(try still.array(of: Float.self) == before)
        #expect(try moved.array(of: Float.self) != start)
        try optimizer.clearGradients()
        #expect(try moved.gradient == nil)
        try optimizer.step()
    }

    /// Steps in which a parameter has no gradient do not affect it.
    @Test func stepsWithoutGradientDoNotCount() throws {
        let bowl = Bowl(14, 3)
        let (rare, steady) = (try parameter(15, [3], .float64), try parameter(15, [3], .float64))
        let other = try parameter(16, [3], .float64)
        let first = try AdamW([.init([other, rare], learningRate: 0.05)])
        let second = try AdamW([.init([steady], learningRate: 0.05)])
        for step in 0..<12 {
            try other.sum().backward()
            if step % 4 == 3 {
                try bowl.loss(rare).backward()
                try bowl.loss(steady).backward()
                try second.step()
                try second.clearGradients()
            }
            try first.step()
            try first.clearGradients()
        }
        #expect(first.updateCounts == [12, 3] && first.stepCount == 12)
        #expect(try rare.bytes() == steady.bytes())
    }

    @Test(arguments: [DType.float64, .float32]) func restoredOptimizerContinuesBitForBit(_ dtype: DType) throws {
        let bowl = Bowl(11, 5)
        func steps(_ count: Int, _ x: Tensor, _ optimizer: AdamW) throws {
            for _ in 0..<count {
                try optimizer.clearGradients()
                try bowl.loss(x).backward()
                try optimizer.step()
            }
        }
        func optimizer(_ x: Tensor) throws -> AdamW { try AdamW([.init([x], learningRate: 0.05, weightDecay: 0.01)]) }

        let x = try parameter(12, [5], dtype)
        let through = try optimizer(x)
        try steps(4, x, through)
        let saved = (
            try x.detached().cloned(), try through.firstMoments[0].cloned(), try through.secondMoments[0].cloned()
        )
        try steps(6, x, through)

        let y = saved.0
        try y.setRequiresGradient(true)
        let resumed = try optimizer(y)
        try resumed.restore(stepCount: 4, updateCounts: [4], firstMoments: [saved.1], secondMoments: [saved.2])
        try steps(6, y, resumed)
        #expect(resumed.stepCount == 10)
        #expect(try y.bytes() == x.bytes())
        #expect(try resumed.firstMoments[0].bytes() == through.firstMoments[0].bytes())
        #expect(try resumed.secondMoments[0].bytes() == through.secondMoments[0].bytes())
    }

    @Test func restoringMismatchedMomentsChangesNothing() throws {
        let x = try parameter(13, [3], .float32)
        let optimizer = try AdamW([.init([x], learningRate: 0.05)])
        let (three, four) = (try Tensor.ones([3]), try Tensor.ones([4]))
        #expect(throws: TorchError.self) {
            try optimizer.restore(stepCount: 1, updateCounts: [1], firstMoments: [three], secondMoments: [four])
        }
        #expect(throws: TorchError.self) {
            try optimizer.restore(stepCount: 1, updateCounts: [], firstMoments: [], secondMoments: [])
        }
        #expect(throws: TorchError.self) {
            try optimizer.restore(stepCount: 1, updateCounts: [2], firstMoments: [three], secondMoments: [three])
        }
        #expect(throws: TorchError.self) {
            try optimizer.restore(stepCount: -1, updateCounts: [0], firstMoments: [three], secondMoments: [three])
        }
        #expect(optimizer.stepCount == 0)
        try expect(optimizer.firstMoments[0], [0, 0, 0])
    }
}

@Suite struct ClippingTests {
    private func parameters(_ gradients: [[Double]], _ dtype: DType = .float64) throws -> [Tensor] {
        try gradients.map { gradient in
            let parameter = try Tensor.zeros([gradient.count], dtype: dtype)
            try parameter.setRequiresGradient(true)
            try (parameter * Tensor(gradient).to(dtype)).sum().backward()
            return parameter
        }
    }

    @Test func scalesToTheGlobalNorm() throws {
        let parameters = try parameters([[3], [0, 4], [12]])
        #expect(try abs(clipGradients(of: parameters, toNorm: 6.5) - 13) < 1e-12)
        for (parameter, expected) in zip(parameters, [[1.5], [0, 2], [6]]) {
            try expect(#require(try parameter.gradient), expected, tolerance: 1e-6)
        }
    }

    @Test func smallGradientsAreUnchanged() throws {
        let parameters = try parameters([[3, 4]])
        #expect(try clipGradients(of: parameters, toNorm: 5) == 5)
        try expect(#require(try parameters[0].gradient), [3, 4], tolerance: 0)
    }

    @Test func parametersWithoutGradientAreSkipped() throws {
        let bare = try Tensor.zeros([2])
        #expect(try clipGradients(of: parameters([[3, 4]]) + [bare], toNorm: 1) == 5)
        #expect(try bare.gradient == nil)
        #expect(try clipGradients(of: [bare], toNorm: 1) == 0)
        #expect(try clipGradients(of: [], toNorm: 1) == 0)
    }

    @Test(arguments: [Double.nan, .infinity]) func normIsNotFiniteIfAGradientIsNot(_ value: Double) throws {
        #expect(try !clipGradients(of: parameters([[1, value]]), toNorm: 1).isFinite)
    }
}

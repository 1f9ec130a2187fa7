internal import CLLoCOTorch

/// AdamW (Loshchilov and Hutter 2019): Adam with decoupled weight decay, in libtorch's fused kernel.
///
///     let optimizer = try AdamW([.init(adapter.parameters, learningRate: 1e-4)])
///     try loss.backward()
///     try clipGradients(of: adapter.parameters, toNorm: 1)
///     try optimizer.step()
///     try optimizer.clearGradients()
public final class AdamW {
    /// Parameters that share hyperparameters.
    public struct Group {
        /// The leaves that are moved: floating tensors that require gradients.
        public let parameters: [Tensor]
        /// How far a step goes, α: each element moves by about this much at most, whatever its gradient's size.
        public var learningRate: Double
        /// The share λ by which a step shrinks each element besides, times the learning rate; 0 by default.
        public var weightDecay: Double

        /// Parameters that move by one learning rate, and do not shrink by default.
        public init(_ parameters: [Tensor], learningRate: Double, weightDecay: Double = 0) {
            self.parameters = parameters
            self.learningRate = learningRate
            self.weightDecay = weightDecay
        }
    }

    /// All parameters; rates may change between steps, parameters may not.
    public var groups: [Group]
    /// How much of the gradients' running mean, the first moment, each step keeps: 0.9 by default.
    public let beta1: Double
    /// How much of the squared gradients' running mean, the second moment, each step keeps: 0.999 by default.
    public let beta2: Double
    /// What is added to the root of the second moment before it divides: 1e-8 by default.
    public let epsilon: Double
    /// The steps made so far.
    public private(set) var stepCount = 0
    /// In how many of them each parameter had a gradient, in the groups' order: what its moments are means of.
    public private(set) var updateCounts: [Int]
    /// A first and a second moment for each parameter, in the groups' order.
    public private(set) var firstMoments: [Tensor]
    /// The running means of the squared gradients, as ``firstMoments`` of the gradients.
    public private(set) var secondMoments: [Tensor]

    /// An optimizer that has made no step; moments have the parameters' shapes, dtypes and devices.
    ///
    /// - Throws: `TorchError` where memory does not suffice.
    public init(
        _ groups: [Group], beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8
    ) throws(TorchError) {
        self.groups = groups
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        firstMoments = []
        secondMoments = []
        updateCounts = groups.flatMap(\.parameters).map { _ in 0 }
        for parameter in groups.flatMap(\.parameters) {
            firstMoments.append(try .zeros(parameter.shape, dtype: parameter.dtype, device: parameter.device))
            secondMoments.append(try .zeros(parameter.shape, dtype: parameter.dtype, device: parameter.device))
        }
    }

    /// Moves every parameter that has a gradient.
    public func step() throws(TorchError) {
        stepCount += 1
        var start = 0
        for group in groups {
            let range = start..<start + group.parameters.count
            start = range.upperBound
            for (index, parameter) in zip(range, group.parameters) where try parameter.gradient != nil {
                updateCounts[index] += 1
            }
            let first = Array(firstMoments[range])
            let second = Array(secondMoments[range])
            let counts = updateCounts[range].map(Double.init)
            try check(
                group.parameters.withHandles { parameters, count in
                    first.withHandles { first, _ in
                        second.withHandles { second, _ in
                            ctorch_adamw_step(
                                parameters, first, second, counts, count, group.learningRate, beta1, beta2, epsilon,
                                group.weightDecay)
                        }
                    }
                })
        }
    }

    /// Forgets all parameters' gradients, which otherwise add up.
    public func clearGradients() throws(TorchError) {
        for group in groups {
            for parameter in group.parameters { try parameter.clearGradient() }
        }
    }

    /// Takes up where a saved optimizer stopped. The moments' shapes are the parameters'.
    public func restore(
        stepCount: Int, updateCounts: [Int], firstMoments: [Tensor], secondMoments: [Tensor]
    ) throws(TorchError) {
        guard stepCount >= 0, updateCounts.count == self.updateCounts.count,
            updateCounts.allSatisfy({ 0...stepCount ~= $0 }),
            firstMoments.map(\.shape) == self.firstMoments.map(\.shape),
            secondMoments.map(\.shape) == self.secondMoments.map(\.shape)
        else { throw TorchError("adamw_restore: the saved steps or moments do not fit the parameters") }
        for (own, saved) in zip(self.firstMoments, firstMoments) { try own.copy(from: saved) }
        for (own, saved) in zip(self.secondMoments, secondMoments) { try own.copy(from: saved) }
        self.stepCount = stepCount
        self.updateCounts = updateCounts
    }
}

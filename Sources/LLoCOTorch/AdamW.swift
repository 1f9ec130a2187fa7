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
        /// The trained leaves: floating-point tensors that require gradients.
        public let parameters: [Tensor]
        /// The step size α: the approximate maximum by which a step moves an element, whatever its gradient's size.
        public var learningRate: Double
        /// The decoupled weight decay λ: each step also shrinks each element by learningRate · λ; 0 by default.
        public var weightDecay: Double

        /// Creates a group with one learning rate and, by default, no weight decay.
        public init(_ parameters: [Tensor], learningRate: Double, weightDecay: Double = 0) {
            self.parameters = parameters
            self.learningRate = learningRate
            self.weightDecay = weightDecay
        }
    }

    /// The parameter groups. Hyperparameters may change between steps, parameters may not.
    public var groups: [Group]
    /// The decay rate of the first moment, the gradients' running mean: 0.9 by default.
    public let beta1: Double
    /// The decay rate of the second moment, the squared gradients' running mean: 0.999 by default.
    public let beta2: Double
    /// The term added to the root of the second moment, the divisor: 1e-8 by default.
    public let epsilon: Double
    /// The number of steps so far.
    public private(set) var stepCount = 0
    /// The number of steps in which each parameter had a gradient, in the groups' order.
    public private(set) var updateCounts: [Int]
    /// Each parameter's first moment, the running mean of its gradients, in the groups' order.
    public private(set) var firstMoments: [Tensor]
    /// Each parameter's second moment, the running mean of its squared gradients, in the groups' order.
    public private(set) var secondMoments: [Tensor]

    /// Creates an optimizer at step 0. Its moments have the parameters' shapes, dtypes and devices.
    ///
    /// - Throws: `TorchError` if memory runs out.
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

    /// Updates every parameter that has a gradient.
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

    /// Clears all parameters' gradients, which otherwise accumulate.
    public func clearGradients() throws(TorchError) {
        for group in groups {
            for parameter in group.parameters { try parameter.clearGradient() }
        }
    }

    /// Restores a saved optimizer's state. The moments have the parameters' shapes.
    ///
    /// - Throws: `TorchError` if the counts or shapes do not fit the parameters.
    public func restore(
        stepCount: Int, updateCounts: [Int], firstMoments: [Tensor], secondMoments: [Tensor]
    ) throws(TorchError) {
        guard stepCount >= 0, updateCounts.count == self.updateCounts.count,
            updateCounts.allSatisfy({ 0...stepCount ~= $0 }),
            firstMoments.map(\.shape) == self.firstMoments.map(\.shape),
            secondMoments.map(\.shape) == self.secondMoments.map(\.shape)
        else { throw TorchError("adamw_restore: the saved steps or moments do not fit the parameters") }
        for (current, saved) in zip(self.firstMoments, firstMoments) { try current.copy(from: saved) }
        for (current, saved) in zip(self.secondMoments, secondMoments) { try current.copy(from: saved) }
        self.stepCount = stepCount
        self.updateCounts = updateCounts
    }
}

import LLoCOTorch
import Testing

/// A linear layer with LoRA adapters, in every supported instruction set.
@Suite struct LowRankTests {
    static let sets = Runtime.kernelSets

    /// Two adapters: one on rows 0 ..< 20 and 20 ..< 40, one on all 40.
    private static let shapes = [[3, 7, 24], [5, 24], [3, 24], [18, 24], [20, 5], [20, 3], [40, 18]]

    private struct Case {
        let weight: Tensor
        let bias: Tensor
        let inputs: [Tensor]

        init(_ dtype: DType, exact: Bool = false) throws {
            var generator = Generator(21)
            func tensor(_ shape: [Int], _ own: DType) throws -> Tensor {
                try generator.tensor(shape, dtype: own).to(exact ? .float64 : own).cloned()
            }
            weight = try tensor([40, 24], dtype)
            bias = try tensor([40], dtype)
            // Adapters are float32 whatever the model's dtype.
            inputs = try LowRankTests.shapes.enumerated().map { try tensor($1, $0 == 0 ? dtype : .float32) }
        }

        func callAsFunction(_ inputs: [Tensor], dropout: Double = 0) throws -> Tensor {
            try inputs[0].linear(weight, bias: bias, adding: LowRankTests.parts(inputs, dropout: dropout))
        }
    }

    private static func parts(_ inputs: [Tensor], dropout: Double = 0) -> [Tensor.LowRankPart] {
        [
            .init(a: inputs[1], b: inputs[4], start: 0, scale: 2, dropout: dropout),
            .init(a: inputs[2], b: inputs[5], start: 20, scale: 0.5, dropout: dropout),
            .init(a: inputs[3], b: inputs[6], start: 0, scale: 1, dropout: 0),
        ]
    }

    @Test func matchesTheSumOfItsProducts() throws {
        let example = try Case(.float64)
        let inputs = example.inputs
        let x = inputs[0]
        let first = try x.linear(inputs[1].to(.float64)).linear(inputs[4].to(.float64)) * 2
        let second = try x.linear(inputs[2].to(.float64)).linear(inputs[5].to(.float64)) * 0.5
        let whole = try x.linear(inputs[3].to(.float64)).linear(inputs[6].to(.float64))
        let expected =
            try x.linear(example.weight, bias: example.bias)
            + .concatenated([first, second], -1) + whole
        try expect(example(inputs), expected.array(), shape: [3, 7, 40], tolerance: 1e-12)
        #expect(
            try x.linear(example.weight, bias: example.bias, adding: []).bytes()
                == x.linear(example.weight, bias: example.bias).bytes())
    }

    /// The kernel's backward pass.
    @Test(arguments: sets) func gradientsMatchFiniteDifferences(_ set: String) throws {
        var generator = Generator(22)
        let weight = try generator.tensor([40, 24], dtype: .float32)
        try Runtime.withKernels(of: set) {
            try checkDirections(of: [50, 24], [5, 24], [18, 24], [20, 5], [40, 18]) {
                try $0[0].linear(
                    weight,
                    adding: [
                        .init(a: $0[1], b: $0[3], start: 20, scale: 2, dropout: 0),
                        .init(a: $0[2], b: $0[4], start: 0, scale: 0.5, dropout: 0),
                    ])
            }
        }
    }

    /// The kernel has no gradient for the bias: the layer is composed of libtorch's operations.
    @Test(arguments: [DType.float32, .bfloat16]) func trainableBiasHasAGradient(_ dtype: DType) throws {
        let example = try Case(dtype)
        try example.bias.setRequiresGradient(true)
        for input in example.inputs { try input.setRequiresGradient(true) }
        try example(example.inputs).sum().backward()
        try expect(#require(try example.bias.gradient), [Double](repeating: 21, count: 40), dtype: dtype)
        for input in example.inputs { #expect(try input.gradient != nil) }
    }

    @Test(arguments: sets, [DType.float32, .bfloat16])
    func kernelAgreesWithFloat64(_ set: String, _ dtype: DType) throws {
        try Runtime.withKernels(of: set) {
            func results(exact: Bool) throws -> [[Double]] {
                let example = try Case(dtype, exact: exact)
                for input in example.inputs { try input.setRequiresGradient(true) }
                let y = try example(example.inputs)
                var generator = Generator(23)
                try (y.to(.float64) * generator.tensor(y.shape, dtype: dtype).to(.float64)).sum().backward()
                return try [y.detached().array(of: Double.self)]
                    + example.inputs.map { try #require(try $0.gradient).array(of: Double.self) }
            }
            for (number, (found, expected)) in try zip(results(exact: false), results(exact: true)).enumerated() {
                let error = Reference.relativeError(found, expected)
                #expect(error < (dtype == .float32 ? 2e-6 : 1e-2), "result \(number)")
            }
            // Frozen adapters may also be 16-bit; no gradient is recorded then.
            let example = try Case(dtype)
            let half = try [example.inputs[0]] + example.inputs.dropFirst().map { try $0.to(.bfloat16) }
            let (found, expected) = try withoutGradients {
                (try example(half), try example([half[0]] + half.dropFirst().map { try $0.to(.float32) }))
            }
            #expect(try found.bytes() == expected.bytes())
        }
    }

    @Test(arguments: sets) func frozenPartsHaveNoGradient(_ set: String) throws {
        try Runtime.withKernels(of: set) {
            let example = try Case(.float32)
            let inputs = example.inputs
            // Only x and the first adapter's A of the second part.
            for index in [0, 2] { try inputs[index].setRequiresGradient(true) }
            try example(inputs).sum().backward()
            for (index, input) in inputs.enumerated() {
                #expect(try (input.gradient != nil) == [0, 2].contains(index))
            }
        }
    }

    @Test(arguments: sets) func partsShareOneDropoutMask(_ set: String) throws {
        try Runtime.withKernels(of: set) {
            let (rows, size) = (64, 96)
            let x = try Tensor.ones([rows, size])
            let (a, b) = (try Tensor.ones([2, size]), try Tensor.ones([4, 2]))
            for tensor in [x, a, b] { try tensor.setRequiresGradient(true) }
            let weight = try Tensor.zeros([12, size])
            func layer() throws -> Tensor {
                try x.linear(
                    weight,
                    adding: [
                        .init(a: a, b: b, start: 0, scale: 1, dropout: 0.25),
                        .init(a: a, b: b, start: 4, scale: 1, dropout: 0.25),
                        .init(a: a, b: b, start: 8, scale: 1, dropout: 0),
                    ])
            }
            let y = try layer()
            let values = try y.detached()
            // Parts of a call share one mask; a part without dropout keeps all elements.
            #expect(
                try values.narrowed(1, start: 0, length: 4).bytes() == values.narrowed(1, start: 4, length: 4).bytes())
            try expect(values.narrowed(1, start: 8, length: 4), Array(repeating: Double(2 * size), count: 4 * rows))
            // One column of y is 2 · Σ kept / (1 - p); its gradient shows the kept elements.
            try y.narrowed(1, start: 0, length: 1).sum().backward()
            let kept = try #require(try x.gradient) * 0.5
            let shares = Set(try kept.array(of: Float.self))
            #expect(shares == [0, Float(1 / 0.75)])
            #expect(try abs(kept.mean().item() - 1) < 0.03)
            try expect(values.selected(1, 0), (kept.sum(1) * 2).array())
            try expect(#require(try a.gradient)[0], kept.sum(0).array())
            try expect(#require(try b.gradient)[0], [Double](repeating: kept.sum().item(), count: 2))
            #expect(try layer().detached().bytes() != values.bytes())
        }
    }

    /// Parts composed of libtorch's operations share one mask too, whatever is between them.
    @Test func composedPartsShareOneDropoutMask() throws {
        let x = try Tensor.ones([64, 96], dtype: .float64)
        let (a, b) = (try Tensor.ones([2, 96], dtype: .float64), try Tensor.ones([4, 2], dtype: .float64))
        let y = try x.linear(
            .zeros([16, 96], dtype: .float64),
            adding: [
                .init(a: a, b: b, start: 0, scale: 1, dropout: 0.25), .init(a: a, b: b, start: 4, scale: 1, dropout: 0),
                .init(a: a, b: b, start: 12, scale: 2, dropout: 0.25),
            ])
        func columns(_ start: Int) throws -> Tensor { try y.narrowed(1, start: start, length: 4) }
        #expect(try columns(12).contiguous().bytes() == (columns(0) * 2).contiguous().bytes())
        try expect(columns(4), Array(repeating: 192.0, count: 4 * 64))
        try expect(columns(8), Array(repeating: 0.0, count: 4 * 64))
        #expect(try abs(columns(0).mean().item() / 192 - 1) < 0.03 && columns(0).bytes() != columns(4).bytes())
    }

    @Test func faultsNameTheAdapter() throws {
        let x = try Tensor.zeros([2, 6])
        func part(_ a: [Int], _ b: [Int], start: Int = 0, dropout: Double = 0) throws -> Tensor.LowRankPart {
            .init(a: try .zeros(a), b: try .zeros(b), start: start, scale: 1, dropout: dropout)
        }
        for wrong in try [
            part([2, 5], [4, 2]), part([2, 6], [4, 3]), part([2, 6], [5, 2]), part([2, 6], [4, 2], start: 1),
            part([2, 6], [4, 2], start: -1), part([2, 6], [4, 2], dropout: 1),
        ] {
            expectFault("linear_lora", "[2, 6]", "[4, 6]") { _ = try x.linear(.zeros([4, 6]), adding: [wrong]) }
        }
    }
}

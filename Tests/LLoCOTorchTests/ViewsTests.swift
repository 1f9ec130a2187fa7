import LLoCOTorch
import Testing

@Suite struct ViewsTests {
    /// [[1, 2, 3], [4, 5, 6]]
    let x: Tensor

    init() throws {
        x = try Tensor([1.0, 2, 3, 4, 5, 6], shape: [2, 3])
    }

    @Test func reshaping() throws {
        try expect(x.reshaped([3, 2]), [1, 2, 3, 4, 5, 6], shape: [3, 2])
        try expect(x.reshaped([-1]), [1, 2, 3, 4, 5, 6], shape: [6])
        try expect(x.reshaped([1, -1, 2]), [1, 2, 3, 4, 5, 6], shape: [1, 3, 2])
        try expect(x.transposed(0, 1).reshaped([6]), [1, 4, 2, 5, 3, 6])
        try expect(Tensor([4.0]).reshaped([]), [4], shape: [])
    }

    @Test func permutingDimensions() throws {
        try expect(x.transposed(0, 1), [1, 4, 2, 5, 3, 6], shape: [3, 2])
        try expect(x.transposed(-1, -2), [1, 4, 2, 5, 3, 6], shape: [3, 2])
        let y = try Tensor.arange(0, 24, dtype: .float64).reshaped([2, 3, 4])
        let permuted = try y.permuted([2, 0, 1])
        var expected: [Double] = []
        for c in 0..<4 {
            for a in 0..<2 {
                for b in 0..<3 { expected.append(Double(a * 12 + b * 4 + c)) }
            }
        }
        try expect(permuted, expected, shape: [4, 2, 3])
    }

    @Test func dimensionsOfSizeOne() throws {
        #expect(try x.unsqueezed(0).shape == [1, 2, 3])
        #expect(try x.unsqueezed(-1).shape == [2, 3, 1])
        #expect(try x.unsqueezed(1).squeezed(1).shape == [2, 3])
        #expect(try x.squeezed(0).shape == [2, 3])
        try expect(Tensor([1.0, 2], shape: [2, 1]).expanded([2, 3]), [1, 1, 1, 2, 2, 2], shape: [2, 3])
        try expect(Tensor([1.0, 2]).expanded([2, -1]), [1, 2, 1, 2], shape: [2, 2])
    }

    @Test func narrowingAndSelecting() throws {
        try expect(x.narrowed(1, start: 1, length: 2), [2, 3, 5, 6], shape: [2, 2])
        try expect(x.narrowed(1, start: -1, length: 1), [3, 6], shape: [2, 1])
        try expect(x.narrowed(0, start: 2, length: 0), [], shape: [0, 3])
        try expect(x.selected(1, 0), [1, 4], shape: [2])
        try expect(x.selected(-1, -1), [3, 6], shape: [2])
        try expect(x[1], [4, 5, 6], shape: [3])
        try expect(x[0..<1], [1, 2, 3], shape: [1, 3])
        try expect(x[1..<1], [], shape: [0, 3])
    }

    @Test(arguments: [DType.int64, .int32]) func rowsAtIndices(_ dtype: DType) throws {
        let indices = try Tensor([2, 0, 2]).to(dtype)
        try expect(x.indexSelected(1, indices), [3, 1, 3, 6, 4, 6], shape: [2, 3])
        try expect(x.indexSelected(0, Tensor([1]).to(dtype)), [4, 5, 6], shape: [1, 3])
    }

    @Test func gathering() throws {
        try expect(x.gathered(1, Tensor([2, 0], shape: [2, 1])), [3, 4], shape: [2, 1])
        try expect(x.gathered(0, Tensor([1, 0, 1], shape: [1, 3])), [4, 2, 6], shape: [1, 3])
    }

    @Test func masks() throws {
        let mask = try Tensor([true, false, true])
        try expect(x.maskedFill(mask, -1), [-1, 2, -1, -1, 5, -1], shape: [2, 3])
        try expect(x.maskedFill(mask, -.infinity).max(1), [2, 5])
        try expect(Tensor.choose(mask, x, Tensor([9.0])), [1, 9, 3, 4, 9, 6], shape: [2, 3])
    }

    @Test func joining() throws {
        let y = try Tensor([7.0, 8, 9], shape: [1, 3])
        try expect(Tensor.concatenated([x, y]), [1, 2, 3, 4, 5, 6, 7, 8, 9], shape: [3, 3])
        try expect(Tensor.concatenated([x, x], -1), [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6], shape: [2, 6])
        try expect(Tensor.concatenated([x]), [1, 2, 3, 4, 5, 6], shape: [2, 3])
        try expect(Tensor.stacked([x[0], x[1]], 1), [1, 4, 2, 5, 3, 6], shape: [3, 2])
        try expect(Tensor.stacked([y, y]), [7, 8, 9, 7, 8, 9], shape: [2, 1, 3])
    }

    @Test func viewsShareMemoryAndCopiesDoNot() throws {
        let tensor = try x.cloned()
        let views = [
            try tensor.reshaped([6]), try tensor.transposed(0, 1), try tensor[0..<2], try tensor.expanded([4, 2, 3]),
            try tensor.detached(),
        ]
        let copies = [try tensor.indexSelected(0, Tensor([0, 1])), try Tensor.concatenated([tensor]), try tensor * 1]
        try tensor.fill(0)
        for view in views { #expect(try view.abs().max().item() == 0) }
        for copy in copies { #expect(try copy.max().item() == 6) }
    }
}

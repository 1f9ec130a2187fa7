import LLoCOTorch
import Testing

@Suite struct ReductionsTests {
    /// [[1, 5, 3], [4, 2, 6]]
    let x: Tensor

    init() throws {
        x = try Tensor([1.0, 5, 3, 4, 2, 6], shape: [2, 3])
    }

    @Test func overEverything() throws {
        try expect(x.sum(), [21], shape: [])
        try expect(x.mean(), [3.5], shape: [])
        try expect(x.max(), [6], shape: [])
        try expect(x.min(), [1], shape: [])
        try expect(x.argmax(), [5], shape: [], dtype: .int64)
    }

    @Test func overOneDimension() throws {
        try expect(x.sum(0), [5, 7, 9], shape: [3])
        try expect(x.sum(-1, keepDimension: true), [9, 12], shape: [2, 1])
        try expect(x.mean(1), [3, 4], shape: [2])
        try expect(x.max(0), [4, 5, 6])
        try expect(x.min(1), [1, 2])
        try expect(x.argmax(1), [1, 2], shape: [2], dtype: .int64)
        try expect(x.argmax(0, keepDimension: true), [1, 0, 1], shape: [1, 3])
        try expect(x.cumulativeSum(1), [1, 6, 9, 4, 6, 12], shape: [2, 3])
    }

    @Test func argmaxIsTheFirstOfEqualValues() throws {
        try expect(Tensor([1.0, 7, 7, 7]).argmax(), [1])
    }

    @Test func topIsInDescendingOrder() throws {
        let (values, indices) = try x.top(2)
        try expect(values, [5, 3, 6, 4], shape: [2, 2])
        try expect(indices, [1, 2, 2, 0], shape: [2, 2], dtype: .int64)
        let (rows, places) = try x.top(1, 0)
        try expect(rows, [4, 5, 6], shape: [1, 3])
        try expect(places, [1, 0, 1])
    }

    @Test func normIsComputedInFloat32OrBetter() throws {
        try expect(Tensor([3.0, 4]).norm(), [5], shape: [], dtype: .float64)
        // 300² exceeds the range of float16.
        try expect(Tensor([300.0, 400]).to(.float16).norm(), [500], dtype: .float32)
        try expect(Tensor.ones([4096], dtype: .bfloat16).norm(), [64], dtype: .float32)
    }

    @Test func triangles() throws {
        let ones = try Tensor.ones([2, 3])
        try expect(ones.lowerTriangle(), [1, 0, 0, 1, 1, 0])
        try expect(ones.lowerTriangle(diagonal: 1), [1, 1, 0, 1, 1, 1])
        try expect(ones.upperTriangle(), [1, 1, 1, 0, 1, 1])
        try expect(ones.upperTriangle(diagonal: 1), [0, 1, 1, 0, 0, 1])
        try expect(Tensor.ones([2, 2], dtype: .bool).lowerTriangle(diagonal: -1), [0, 0, 1, 0], dtype: .bool)
    }

    @Test func emptyTensorHasNoMaximum() throws {
        let empty = try Tensor.zeros([0])
        #expect(try empty.sum().item() == 0)
        expectFault("max", "[0]") { _ = try empty.max() }
        expectFault("argmax", "[0]") { _ = try empty.argmax() }
    }
}

import LLoCOTorch
import Testing

@Suite struct CopyingTests {
    @Test func conversionRoundsToTheNearestEven() throws {
        // Both are halfway between two neighbours; the even one is expected.
        let x = try Tensor([1 + 1.0 / 256, 1 + 3.0 / 256, 3.141592653589793, -0.1])
        try expect(x.to(.bfloat16), [1, 1 + 4.0 / 256, 3.140625, -0.10009765625], dtype: .bfloat16, tolerance: 0)
        let y = try Tensor([1 + 1.0 / 2048, 1 + 3.0 / 2048, 65504, 1e6])
        try expect(y.to(.float16), [1, 1 + 4.0 / 2048, 65504, .infinity], dtype: .float16, tolerance: 0)
    }

    @Test func conversionKeepsExactValues() throws {
        let values: [Double] = [0, 1, 2, 64, 127]
        for source in DType.allCases where source != .bool {
            for target in DType.allCases where target != .bool {
                try expect(Tensor(values).to(source).to(target), values, dtype: target, tolerance: 0)
            }
        }
        try expect(Tensor([0.0, -3, 0.5]).to(.bool), [0, 1, 1], dtype: .bool)
        try expect(Tensor([2.9, -2.9]).to(.int32), [2, -2], dtype: .int32)
    }

    @Test(arguments: DType.allCases) func bytesRoundTrip(_ dtype: DType) throws {
        let tensor = try Tensor([0.0, 1, 0, 1, 1, 0], shape: [2, 3]).to(dtype)
        let again = try tensor.bytes().withUnsafeBytes { try Tensor(copying: $0, shape: [2, 3], dtype: dtype) }
        try expect(again, [0, 1, 0, 1, 1, 0], shape: [2, 3], dtype: dtype)
    }

    @Test func sixteenBitNumbersAreReadAsFloats() throws {
        for dtype in [DType.bfloat16, .float16] {
            #expect(try Tensor([1.5, -2.25]).to(dtype).array(of: Float.self) == [1.5, -2.25])
        }
        let ids = try Tensor([3, 5]).to(.int32)
        #expect(try ids.array(of: Int.self) == [3, 5])
    }

    @Test func elementsAreRowMajorForAnyStrides() throws {
        let tensor = try Tensor([1.0, 2, 3, 4, 5, 6], shape: [2, 3]).transposed(0, 1)
        #expect(!tensor.isContiguous)
        try expect(tensor, [1, 4, 2, 5, 3, 6], shape: [3, 2])
        let contiguous = try tensor.contiguous()
        #expect(contiguous.isContiguous)
        #expect(try contiguous.bytes() == tensor.bytes())
        #expect(try contiguous.contiguous() === contiguous)
    }

    @Test func itemReturnsTheOnlyElement() throws {
        #expect(try Tensor.full([1, 1], 2.5, dtype: .bfloat16).item() == 2.5)
        #expect(try Tensor([7]).item() == 7)
        #expect(try Tensor([true]).item() == 1)
        expectFault("item", "[2]") { _ = try Tensor([1.0, 2]).item() }
        expectFault("item", "[0]") { _ = try Tensor([Float]()).item() }
    }

    @Test func convertingToTheSameDTypeReturnsSelf() throws {
        let tensor = try Tensor([1.0])
        #expect(try tensor.to(.float64) === tensor)
        #expect(try tensor.to(device: .cpu) === tensor)
        #expect(try tensor.to(.float32) !== tensor)
    }

    @Test func clonesHaveSeparateMemory() throws {
        let tensor = try Tensor([1.0, 2])
        let clone = try tensor.cloned()
        try tensor.fill(5)
        try expect(clone, [1, 2])
        try expect(tensor, [5, 5])
    }

    @Test func copyingInConvertsAndBroadcasts() throws {
        let tensor = try Tensor.zeros([2, 3])
        try tensor.copy(from: Tensor([1, 2, 3]))
        try expect(tensor, [1, 2, 3, 1, 2, 3], shape: [2, 3], dtype: .float32)
        expectFault("copy_in", "[2, 3]", "[2]") { try tensor.copy(from: Tensor([1.0, 2])) }
    }

    @Test func writingThroughAViewReachesTheTensor() throws {
        let tensor = try Tensor.zeros([3, 2])
        try tensor[1].fill(4)
        try tensor.narrowed(1, start: 1, length: 1).add(Tensor.ones([3, 1]), scaledBy: 0.5)
        try expect(tensor, [0, 0.5, 4, 4.5, 0, 0.5])
    }

    @Test func addingInPlaceScales() throws {
        let tensor = try Tensor([1.0, 2])
        try tensor.add(Tensor([10.0, 20]), scaledBy: -0.1)
        try tensor.add(Tensor([1.0, 1]))
        try expect(tensor, [1, 1])
    }

    @Test func writingInPlaceRecordsNoGradient() throws {
        let parameter = try Tensor([1.0, 2])
        try parameter.setRequiresGradient(true)
        try parameter.add(Tensor([1.0, 1]))
        try parameter.copy(from: parameter * 2)
        try expect(parameter, [4, 6])
        try parameter.sum().backward()
        try expect(#require(try parameter.gradient), [1, 1])
    }
}

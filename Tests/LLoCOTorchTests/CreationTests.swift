import LLoCOTorch
import Testing

@Suite struct CreationTests {
    @Test func filledTensorsHaveTheirShapeValueAndDType() throws {
        for dtype in DType.allCases {
            try expect(Tensor.zeros([2, 3], dtype: dtype), [0, 0, 0, 0, 0, 0], shape: [2, 3], dtype: dtype)
            try expect(Tensor.ones([3], dtype: dtype), [1, 1, 1], shape: [3], dtype: dtype)
        }
        try expect(Tensor.full([2, 2], -2.5), [-2.5, -2.5, -2.5, -2.5], shape: [2, 2], dtype: .float32)
        try expect(Tensor.full([], 7, dtype: .int64), [7], shape: [], dtype: .int64)
        let empty = try Tensor.empty([4, 0, 2], dtype: .bfloat16)
        #expect(empty.shape == [4, 0, 2] && empty.count == 0 && empty.dtype == .bfloat16)
        #expect(try empty.bytes().isEmpty)
    }

    @Test func rangesIncludeStartAndExcludeEnd() throws {
        try expect(Tensor.arange(0, 4), [0, 1, 2, 3], shape: [4], dtype: .float32)
        try expect(Tensor.arange(2, 3.1, step: 0.5, dtype: .float64), [2, 2.5, 3], dtype: .float64)
        try expect(Tensor.arange(5, 0, step: -2, dtype: .int64), [5, 3, 1], dtype: .int64)
    }

    @Test func arraysOfEveryElementTypeRoundTrip() throws {
        func check<Element: TensorElement & Equatable>(_ elements: [Element]) throws {
            let tensor = try Tensor(elements, shape: [1, elements.count])
            #expect(tensor.shape == [1, elements.count])
            #expect(tensor.dtype == Element.dtype)
            #expect(try tensor.array(of: Element.self) == elements)
        }
        try check([Float.pi, -.infinity, .leastNonzeroMagnitude])
        try check([Double.pi, .greatestFiniteMagnitude])
        try check([Int.min, -1, Int.max])
        try check([Int64.min, Int64.max])
        try check([Int32.min, Int32.max])
        try check([Int16.min, Int16.max])
        try check([Int8.min, Int8.max])
        try check([UInt8.min, UInt8.max])
        try check([true, false, true])
    }

    @Test func arrayWithoutShapeIsOneDimensional() throws {
        #expect(try Tensor([1.0, 2, 3]).shape == [3])
        #expect(try Tensor([Float]()).shape == [0])
        #expect(try Tensor([Float(3)], shape: []).rank == 0)
    }

    @Test func copiedBytesAreReadAsTheDType() throws {
        // 1 and -2 in bfloat16 and float16, lowest byte first.
        let bfloat16: [UInt8] = [0x80, 0x3F, 0x00, 0xC0]
        let float16: [UInt8] = [0x00, 0x3C, 0x00, 0xC0]
        try bfloat16.withUnsafeBytes {
            try expect(Tensor(copying: $0, shape: [2], dtype: .bfloat16), [1, -2], dtype: .bfloat16)
        }
        try float16.withUnsafeBytes {
            try expect(Tensor(copying: $0, shape: [2, 1], dtype: .float16), [1, -2], shape: [2, 1], dtype: .float16)
        }
    }

    @Test func copyIsIndependentOfItsSource() throws {
        var numbers: [Float] = [1, 2, 3]
        let tensor = try numbers.withUnsafeBytes { try Tensor(copying: $0, shape: [3], dtype: .float32) }
        numbers[0] = 9
        try expect(tensor, [1, 2, 3])
    }

    @Test func tensorReportsItsProperties() throws {
        let tensor = try Tensor.zeros([2, 3, 4], dtype: .float16)
        #expect(tensor.rank == 3 && tensor.count == 24)
        #expect(tensor.size(0) == 2 && tensor.size(-1) == 4)
        #expect(tensor.device == .cpu)
        #expect(tensor.description == "Tensor([2, 3, 4], float16, cpu)")
        #expect(try Tensor.zeros([]).count == 1)
    }

    @Test(arguments: DType.allCases) func byteCountMatchesTheDType(_ dtype: DType) throws {
        #expect(try Tensor.zeros([5], dtype: dtype).bytes().count == 5 * dtype.byteCount)
        #expect(dtype.isFloatingPoint == dtype.rawValue.contains("float"))
    }
}

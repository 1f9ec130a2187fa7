import Foundation
import LLoCOTorch
import Testing

@Suite struct ArithmeticTests {
    static let floats: [DType] = [.float32, .float64, .bfloat16, .float16]

    @Test(arguments: floats) func fourOperations(_ dtype: DType) throws {
        let a = try Tensor([1.0, -2, 3, 0.5], shape: [2, 2]).to(dtype)
        let b = try Tensor([2.0, 4]).to(dtype)
        try expect(a + b, [3, 2, 5, 4.5], shape: [2, 2], dtype: dtype)
        try expect(a - b, [-1, -6, 1, -3.5], dtype: dtype)
        try expect(a * b, [2, -8, 6, 2], dtype: dtype)
        try expect(a / b, [0.5, -0.5, 1.5, 0.125], dtype: dtype)
        try expect(-a, [-1, 2, -3, -0.5], dtype: dtype)
        try expect(a + 1.5, [2.5, -0.5, 4.5, 2], dtype: dtype)
        try expect(a - 1, [0, -3, 2, -0.5], dtype: dtype)
        try expect(a * 2, [2, -4, 6, 1], dtype: dtype)
        try expect(a / 4, [0.25, -0.5, 0.75, 0.125], dtype: dtype)
        try expect(a.power(2), [1, 4, 9, 0.25], dtype: dtype)
        try expect(a.maximum(b), [2, 4, 3, 4], dtype: dtype)
        try expect(a.minimum(b), [1, -2, 2, 0.5], dtype: dtype)
    }

    @Test func integersStayIntegersUntilDivided() throws {
        let a = try Tensor([1, 2, 3])
        try expect(a + 2, [3, 4, 5], dtype: .int64)
        try expect(a * a, [1, 4, 9], dtype: .int64)
        try expect(a / 2, [0.5, 1, 1.5], dtype: .float32)
        try expect(a * 0.5, [0.5, 1, 1.5], dtype: .float32)
    }

    @Test func widerDTypeWins() throws {
        let double = try Tensor([0.1])
        #expect(try (double + double.to(.float32)).dtype == .float64)
        #expect(try (double.to(.bfloat16) * double.to(.float32)).dtype == .float32)
        #expect(try (Tensor([1]) * double.to(.float16)).dtype == .float16)
    }

    @Test func comparisons() throws {
        let (a, b) = (try Tensor([1.0, 2, 3]), try Tensor([3.0, 2, 1]))
        try expect(a.equal(b), [0, 1, 0], dtype: .bool)
        try expect(a.equal(3), [0, 0, 1], dtype: .bool)
        try expect(a.notEqual(3), [1, 1, 0], dtype: .bool)
        try expect(a.less(b), [1, 0, 0], dtype: .bool)
        try expect(a.lessOrEqual(b), [1, 1, 0], dtype: .bool)
        try expect(a.greater(b), [0, 0, 1], dtype: .bool)
    }

    @Test func logic() throws {
        let (a, b) = (try Tensor([true, true, false, false]), try Tensor([true, false, true, false]))
        try expect(a.logicalAnd(b), [1, 0, 0, 0], dtype: .bool)
        try expect(a.logicalOr(b), [1, 1, 1, 0], dtype: .bool)
        try expect(a.logicalNot(), [0, 0, 1, 1], dtype: .bool)
        try expect(Tensor([1, Double.nan, .infinity, -.infinity]).isFinite(), [1, 0, 0, 0], dtype: .bool)
    }

    @Test(arguments: floats) func functions(_ dtype: DType) throws {
        let values = [-2.5, -0.75, 0.25, 1, 3]
        let positive = [0.125, 0.5, 1, 2, 9]
        let (x, p) = (try Tensor(values).to(dtype), try Tensor(positive).to(dtype))
        try expect(x.abs(), values.map { abs($0) }, dtype: dtype)
        try expect(x.exp(), values.map { exp($0) }, dtype: dtype)
        try expect(p.log(), positive.map { log($0) }, dtype: dtype)
        try expect(p.sqrt(), positive.map { $0.squareRoot() }, dtype: dtype)
        try expect(p.rsqrt(), positive.map { 1 / $0.squareRoot() }, dtype: dtype)
        try expect(x.sin(), values.map { sin($0) }, dtype: dtype)
        try expect(x.cos(), values.map { cos($0) }, dtype: dtype)
        try expect(x.tanh(), values.map { tanh($0) }, dtype: dtype)
        try expect(x.sigmoid(), values.map { 1 / (1 + exp(-$0)) }, dtype: dtype)
        try expect(x.silu(), values.map { $0 / (1 + exp(-$0)) }, dtype: dtype)
        try expect(x.gelu(), values.map { $0 * 0.5 * (1 + erf($0 / 2.0.squareRoot())) }, dtype: dtype)
        try expect(x.relu(), values.map { max(0, $0) }, dtype: dtype)
    }
}

import Foundation
import LLoCOBase
import LLoCOTorch
import Synchronization
import Testing

@Suite struct ErrorTests {
    let x: Tensor

    init() throws {
        x = try Tensor.zeros([2, 3])
    }

    @Test func operandsOfMismatchedShapesAreNamed() throws {
        let y = try Tensor.zeros([4, 5])
        expectFault("matmul", "[2, 3] Float", "[4, 5] Float") { _ = try x.matmul(y) }
        expectFault("linear", "[2, 3]", "[4, 5]") { _ = try x.linear(y) }
        expectFault("linear", "[2, 3]", "[3, 3]", "[2]") { _ = try x.linear(.zeros([3, 3]), bias: .zeros([2])) }
        expectFault("add", "[2, 3]", "[4, 5]") { _ = try x + y }
        expectFault("mul", "[2, 3]", "[2]") { _ = try x * Tensor.zeros([2]) }
        expectFault("cat", "[2, 3]", "[4, 5]") { _ = try Tensor.concatenated([x, y]) }
        expectFault("stack", "[2, 3]", "[4, 5]") { _ = try Tensor.stacked([x, y]) }
        expectFault("rms_norm", "[2, 3]", "[4]") { _ = try x.rmsNorm(.ones([4]), epsilon: 1e-5) }
        expectFault("layer_norm", "[2, 3]", "[4]") { _ = try x.layerNorm(.ones([4]), bias: .ones([4]), epsilon: 1e-5) }
        expectFault("where", "[2]", "[2, 3]", "[4, 5]") { _ = try Tensor.choose(.ones([2], dtype: .bool), x, y) }
        expectFault("masked_fill", "[2, 3]", "[4, 5]") { _ = try x.maskedFill(y.to(.bool), 0) }
        expectFault("add_in", "[2, 3]", "[4, 5]") { try x.add(y) }
    }

    @Test func rotaryAngleCountsAreChecked() throws {
        let heads = try Tensor.zeros([1, 2, 3, 8])
        expectFault("rotary", "[1, 2, 3, 8]", "[3, 8]", "expected 4") {
            _ = try heads.rotary(cosine: .ones([3, 8]), sine: .ones([3, 8]))
        }
        expectFault("rotary", "[1, 2, 3, 8]", "[2, 4]") {
            _ = try heads.rotary(cosine: .ones([2, 4]), sine: .ones([2, 4]))
        }
        expectFault("rotary", "[]") { _ = try Tensor.zeros([]).rotary(cosine: .ones([1]), sine: .ones([1])) }
    }

    @Test func impossibleShapesAreRefused() throws {
        expectFault("reshape", "[2, 3]") { _ = try x.reshaped([4, 2]) }
        expectFault("reshape", "[2, 3]") { _ = try x.reshaped([-1, -1]) }
        expectFault("reshape", "[2, 3]") { _ = try x.reshaped([.max, .max]) }
        expectFault("reshape", "[2, 3]") { _ = try x.reshaped([.min]) }
        expectFault("expand", "[2, 3]") { _ = try x.expanded([4, 3]) }
        expectFault("permute", "[2, 3]") { _ = try x.permuted([0, 0]) }
        expectFault("transpose", "[2, 3]") { _ = try x.transposed(0, 2) }
        expectFault("unsqueeze", "[2, 3]") { _ = try x.unsqueezed(4) }
        expectFault("squeeze", "[2, 3]") { _ = try x.squeezed(.max) }
        expectFault("softmax", "[2, 3]") { _ = try x.softmax(2) }
        expectFault("sum", "[2, 3]") { _ = try x.sum(5) }
    }

    @Test func indicesOutsideAreRefused() throws {
        expectFault("select", "[2, 3]", "2") { _ = try x[2] }
        expectFault("select", "[2, 3]") { _ = try x.selected(1, .min) }
        expectFault("narrow", "[2, 3]") { _ = try x[1..<3] }
        expectFault("narrow", "[2, 3]") { _ = try x.narrowed(1, start: 2, length: .max) }
        expectFault("narrow", "[2, 3]") { _ = try x.narrowed(1, start: 0, length: -1) }
        expectFault("embedding", "[2, 3]", "[2]") { _ = try x.embedding(Tensor([0, 2])) }
        expectFault("embedding", "[2, 3]") { _ = try x.embedding(Tensor([-1])) }
        expectFault("index_select", "[2, 3]", "[1]") { _ = try x.indexSelected(0, Tensor([2])) }
        expectFault("gather", "[2, 3]", "[1, 1]") { _ = try x.gathered(1, Tensor([3], shape: [1, 1])) }
        expectFault("topk", "[2, 3]") { _ = try x.top(4) }
        expectFault("topk", "[2, 3]") { _ = try x.top(-1) }
    }

    @Test func wrongDTypesAreNamed() throws {
        expectFault("matmul", "Float", "Double") { _ = try x.matmul(.zeros([3, 2], dtype: .float64)) }
        expectFault("embedding", "Float") { _ = try x.embedding(Tensor([0.5])) }
        expectFault("index_select", "Double") { _ = try x.indexSelected(0, Tensor([0.0])) }
        expectFault("masked_fill", "Float") { _ = try x.maskedFill(.ones([3]), 0) }
        expectFault("where", "Float") { _ = try Tensor.choose(x, x, x) }
        expectFault("mean", "Long") { _ = try Tensor([1, 2]).mean() }
        expectFault("gather", "[1, 1] Float") { _ = try x.gathered(1, Tensor([0], shape: [1, 1]).to(.float32)) }
    }

    @Test func absurdSizesAreRefusedWithoutACrash() throws {
        let large = 1 << 50
        for (shape, part) in [
            ([large], "\(large)"), ([1 << 40, 1 << 40], "\(1 << 40)"), ([-1], "-1"), ([.max, .max], "\(Int.max)"),
        ] {
            expectFault("full", part) { _ = try Tensor.zeros(shape) }
            expectFault("full", part) { _ = try Tensor.ones(shape, dtype: .bfloat16) }
            expectFault("empty", part) { _ = try Tensor.empty(shape) }
        }
        expectFault("randn", "\(large)") { _ = try Tensor.randn([large]) }
        expectFault("rand", "\(large)") { _ = try Tensor.rand([large]) }
        expectFault("arange") { _ = try Tensor.arange(0, 1e18) }
        expectFault("arange") { _ = try Tensor.arange(0, .nan) }
        expectFault("arange") { _ = try Tensor.arange(0, 1, step: 0) }
        let wide = try Tensor.zeros([1]).expanded([large])
        #expect(wide.count == large)
        expectFault("clone", "[\(large)]") { _ = try wide.cloned() }
        expectFault("to", "[\(large)]") { _ = try wide.to(.float64) }
        expectFault("add", "[\(large)]") { _ = try wide + 1 }
    }

    @Test func exhaustedMemoryHasItsOwnErrorCode() throws {
        let wide = try Tensor.zeros([1]).expanded([1 << 50])
        for body in [{ _ = try Tensor.zeros([1 << 50]) }, { _ = try wide.cloned() }] as [() throws -> Void] {
            #expect(#expect(throws: TorchError.self, performing: body)?.errorCode == .outOfMemory)
        }
        #expect(TorchError("to: CUDA out of memory. Tried to allocate 2 GiB").errorCode == .outOfMemory)
        #expect(#expect(throws: TorchError.self) { try x.matmul(x) }?.errorCode == .failed)
    }

    @Test func elementCountsAreChecked() throws {
        expectFault("from_array", "[2, 2]", "expected 4", "found 3") { _ = try Tensor([1.0, 2, 3], shape: [2, 2]) }
        expectFault("from_array", "not a shape") { _ = try Tensor([Float](), shape: [.max, 2]) }
        expectFault("from_array", "not a shape") { _ = try Tensor([Float(1)], shape: [-1, -1]) }
        [UInt8](repeating: 0, count: 6).withUnsafeBytes { bytes in
            expectFault("from_bytes", "[2]", "expected 8 bytes", "found 6") {
                _ = try Tensor(copying: bytes, shape: [2], dtype: .float32)
            }
            expectFault("from_bytes", "not a shape") { _ = try Tensor(copying: bytes, shape: [.max], dtype: .float64) }
        }
    }

    @Test func missingDevicesAreNamed() throws {
        let device = Device(.cuda, index: 99)
        expectFault("full") { _ = try Tensor.zeros([1], device: device) }
        expectFault("to", "[2, 3]") { _ = try x.to(device: device) }
    }

    @Test func probabilitiesAreChecked() throws {
        expectFault("dropout", "[2, 3]") { _ = try x.dropout(1.5) }
        expectFault("dropout", "[2, 3]") { _ = try x.dropout(.nan) }
    }

    @Test func errorsAreThreadLocal() throws {
        let wrong = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 200) { number in
            do {
                _ = try Tensor.zeros([1, number + 1]).matmul(.zeros([number + 2, 1]))
                wrong.withLock { $0.append("no error") }
            } catch {
                let line = "\(error)"
                let parts = ["[1, \(number + 1)]", "[\(number + 2), 1]"]
                if !parts.allSatisfy({ line.contains($0) }) { wrong.withLock { $0.append(line) } }
            }
        }
        #expect(wrong.withLock { $0 } == [])
    }
}

import Foundation
import LLoCOTorch
import Synchronization
import Testing

@Suite struct SharingTests {
    /// Memory of `count` Floats; its release is counted.
    final class Owner {
        let memory: UnsafeMutableBufferPointer<Float>
        let releases: Counter

        init(_ values: [Float], _ releases: Counter) {
            memory = .allocate(capacity: values.count)
            _ = memory.initialize(from: values)
            self.releases = releases
        }

        deinit {
            memory.deallocate()
            releases.value.add(1, ordering: .relaxed)
        }

        func tensor(_ shape: [Int], dtype: DType = .float32) throws -> Tensor {
            try Tensor(sharing: UnsafeRawBufferPointer(memory), shape: shape, dtype: dtype, owner: self)
        }
    }

    final class Counter: Sendable {
        let value = Atomic(0)
        var count: Int { value.load(ordering: .relaxed) }
    }

    private func shared(_ values: [Float], _ shape: [Int], _ releases: Counter) throws -> Tensor {
        try Owner(values, releases).tensor(shape)
    }

    @Test func ownerLivesAsLongAsTheLastView() throws {
        let releases = Counter()
        var tensor: Tensor? = try shared([1, 2, 3, 4], [2, 2], releases)
        try expect(#require(tensor), [1, 2, 3, 4], shape: [2, 2])
        var view: Tensor? = try tensor?.transposed(0, 1)
        #expect(releases.count == 0)
        tensor = nil
        #expect(releases.count == 0)
        try expect(#require(view), [1, 3, 2, 4])
        view = nil
        #expect(releases.count == 1)
    }

    @Test func clonesAndConversionsDoNotRetainTheOwner() throws {
        let releases = Counter()
        var tensor: Tensor? = try shared([1, 2], [2], releases)
        let clone = try #require(tensor).cloned()
        let converted = try #require(tensor).to(.float64)
        tensor = nil
        #expect(releases.count == 1)
        try expect(clone, [1, 2])
        try expect(converted, [1, 2])
    }

    @Test func memoryIsNotCopied() throws {
        let owner = Owner([1, 2, 3], Counter())
        let tensor = try owner.tensor([3])
        owner.memory[1] = 7
        try expect(tensor, [1, 7, 3])
        try tensor.fill(5)
        #expect(Array(owner.memory) == [5, 5, 5])
    }

    @Test func failedInitializersReleaseTheOwner() throws {
        let releases = Counter()
        do {
            let owner = Owner([1, 2, 3], releases)
            expectFault("from_shared", "[4]", "expected 16 bytes", "found 12") { _ = try owner.tensor([4]) }
            expectFault("from_shared", "[3]", "expected 24 bytes") { _ = try owner.tensor([3], dtype: .float64) }
            expectFault("from_shared", "[-3]") { _ = try owner.tensor([-3]) }
            expectFault("from_shared", "not aligned") {
                let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(owner.memory)[1..<9])
                _ = try Tensor(sharing: bytes, shape: [2], dtype: .float32, owner: owner)
            }
        }
        #expect(releases.count == 1)
    }

    @Test func everyOwnerIsReleasedOnceFromAnyThread() throws {
        let releases = Counter()
        let failures = Counter()
        DispatchQueue.concurrentPerform(iterations: 64) { number in
            for _ in 0..<20 {
                let sum = (try? shared([Float(number), 1], [2], releases).sum().item()) ?? .nan
                if sum != Double(number + 1) { failures.value.add(1, ordering: .relaxed) }
            }
        }
        #expect(failures.count == 0)
        #expect(releases.count == 64 * 20)
    }
}

import Foundation
import LLoCOBase
import LLoCOLibrary
import Testing

@Suite struct LibraryTrainingTests {
    let library: SQLiteLibrary
    let identity = VectorIdentity(model: "m", compressor: "c", variant: "v")

    init() throws {
        library = try SQLiteLibrary.inMemory()
    }

    @Test func aRunResumesFromItsLastState() throws {
        let run = try library.startRun(of: "g", identity: identity, settings: "{}", dataDigest: "d", totalSteps: 10)
        #expect(try library.runState(run.id) == nil)
        let losses = (1...4).map { TrainingLoss(step: $0, loss: Double($0) / 2) }
        try library.saveRun(run.id, step: 4, state: Data([1, 2, 3]), losses: losses)
        let found = try #require(
            try library.unfinishedRun(of: "g", identity: identity, settings: "{}", dataDigest: "d"))
        #expect(found.id == run.id)
        #expect(found.step == 4)
        #expect(try library.runState(found.id) == Data([1, 2, 3]))
        #expect(try library.losses(of: run.id) == losses)
        for other in [("h", "{}", "d"), ("g", "{1}", "d"), ("g", "{}", "e")] {
            #expect(
                try library.unfinishedRun(of: other.0, identity: identity, settings: other.1, dataDigest: other.2)
                    == nil)
        }
        // Steps that are computed again after an interruption replace the logged losses.
        try library.saveRun(run.id, step: 3, state: Data([9]), losses: [TrainingLoss(step: 3, loss: 9)])
        #expect(try library.losses(of: run.id).map(\.loss) == [0.5, 1, 9])

        let adapter = try library.finishRun(run.id, config: "{}", weights: Data([5]))
        #expect(adapter.run == run.id)
        #expect(try library.trainingRuns(of: "g").map(\.isFinished) == [true])
        #expect(try library.runState(run.id) == nil)
        #expect(try library.unfinishedRun(of: "g", identity: identity, settings: "{}", dataDigest: "d") == nil)
        #expect(throws: LibraryError.self) { try library.finishRun(run.id, config: "{}", weights: Data([5])) }
        #expect(throws: LibraryError.self) { try library.saveRun(run.id, step: 5, state: Data([1]), losses: []) }
        try library.removeRun(run.id)
        #expect(try library.adapter(for: "g", identity: identity)?.weights == Data([5]))
        #expect(try library.adapters().first?.run == nil)
        #expect(throws: LibraryError.self) { try library.removeRun(run.id) }
    }

    /// A state of several pieces is replaced atomically.
    @Test func aLargeStateIsSavedAtomically() throws {
        let run = try library.startRun(of: "g", identity: identity, settings: "{}", dataDigest: "d", totalSteps: 9)
        func state(_ seed: UInt64) -> Data {
            var draws = SplitMix64(seed: seed)
            return Data((0..<500_000).flatMap { _ in withUnsafeBytes(of: draws.next() as UInt64, Array.init) })
        }
        for step in 1...3 {
            try library.saveRun(run.id, step: step, state: state(UInt64(step)), losses: [])
            #expect(try library.runState(run.id) == state(UInt64(step)))
        }
        // The file has room for some pieces of the next state, but not for all.
        try library.limitPageCount(to: try library.statistics().fileBytes / 4096 + 300)
        let fault = #expect(throws: LibraryError.self) {
            try library.saveRun(run.id, step: 4, state: state(4) + state(5) + state(6), losses: [])
        }
        #expect(fault?.errorCode == .storage, "\(String(describing: fault))")
        #expect(try library.runState(run.id) == state(3))
        #expect(try library.trainingRuns().first?.step == 3)
        // The leftover pieces are deleted.
        try library.saveRun(run.id, step: 5, state: state(5), losses: [])
        #expect(try library.runState(run.id) == state(5))
        try library.finishRun(run.id, config: "{}", weights: Data([5]))
        #expect(try library.runState(run.id) == nil)
    }

    @Test func aLossThatIsNaNIsNeverSaved() throws {
        let run = try library.startRun(of: "g", identity: identity, settings: "{}", dataDigest: "d", totalSteps: 3)
        try library.saveRun(run.id, step: 1, state: Data([1]), losses: [TrainingLoss(step: 1, loss: 1)])
        #expect(throws: LibraryError.self) {
            try library.saveRun(run.id, step: 2, state: Data([2]), losses: [TrainingLoss(step: 2, loss: .nan)])
        }
        #expect(try library.runState(run.id) == Data([1]))
        #expect(try library.trainingRuns().first?.step == 1)
        #expect(throws: LibraryError.self) { try library.saveRun(run.id, step: 4, state: Data([2]), losses: []) }
        #expect(throws: LibraryError.self) { try library.saveRun(run.id, step: 2, state: Data(), losses: []) }
    }

    @Test func theNewestAdapterOfTheIdentityIsUsed() throws {
        try library.saveAdapter(for: "g", identity: identity, config: "1", weights: Data([1]))
        let newest = try library.saveAdapter(for: "g", identity: identity, config: "2", weights: Data([2]))
        let other = VectorIdentity(model: "other", compressor: "c", variant: "v")
        try library.saveAdapter(for: "g", identity: other, config: "3", weights: Data([3]))
        try library.saveAdapter(for: "h", identity: identity, config: "4", weights: Data([4]))
        #expect(try library.adapter(for: "g", identity: identity)?.weights == Data([2]))
        #expect(try library.adapter(for: "g", identity: other)?.weights == Data([3]))
        #expect(try library.adapter(for: "h", identity: other) == nil)
        #expect(try library.adapters(of: "g").count == 3)
        #expect(newest.digest == Digest.sha256(Data([2])))
        try library.removeAdapter(newest.id)
        #expect(try library.adapter(for: "g", identity: identity)?.weights == Data([1]))
        #expect(throws: LibraryError.self) { try library.removeAdapter(newest.id) }
    }
}

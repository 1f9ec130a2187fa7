import Foundation
import LLoCOLibrary
import TestSupport
import Testing

@Suite struct LibrarySegmentTests {
    let library: SQLiteLibrary
    let document: Int64
    let identity = Sample.identity

    init() throws {
        library = try SQLiteLibrary.inMemory()
        document = try library.upsertDocument(path: "x", text: Sample.text("sea"), tokenCount: 12).document.id
    }

    @Test func segmentsContinueWhereTheyStopped() throws {
        try library.appendSegment(Sample.segment(0), to: document, identity: identity)
        try library.appendSegment(Sample.segment(1), to: document, identity: identity)
        let stored = try library.segments(of: document, identity: identity)
        #expect(stored.map(\.tokens) == [0..<4, 4..<8])
        #expect(stored.map(\.tokenDigest) == (0..<2).map { Sample.segment($0).tokenDigest })
        #expect(try library.vectors(of: document, identity: identity, segments: 1).bytes == Sample.segment(0).vectors)
        #expect(throws: LibraryError.self) { try library.markComplete(document, identity: identity) }
        #expect(throws: LibraryError.self) { try library.vectors(of: document, identity: identity) }
        #expect(throws: LibraryError.self) { try library.vectors(of: document, identity: identity, segments: 3) }
        try library.appendSegment(Sample.segment(2), to: document, identity: identity)
        try library.markComplete(document, identity: identity)
        #expect(try library.isComplete(document, identity: identity))
        #expect(try library.vectors(of: document, identity: identity).count == 6)
    }

    @Test func replacingCutsAndJoinsOn() throws {
        for index in 0..<3 { try library.appendSegment(Sample.segment(index), to: document, identity: identity) }
        try library.markComplete(document, identity: identity)
        let changed = [Sample.segment(1, mark: 40), Sample.segment(2, mark: 40)]
        try library.replaceSegments(of: document, identity: identity, from: 1, with: changed)
        #expect(try !library.isComplete(document, identity: identity))
        try library.markComplete(document, identity: identity)
        let expected = Sample.segment(0).vectors + changed[0].vectors + changed[1].vectors
        #expect(try library.vectors(of: document, identity: identity).bytes == expected)
        try library.replaceSegments(of: document, identity: identity, from: 1)
        #expect(try library.segments(of: document, identity: identity).count == 1)
        #expect(throws: LibraryError.self) {
            try library.replaceSegments(of: document, identity: identity, from: 2, with: [Sample.segment(2)])
        }
    }

    @Test func identitiesNeverMix() throws {
        for index in 0..<3 { try library.appendSegment(Sample.segment(index), to: document, identity: identity) }
        try library.markComplete(document, identity: identity)
        for other in [
            VectorIdentity(model: "other", compressor: identity.compressor, variant: identity.variant),
            VectorIdentity(model: identity.model, compressor: "other", variant: identity.variant),
            VectorIdentity(model: identity.model, compressor: identity.compressor, variant: "other"),
        ] {
            #expect(try library.segments(of: document, identity: other) == [])
            #expect(try !library.isComplete(document, identity: other))
            let error = try #require(throws: LibraryError.self) { try library.vectors(of: document, identity: other) }
            #expect(error.code == .notFound)
            try library.appendSegment(Sample.segment(0, mark: 99), to: document, identity: other)
        }
        #expect(try library.vectors(of: document, identity: identity).bytes.prefix(12) == Sample.segment(0).vectors)
        let compressions = try library.compressions()
        #expect(compressions.count == 4)
        #expect(compressions.filter(\.isComplete).map(\.identity) == [identity])
        #expect(compressions[0].vectorCount == 6)
    }

    @Test func impossibleSegmentsAreRefused() throws {
        try library.appendSegment(Sample.segment(0), to: document, identity: identity)
        func refused(_ change: (inout NewSegment) -> Void, sourceLocation: SourceLocation = #_sourceLocation) {
            var segment = Sample.segment(1)
            change(&segment)
            let error = #expect(throws: LibraryError.self, sourceLocation: sourceLocation) {
                try library.appendSegment(segment, to: document, identity: identity)
            }
            #expect(error?.code == .invalid, sourceLocation: sourceLocation)
            #expect(error?.description.contains("\n") == false, sourceLocation: sourceLocation)
        }
        refused { $0.tokens = 5..<9 }
        refused { $0.tokens = 4..<4 }
        refused { $0.tokens = 4..<13 }
        refused { $0.bytes = 0..<Int.max }
        refused { $0.bytes = -1..<4 }
        refused { $0.dimension = 4 }
        refused { $0.vectorCount = 3 }
        refused { $0.vectorCount = 0 }
        refused { $0.vectorCount = -2 }
        refused { $0.vectorCount = Int.max }
        refused { $0.vectors = Data() }
        refused { $0.vectors.removeLast() }
        refused {
            $0.dimension = 6
            $0.vectorCount = 1
        }
        #expect(try library.segments(of: document, identity: identity).count == 1)
        #expect(throws: LibraryError.self) {
            try library.appendSegment(Sample.segment(0), to: document + 7, identity: identity)
        }
    }

    /// Counted in steps of SQLite, which are the same on every machine.
    @Test func theThousandthSegmentCostsWhatTheSecondDid() throws {
        let count = 1000
        let document = try library.upsertDocument(
            path: "long", text: Sample.text("sea", paragraphs: 20), tokenCount: 4 * count
        ).document.id
        let costs = try (0..<count).map { index in
            try library.steps { try library.appendSegment(Sample.segment(index), to: document, identity: identity) }
        }
        #expect(costs[1] > 10)
        #expect(
            costs.dropFirst().allSatisfy { $0 == costs[1] }, "\(costs[1]), \(costs[count / 2]), \(costs[count - 1])")
        let end = try library.steps {
            try library.replaceSegments(
                of: document, identity: identity, from: count - 1, with: [Sample.segment(count - 1, mark: 9)])
            try library.markComplete(document, identity: identity)
        }
        #expect(end < 5 * costs[1])
        #expect(try library.segments(of: document, identity: identity).map(\.position) == Array(0..<count))
        #expect(try library.vectors(of: document, identity: identity).count == 2 * count)
    }

    @Test func aThrownErrorUndoesTheWholeStep() throws {
        try library.appendSegment(Sample.segment(0), to: document, identity: identity)
        // The second new segment does not join on: the first must not stay, nor the old one be cut.
        #expect(throws: LibraryError.self) {
            try library.replaceSegments(
                of: document, identity: identity, from: 0, with: [Sample.segment(0, mark: 50), Sample.segment(2)])
        }
        #expect(try library.vectors(of: document, identity: identity, segments: 1).bytes == Sample.segment(0).vectors)
    }
}

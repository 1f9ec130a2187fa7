import Foundation
import LLoCOBase
import LLoCOLibrary
import LLoCOTestSupport
import Testing

@Suite struct LibrarySegmentTests {
    let library: SQLiteLibrary
    let document: Int64
    let identity = Sample.identity

    init() throws {
        library = try SQLiteLibrary.inMemory()
        document = try library.upsertDocument(path: "x", text: Sample.text("sea"), tokenCount: 12).document.id
    }

    @Test func segmentsAreAppended() throws {
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

    @Test func segmentsAreReplacedFromAPosition() throws {
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

    @Test func invalidSegmentsAreRejected() throws {
        try library.appendSegment(Sample.segment(0), to: document, identity: identity)
        func expectRejected(_ change: (inout NewSegment) -> Void, sourceLocation: SourceLocation = #_sourceLocation) {
            var segment = Sample.segment(1)
            change(&segment)
            let error = #expect(throws: LibraryError.self, sourceLocation: sourceLocation) {
                try library.appendSegment(segment, to: document, identity: identity)
            }
            #expect(error?.code == .invalid, sourceLocation: sourceLocation)
            #expect(error?.description.contains("\n") == false, sourceLocation: sourceLocation)
        }
        expectRejected { $0.tokens = 5..<9 }
        expectRejected { $0.tokens = 4..<4 }
        expectRejected { $0.tokens = 4..<13 }
        expectRejected { $0.bytes = 0..<Int.max }
        expectRejected { $0.bytes = -1..<4 }
        expectRejected { $0.dimension = 4 }
        expectRejected { $0.vectorCount = 3 }
        expectRejected { $0.vectorCount = 0 }
        expectRejected { $0.vectorCount = -2 }
        expectRejected { $0.vectorCount = Int.max }
        expectRejected { $0.vectors = Data() }
        expectRejected { $0.vectors.removeLast() }
        expectRejected {
            $0.dimension = 6
            $0.vectorCount = 1
        }
        #expect(try library.segments(of: document, identity: identity).count == 1)
        #expect(throws: LibraryError.self) {
            try library.appendSegment(Sample.segment(0), to: document + 7, identity: identity)
        }
    }

    /// The 1,000th append costs as many virtual-machine steps of SQLite as the second; they are the same on every
    /// machine.
    @Test func appendingTakesConstantTime() throws {
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

    @Test func anErrorRollsBackTheWholeTransaction() throws {
        try library.appendSegment(Sample.segment(0), to: document, identity: identity)
        // The second new segment leaves a gap, so neither may the first be stored nor the old one be removed.
        #expect(throws: LibraryError.self) {
            try library.replaceSegments(
                of: document, identity: identity, from: 0, with: [Sample.segment(0, mark: 50), Sample.segment(2)])
        }
        #expect(try library.vectors(of: document, identity: identity, segments: 1).bytes == Sample.segment(0).vectors)
    }

    private func numbers(_ bias: Data?) -> [Float]? {
        bias.map { bias in
            stride(from: 0, to: bias.count, by: 4).map { offset in
                Float(bitPattern: bias.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) })
            }
        }
    }

    /// The biases of all segments are concatenated head by head, with zeros for a segment without a bias.
    @Test func biasesAreReadHeadByHead() throws {
        for segment in [Sample.biased(0), Sample.segment(1), Sample.biased(2)] {
            try library.appendSegment(segment, to: document, identity: identity)
        }
        try library.markComplete(document, identity: identity)
        let stored = try library.vectors(of: document, identity: identity)
        #expect(
            numbers(stored.bias) == [
                0, 1, 0, 0, 2, 1, 2, -.infinity, 0, 0, 2, -.infinity, 3, -4, 0, 0, 3, -4,
            ])
        #expect(stored.bytes == (0..<3).reduce(into: Data()) { $0 += Sample.segment($1).vectors })
        let first = try library.vectors(of: document, identity: identity, segments: 1)
        #expect(numbers(first.bias) == [0, 1, 2, -.infinity, 3, -4])
        try library.replaceSegments(of: document, identity: identity, from: 1, with: [Sample.segment(1)])
        let cut = try library.vectors(of: document, identity: identity, segments: 2)
        #expect(numbers(cut.bias) == [0, 1, 0, 0, 2, -.infinity, 0, 0, 3, -4, 0, 0])
        try library.replaceSegments(of: document, identity: identity, from: 0, with: [Sample.segment(0)])
        #expect(try library.vectors(of: document, identity: identity, segments: 1).bias == nil)
        #expect(try library.verify() == [])
        try library.replaceSegments(of: document, identity: identity, from: 0, with: [Sample.biased(0)])
        try library.removeDocument(document)
        #expect(try library.verify() == [], "no bias remains")
    }

    /// Vectors without a bias keep the digest of older formats. Different biases give different digests.
    @Test func biasesArePartOfTheDigest() throws {
        func digest(_ segments: [NewSegment]) throws -> String {
            try library.replaceSegments(of: document, identity: identity, from: 0, with: segments)
            return try library.vectorsDigest(of: document, identity: identity)
        }
        let plain = try digest([Sample.segment(0), Sample.segment(1)])
        #expect(plain == Digest.sha256((0..<2).map { Digest.sha256(Sample.segment($0).vectors) }.joined()))
        var other = Sample.segment(1)
        other.bias = Sample.biased(2).bias
        let digests = try [plain, digest([Sample.segment(0), Sample.biased(1)]), digest([Sample.segment(0), other])]
        #expect(Set(digests).count == 3)
    }

    @Test func invalidBiasesAreRejected() throws {
        let good = try #require(Sample.biased(0).bias)
        func bias(_ number: Float) -> Data {
            withUnsafeBytes(of: number.bitPattern.littleEndian) { good.dropLast(4) + Data($0) }
        }
        // Empty, truncated, a head count that does not divide the dimension, too many heads, NaN, infinity.
        for wrong in [
            Data(), good.dropLast(), good.dropLast(4), good.dropLast(8), good + good, bias(.nan), bias(.infinity),
        ] {
            var segment = Sample.segment(0)
            segment.bias = wrong
            let error = #expect(throws: LibraryError.self) {
                try library.appendSegment(segment, to: document, identity: identity)
            }
            #expect(error?.code == .invalid && error?.description.contains("\n") == false)
        }
        #expect(try library.segments(of: document, identity: identity) == [])
    }

    @Test func damagedBiasesAreDetected() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.lloco")
        do { try Sample.fill(try SQLiteLibrary.open(path, for: .writing)) }
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let bias = try #require(Sample.biased(1).bias)
        let place = try #require(bytes.firstRange(of: bias))
        bytes[place.lowerBound] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        let library = try SQLiteLibrary.open(path, for: .reading)
        let lighthouse = try library.document(named: "lighthouse.txt").id
        let error = try #require(throws: LibraryError.self) {
            _ = try library.vectors(of: lighthouse, identity: identity)
        }
        #expect(error.code == .damaged && error.description.contains("bias"))
        let glacier = try library.document(named: "glacier.txt").id
        #expect(try library.vectors(of: glacier, identity: identity).count == 6)
    }
}

import Foundation
import LLoCOBase
import LLoCOLibrary
import LLoCOTestSupport
import Testing

/// Studies in the library file: stored, checked, removed with their document, absent from an older format.
@Suite struct LibraryStudyTests {
    let identity = StudyIdentity(model: "model-1", settings: "{}")
    let items = [
        StudyItem(
            kind: .reason, question: "Why \u{0}? — “é”", answer: "so",
            targets: TeacherTargets(
                answer: [70_000, 2], width: 3, tokens: [1, 2, 2_000_000_000, 4, 5, 6],
                shares: [0.5, 0.25, 0.25, 1, 0, .leastNormalMagnitude])),
        StudyItem(kind: .summary, question: "", answer: "", rejection: .empty),
    ]

    @Test func storedItemsAreRead() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.lloco")
        let document: Int64
        do {
            let library = try SQLiteLibrary.open(path, for: .writing)
            try Sample.fill(library)
            document = try library.document(named: "glacier.txt").id
            let passages = try library.passages(of: document)
            try library.saveStudy([], of: passages[0], by: identity)
            try library.saveStudy(items.reversed(), of: passages[1], by: identity)
            try library.saveStudy(items, of: passages[1], by: identity)
            #expect(try library.verify() == [])
        }
        let library = try SQLiteLibrary.open(path, for: .reading)
        let studied = try library.study(of: document, by: identity)
        #expect(studied.map(\.items) == [[], items], "the last save replaces the earlier one")
        #expect(try library.studies(of: document) == [identity])
        #expect(try library.study(of: document, by: StudyIdentity(model: "model-2", settings: "{}")) == [])
        #expect(try library.study(of: document, by: StudyIdentity(model: "model-1", settings: "{1}")) == [])
        #expect(try library.studies(of: library.document(named: "harbour.txt").id) == [])
        #expect(throws: LibraryError.self) { _ = try library.studies(of: 99) }
        #expect(throws: LibraryError.self, "opened for reading") {
            try library.saveStudy(items, of: studied[0].passage, by: identity)
        }
    }

    @Test func aStudyIsRemovedWithItsDocument() throws {
        let library = try SQLiteLibrary.inMemory()
        try Sample.fill(library)
        let document = try library.document(named: "glacier.txt").id
        let passage = try library.passages(of: document)[0]
        try library.saveStudy(items, of: passage, by: identity)
        try library.removeDocument(document)
        #expect(try library.verify() == [])
        #expect(throws: LibraryError.self) { try library.saveStudy(items, of: passage, by: identity) }
        #expect(throws: LibraryError.self) { _ = try library.study(of: document, by: identity) }
    }

    /// Targets that are damaged in the file are detected when they are read.
    @Test func damageIsDetected() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.lloco")
        let document: Int64
        do {
            let library = try SQLiteLibrary.open(path, for: .writing)
            document = try library.upsertDocument(path: "/a.txt", text: "A text.", tokenCount: 2).document.id
            try library.saveStudy(items, of: library.passages(of: document)[0], by: identity)
        }
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        // 70,000 as the answer's first token
        let place = try #require(bytes.firstRange(of: Data([0x70, 0x11, 1, 0, 2, 0, 0, 0])))
        bytes[place.lowerBound] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        let library = try SQLiteLibrary.open(path, for: .reading)
        let error = #expect(throws: LibraryError.self) { _ = try library.study(of: document, by: identity) }
        #expect(error?.code == .damaged)
    }

    /// A library of an older version is read as it is, and migrated by a writer.
    @Test func anOlderFormatIsReadAndMigrated() throws {
        let folder = try TemporaryFolder()
        let reader = try ChunkReader(
            url: packageRoot.appending(path: "Fixtures/libraries/format-1.lloco.gz"), expected: "a library")
        var bytes: [UInt8] = []
        while case let chunk = try reader.next(line: nil), !chunk.isEmpty { bytes += chunk }
        let path = try folder.write("old.lloco", bytes)
        #expect(bytes[63] == 1, "the format, big-endian at offset 60")
        let text = "The river rose in 1897 and took the mill."
        let document: Int64
        let vectorsDigest: String
        do {
            let library = try SQLiteLibrary.open(path, for: .reading)
            document = try library.document(named: "river.txt").id
            #expect(try library.text(of: document) == text)
            #expect(try library.studies(of: document) == [])
            #expect(try library.study(of: document, by: identity) == [])
            let vectors = try library.vectors(of: document, identity: library.compressions()[0].identity)
            #expect(vectors.count > 0 && vectors.bias == nil)
            vectorsDigest = try library.vectorsDigest(of: document, identity: library.compressions()[0].identity)
            #expect(try library.rememberedModel()?.identity == library.compressions()[0].identity.model)
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(bytes), "a reader changes nothing")
        do {
            let library = try SQLiteLibrary.open(path, for: .writing)
            let own = try library.compressions()[0].identity
            #expect(try library.vectors(of: document, identity: own).bias == nil)
            #expect(try library.vectorsDigest(of: document, identity: own) == vectorsDigest)
            try library.saveStudy(items, of: library.passages(of: document)[0], by: identity)
            #expect(try library.verify() == [])
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path))[63] == 6)
        let library = try SQLiteLibrary.open(path, for: .reading)
        #expect(try library.text(of: document) == text)
        #expect(try library.study(of: document, by: identity).map(\.items) == [items])
        #expect(try library.compressions().map(\.isComplete) == [true])
    }
}

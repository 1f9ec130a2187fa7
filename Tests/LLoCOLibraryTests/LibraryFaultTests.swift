import Foundation
import LLoCOBase
import LLoCOLibrary
import LLoCOTestSupport
import Testing

@Suite struct LibraryFaultTests {
    @Test func aFullDiskLeavesTheLibraryUnchanged() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.lloco")
        do { try Sample.fill(try SQLiteLibrary.open(path, for: .writing)) }
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        do {
            let library = try SQLiteLibrary.open(path, for: .writing)
            let glacier = try library.document(named: "glacier.txt")
            try library.limitPageCount(to: 1)  // clamped by SQLite to the present size
            var generator = SplitMix64(seed: 3)
            let large = Data((0..<400_000).map { _ in UInt8.random(in: 0...255, using: &generator) })
            let attempts: [() throws -> Void] = [
                {
                    _ = try library.upsertDocument(
                        path: "big", text: Sample.text("big", paragraphs: 3000), tokenCount: 1)
                },
                {
                    _ = try library.upsertDocument(
                        path: "/texts/glacier.txt", text: Sample.text("glacier", paragraphs: 3000), tokenCount: 12)
                },
                {
                    try library.saveAdapter(
                        for: "ice", identity: Sample.identity, config: "{}", weights: large)
                },
                {
                    let run = try library.trainingRuns(of: "ice")[0]
                    try library.saveRun(run.id, step: 2, state: large, losses: [])
                },
            ]
            for attempt in attempts {
                let error = try #require(throws: LibraryError.self) { try attempt() }
                #expect(error.code == .diskFull)
                #expect(error.description.contains(path) && error.description.contains("full"))
            }
            // The same object stays usable.
            #expect(try library.text(of: glacier.id) == Sample.text("glacier"))
            #expect(try library.documents().count == 3)
            #expect(try library.verify() == [])
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        #expect(try folder.contents() == ["a.lloco"])
    }

    @Test func anInterruptedEmbeddingResumes() async throws {
        let library = try SQLiteLibrary.inMemory()
        let id = try await library.upsertDocument(path: "x", text: Sample.text("sea", paragraphs: 60), tokenCount: 1)
            .document
            .id
        let total = try library.passages(of: id).count
        #expect(total > 20)
        await #expect(throws: WordCountEmbedder.Failure.self) {
            try await library.embedPassages(of: id, with: WordCountEmbedder(failsAfter: 12), batch: 4)
        }
        #expect(try library.embeddings(in: .all, embedder: "word-count").passages.count == 12)
        #expect(try await library.embedPassages(of: id, with: WordCountEmbedder(), batch: 4) == total - 12)
        // Another encoder starts from nothing.
        let other = WordCountEmbedder(identity: "other")
        #expect(try library.embeddings(in: .all, embedder: "other").missing == total)
        #expect(try await library.embedPassages(of: id, with: other) == total)
    }

    @Test func invalidEmbeddingsAreRejected() throws {
        let library = try SQLiteLibrary.inMemory()
        let id = try library.upsertDocument(path: "x", text: "some words", tokenCount: 1).document.id
        let passage = try library.passages(of: id)[0].id
        for values in [[1], [1, .nan], [1, .infinity], [1, 2, 3]] as [[Float]] {
            #expect(throws: LibraryError.self) {
                try library.setEmbeddings([(passage, values)], embedder: "e", dimension: 2)
            }
        }
        try library.setEmbeddings([(passage, [0.6, 0.8])], embedder: "e", dimension: 2)
        let matrix = try library.embeddings(in: .all, embedder: "e")
        #expect(matrix.values == [0.6, 0.8])
        #expect(matrix.dimension == 2)
    }

    @Test func invalidRequestsAreRejected() throws {
        let library = try SQLiteLibrary.inMemory()
        #expect(throws: LibraryError.self) { try library.upsertDocument(path: "x", text: "", tokenCount: 0) }
        #expect(throws: LibraryError.self) { try library.upsertDocument(path: "x", text: "a", tokenCount: -1) }
        #expect(throws: LibraryError.self) {
            try library.upsertDocument(path: "x", group: "", text: "a", tokenCount: 1)
        }
        let id = try library.upsertDocument(path: "x", text: "aé b", tokenCount: 1).document.id
        for ranges in [[0..<9], [2..<3], [0..<2], [-1..<1], [3..<5, 0..<1], [1..<1]] {
            let error = #expect(throws: LibraryError.self) { try library.setPassages(of: id, ranges) }
            #expect(error?.code == .invalid)
        }
        try library.setPassages(of: id, [0..<3, 1..<5])
        #expect(try library.passages(of: id).map(\.text) == ["aé", "é b"])
        #expect(throws: LibraryError.self) { try library.embeddings(in: .group("no"), embedder: "e") }
        #expect(throws: LibraryError.self) { try library.documents(in: .document(77)) }
    }

    @Test func textWithNULBytesIsStoredExactly() throws {
        let library = try SQLiteLibrary.inMemory()
        let text = "before\0after words\0 end"
        let id = try library.upsertDocument(path: "x", text: text, tokenCount: 1).document.id
        #expect(try library.text(of: id) == text)
        #expect(try library.passages(of: id).map(\.text).joined() == text)
        try library.removeDocument(id)
        #expect(try library.verify() == [])
    }

    /// Random damage causes no crash, and only one-line library errors.
    @Test(arguments: 0..<6) func damagedBytesNeverCrash(seed: Int) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.lloco")
        do { try Sample.fill(try SQLiteLibrary.open(path, for: .writing)) }
        let good = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        var generator = SplitMix64(seed: UInt64(seed))
        var faults = 0
        for round in 0..<25 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...40, using: &generator) {
                // Half of the damage hits the page headers.
                let page = Int.random(in: 0..<bytes.count / 4096, using: &generator) * 4096
                let offset =
                    Bool.random(using: &generator)
                    ? Int.random(in: 0..<64, using: &generator)
                    : Int.random(in: 0..<4096, using: &generator)
                bytes[page + offset] = UInt8.random(in: 0...255, using: &generator)
            }
            if round % 5 == 4 { bytes.removeLast(Int.random(in: 1..<bytes.count, using: &generator)) }
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            for access in [SQLiteLibrary.Access.reading, .writing] {
                guard let library = await attempt(&faults, { try SQLiteLibrary.open(path, for: access) }) else {
                    continue
                }
                await exercise(library, &faults)
            }
        }
        #expect(faults > 20, "the damage was detected")
    }

    private func exercise(_ library: SQLiteLibrary, _ faults: inout Int) async {
        let embedder = WordCountEmbedder(dimension: 24)
        for document in await attempt(&faults, { try library.documents() }) ?? [] {
            _ = await attempt(&faults) { try library.text(of: document.id) }
            _ = await attempt(&faults) { try library.passages(of: document.id) }
            _ = await attempt(&faults) { try library.segments(of: document.id, identity: Sample.identity) }
            _ = await attempt(&faults) { try library.vectors(of: document.id, identity: Sample.identity) }
        }
        _ = await attempt(&faults) { try library.compressions() }
        _ = await attempt(&faults) { try library.statistics() }
        _ = await attempt(&faults) { try library.verify() }
        _ = await attempt(&faults) { try library.adapter(for: "sea", identity: Sample.identity) }
        for run in await attempt(&faults, { try library.trainingRuns() }) ?? [] {
            _ = await attempt(&faults) { try library.runState(run.id) }
            _ = await attempt(&faults) { try library.losses(of: run.id) }
        }
        let retriever = Retriever(library: library, embedder: embedder)
        _ = await attempt(&faults) { try await retriever.search("the glacier of chapter 3", in: .group("ice")) }
        guard library.access == .writing else { return }
        let grown = Sample.text("glacier") + " More of it."
        if let document = await attempt(
            &faults, { try library.upsertDocument(path: "/texts/glacier.txt", text: grown, tokenCount: 13).document })
        {
            _ = await attempt(&faults) { try await library.embedPassages(of: document.id, with: embedder) }
            _ = await attempt(&faults) {
                try library.replaceSegments(of: document.id, identity: Sample.identity, from: 0)
            }
            _ = await attempt(&faults) { try library.removeDocument(document.id) }
        }
        _ = await attempt(&faults) { try library.removeGroup("sea") }
    }

    private func attempt<Value>(_ faults: inout Int, _ body: () async throws -> Value) async -> Value? {
        do {
            return try await body()
        } catch let error as LibraryError {
            #expect(!error.description.contains("\n"))
            faults += 1
        } catch {
            Issue.record("an error of another kind: \(error)")
        }
        return nil
    }

    /// The next open, for reading or writing, rolls back the journal of a killed writer.
    @Test(
        .enabled(if: Programs.find("sqlite3") != nil, "no sqlite3: apt-get install sqlite3"),
        arguments: [SQLiteLibrary.Access.reading, .writing])
    func aKilledWriterLosesOnlyItsLastTransaction(access: SQLiteLibrary.Access) throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.lloco")
        do { try Sample.fill(try SQLiteLibrary.open(path, for: .writing)) }
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: try #require(Programs.find("sqlite3")))
        shell.arguments = [
            path,
            """
            PRAGMA cache_size = 2; BEGIN IMMEDIATE;
            UPDATE segments SET vectors = zeroblob(12); UPDATE documents SET name = name || 'x';
            UPDATE document_texts SET text = zeroblob(60000); UPDATE adapters SET weights = zeroblob(90000);
            """,
            ".shell kill -9 $PPID",
        ]
        try shell.run()
        shell.waitUntilExit()
        try #require(FileManager.default.fileExists(atPath: path + "-journal"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) != before)
        let library = try SQLiteLibrary.open(path, for: access)
        #expect(try library.document(named: "glacier.txt").isComplete)
        #expect(try library.verify() == [])
        #expect(try library.vectors(of: 1, identity: Sample.identity).count == 6)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }
}

import Dispatch
import Foundation
import LLoCOBase
import LLoCOLibrary
import LLoCOTestSupport
import Synchronization
import Testing

/// Retrieval over asynchronous stores, over stores that change during a search, and over a store without SQLite.
@Suite struct RetrievalStoreTests {
    private let base: SQLiteLibrary
    private let embedder = WordCountEmbedder(dimension: 128)

    init() async throws {
        base = try SQLiteLibrary.inMemory()
        for (name, group) in [("cat", "animals"), ("dog", "animals"), ("ship", "things")] {
            try await Self.add(name, group, embedder, to: base)
        }
    }

    private static func add(
        _ name: String, _ group: String, _ embedder: WordCountEmbedder, to library: any LibraryStore
    ) async throws {
        let text = Sample.text(name, paragraphs: 6)
        let id = try await library.upsertDocument(path: name, group: group, text: text, tokenCount: 1).document.id
        try await library.embedPassages(of: id, with: embedder)
    }

    @Test func anAsynchronousStoreGivesTheSameResults() async throws {
        let store = SuspendingLibrary(try SQLiteLibrary.inMemory())
        for (name, group) in [("cat", "animals"), ("dog", "animals"), ("ship", "things")] {
            try await Self.add(name, group, embedder, to: store)
        }
        let scopes = [LibraryScope.all, .group("animals"), .document(3), .documents([1, 3])]
        for method in Retriever.Method.allCases {
            for scope in scopes {
                let question = "item number 7 of the dog or the ship"
                let expected = try await Retriever(library: base, embedder: embedder)
                    .search(question, in: scope, limit: 12, method: method)
                let found = try await Retriever(library: store, embedder: embedder)
                    .search(question, in: scope, limit: 12, method: method)
                #expect(found == expected && found.passages.isEmpty == false)
            }
        }
        let retriever = Retriever(library: store, embedder: embedder)
        let error = await #expect(throws: LibraryError.self) { try await retriever.search("cat", in: .group("none")) }
        #expect(error?.code == .notFound)
    }

    @Test func concurrentSearchesLoadTheEmbeddingsOnce() async throws {
        let store = SuspendingLibrary(base)
        let retriever = Retriever(library: store, embedder: embedder)
        let scopes = [LibraryScope.all, .group("animals"), .group("things"), .document(1), .documents([2, 3])]
        let results = try await withThrowingTaskGroup(of: (Int, RetrievalResult).self) { group in
            for number in 0..<40 {
                group.addTask {
                    (
                        number % scopes.count,
                        try await retriever.search("item 3 of a cat", in: scopes[number % scopes.count])
                    )
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.count == 40)
        #expect(store.count(of: "embeddings(in:embedder:)") == 1, "one index for all scopes, loaded once")
        for (scope, result) in results {
            let alone = try await Retriever(library: base, embedder: embedder)
                .search("item 3 of a cat", in: scopes[scope])
            #expect(result == alone)
        }
    }

    /// Cancelling a task does not affect others that wait for the same index.
    @Test func aCancelledSearchLeavesTheIndexToOthers() async throws {
        let store = SuspendingLibrary(base)
        let retriever = Retriever(library: store, embedder: embedder)
        let first = Task { try await retriever.search("cat") }
        let second = Task { try await retriever.search("cat") }
        first.cancel()
        #expect(try await second.value.passages.isEmpty == false)
        #expect(store.count(of: "embeddings(in:embedder:)") == 1)
    }

    /// A document that is written between two calls of a search is found by both rankings.
    @Test func aChangeDuringASearchIsDetected() async throws {
        let (base, embedder) = (base, embedder)
        let text = "A zebra of chapter 1 has item number 7 in it."
        let store = SuspendingLibrary(base) { name, number in
            guard name == "passages(matching:in:limit:)", number == 1 else { return }
            let id = try base.upsertDocument(path: "zebra", group: "animals", text: text, tokenCount: 1).document.id
            let passages = try base.passages(of: id)
            try base.setEmbeddings(
                zip(passages.map(\.id), embedder.embed(passages.map(\.text))).map { (passage: $0, values: $1) },
                embedder: embedder.identity, dimension: embedder.dimension)
        }
        let result = try await Retriever(library: store, embedder: embedder).search("zebra item", in: .group("animals"))
        let after = try await Retriever(library: base, embedder: embedder).search("zebra item", in: .group("animals"))
        #expect(result == after)
        #expect(result.passages.first?.documentName == "zebra")
        #expect(store.count(of: "passages(matching:in:limit:)") == 2)
        #expect(store.count(of: "embeddings(in:embedder:)") == 2)
    }

    @Test(arguments: Retriever.Method.allCases)
    func aRemovalDuringASearchIsDetected(method: Retriever.Method) async throws {
        let base = base
        let store = SuspendingLibrary(base) { name, number in
            if name == "passages(_:)", number == 1 { try base.removeDocument(2) }
        }
        let result = try await Retriever(library: store, embedder: embedder)
            .search("item 7 of the dog", limit: 30, method: method)
        let after = try await Retriever(library: base, embedder: embedder)
            .search("item 7 of the dog", limit: 30, method: method)
        #expect(result == after)
        #expect(result.documents.map(\.name).sorted() == ["cat", "ship"])
    }

    /// A library that is written continuously can be searched.
    @Test func continuousChangesDoNotBlockASearch() async throws {
        let base = base
        let store = SuspendingLibrary(base) { name, number in
            guard name == "coverage(of:)" || name == "passages(matching:in:limit:)" else { return }
            _ = try base.upsertDocument(path: "\(name)-\(number)", text: "A text of zebras.", tokenCount: 1)
        }
        let result = try await Retriever(library: store, embedder: embedder).search("item 7 of the dog")
        #expect(result.documents.first?.name == "dog")
        #expect(store.count(of: "coverage(of:)") == 3)
    }

    @Test func aFailedLoadIsRetried() async throws {
        struct Failure: Error {}
        let store = SuspendingLibrary(base) { name, number in
            if name == "embeddings(in:embedder:)", number == 1 { throw Failure() }
        }
        let retriever = Retriever(library: store, embedder: embedder)
        await #expect(throws: Failure.self) { try await retriever.search("cat") }
        #expect(try await retriever.search("cat").documents.first?.name == "cat")
        #expect(try await retriever.search("dog").documents.first?.name == "dog")
        #expect(store.count(of: "embeddings(in:embedder:)") == 2)
    }

    /// A long dense search and a keyword search do not deadlock on an executor with one thread.
    @Test(.timeLimit(.minutes(1))) func oneThreadIsEnough() async throws {
        let store = MadeUpIndex()
        let retriever = Retriever(library: store, embedder: store.embedder, threads: 2)
        let executor = OneThread()
        let results = try await withThrowingTaskGroup(of: RetrievalResult.self) { group in
            for _ in 0..<3 {
                group.addTask(executorPreference: executor) {
                    try await retriever.search("word", in: .documents([1, 2]), limit: 3)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let dense = try await retriever.search("word", in: .documents([1, 2]), limit: 3, method: .dense)
        #expect(dense.passages.map(\.document) == [2, 2, 2])
        for result in results {
            #expect(result.passages.map(\.id) == [1, dense.passages[0].id, dense.passages[1].id])
            #expect(result.unembedded == 1 + 2)
        }
    }
}

/// A serial executor, like a model's.
private final class OneThread: TaskExecutor {
    private let queue = DispatchQueue(label: "one thread")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// Three documents with enough passages for a long search. Later passages are nearer to every question. The keyword
/// search finds the first passage.
private struct MadeUpIndex: PassageIndex {
    struct Embedder: TextEmbedder {
        let identity = "made up"
        let dimension = 256

        func embed(_ texts: [String]) throws -> [[Float]] { texts.map { _ in Array(repeating: 1 / 16, count: 256) } }
    }

    private static let passagesPerDocument = 8400
    let path = "made up"
    let embedder = Embedder()
    private let revision = LibraryRevision([1])

    func passagesWithoutEmbedding(of document: Int64, embedder: String) async throws -> [PassageRecord] { [] }

    func setEmbeddings(
        _ embeddings: [(passage: Int64, values: [Float])], embedder: String, dimension: Int
    ) async throws {}

    func embeddings(in scope: LibraryScope, embedder: String) async throws -> EmbeddingMatrix {
        let count = Self.passagesPerDocument
        let rows = 3 * count
        return EmbeddingMatrix(
            revision: revision,
            documents: (0..<3).map { .init(id: Int64($0), rows: $0 * count..<($0 + 1) * count, missing: $0) },
            passages: (0..<rows).map { Int64($0 + 1) }, dimension: self.embedder.dimension,
            values: (0..<rows).flatMap {
                Array(repeating: Float($0) / Float(16 * rows), count: self.embedder.dimension)
            })
    }

    func coverage(of scope: LibraryScope) async throws -> ScopeCoverage {
        guard case .documents(let keys) = scope else { return ScopeCoverage(revision: revision, documents: nil) }
        return ScopeCoverage(revision: revision, documents: keys.sorted())
    }

    func passages(matching query: KeywordQuery, in scope: LibraryScope, limit: Int) async throws -> RankedPassages {
        RankedPassages(revision: revision, hits: [.init(passage: 1, document: 0)])
    }

    func passages(_ ids: [Int64]) async throws -> [PassageRecord] {
        ids.map { id in
            let place = Int(id - 1)
            return PassageRecord(
                id: id, document: Int64(place / Self.passagesPerDocument), position: place % Self.passagesPerDocument,
                bytes: place..<place + 1, text: "x")
        }
    }

    func names(ofDocuments ids: Set<Int64>) async throws -> [Int64: String] {
        Dictionary(uniqueKeysWithValues: ids.map { ($0, "document \($0)") })
    }
}

import Foundation
import LLoCO
import LLoCOBase
import LLoCOCompression
import LLoCOLibrary
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTestSupport
import LLoCOTokenizers
import LLoCOTorch
import Testing

/// Adding documents with the tiny AutoCompressor: what is stored, kept and rejected.
@Suite struct LoadedModelTests {
    let model: LoadedModel
    let library: SQLiteLibrary

    init() throws {
        model = try LoadedModel.tiny()
        library = try SQLiteLibrary.inMemory()
    }

    private func add(_ text: String, _ path: String = "/a.txt", group: String? = "g") async throws -> AddedDocument {
        try await model.add(text: text, path: path, group: group, to: library)
    }

    private func vectors(_ name: String, in library: SQLiteLibrary? = nil) throws -> StoredVectors {
        let library = library ?? self.library
        return try library.vectors(of: library.document(named: name).id, identity: model.vectorIdentity)
    }

    @Test func addingStoresEverything() async throws {
        let text = "The river rose in 1897 and took the mill."
        let added = try await add(text)
        let ids = try model.languageModel.tokenizer.encode(text, special: .asText)
        #expect(added.tokens == ids.count)
        #expect(added.compressedTokens == ids.count)
        #expect(added.vectors == (ids.count + 19) / 20 * 3)
        #expect(added.movedFrom == nil)
        #expect(added.document.group == "g" && added.document.isComplete)
        let stored = try vectors("a.txt")
        #expect(stored.count == added.vectors)
        // The stored vectors are the compressor's, rounded after every segment.
        var run = try CompressionRun(model.compressor, rounding: .bfloat16)
        for range in model.compressor.scheme.segments(of: ids.count) { _ = try run.compress(Array(ids[range])) }
        #expect(try stored.bytes == Data(run.vectors().rows.to(.bfloat16).bytes()))
        let segments = try library.segments(of: added.document.id, identity: model.vectorIdentity)
        #expect(segments.first?.bytes.lowerBound == 0 && segments.last?.bytes.upperBound == text.utf8.count)
        #expect(zip(segments, segments.dropFirst()).allSatisfy { $0.bytes.upperBound == $1.bytes.lowerBound })
        #expect(try library.statistics().embeddedPassages == library.statistics().passages)
        #expect(try library.verify() == [])
    }

    @Test func addingAgainCompressesOnlyChanges() async throws {
        let text = Sample.text("river", paragraphs: 2)
        let first = try await add(text)
        let before = try vectors("a.txt")
        let again = try await add(text)
        #expect(again.compressedTokens == 0)
        #expect(again.tokens == first.tokens && again.vectors == first.vectors)
        #expect(try vectors("a.txt") == before)

        let grown = text + " And then it rained for a week."
        var reports: [Int] = []
        let tail = try await model.add(text: grown, path: "/a.txt", group: nil, to: library) { done, _ in
            reports.append(done)
        }
        #expect(tail.document.group == "g")
        #expect(tail.compressedTokens == tail.tokens - first.tokens / 20 * 20)
        #expect(reports.first == first.tokens / 20 * 20, "kept tokens are not compressed again")
        let fresh = try SQLiteLibrary.inMemory()
        _ = try await model.add(text: grown, path: "/a.txt", group: "g", to: fresh)
        #expect(try vectors("a.txt") == vectors("a.txt", in: fresh))

        // A change in the middle recompresses what follows it. A shorter text loses its tail.
        let changed = grown.replacing("number 9 ", with: "number 0 ")
        #expect(changed != grown)
        let edit = try await add(changed)
        #expect(edit.compressedTokens > 0 && edit.compressedTokens < edit.tokens)
        let shorter = try await add(String(changed.prefix(90)))
        #expect(shorter.vectors == (shorter.tokens + 19) / 20 * 3)
        #expect(try vectors("a.txt").count == shorter.vectors)
        #expect(try library.verify() == [])
    }

    @Test func anInterruptedAdditionResumes() async throws {
        struct Interruption: Error {}
        let text = Sample.text("river", paragraphs: 2)
        let fresh = try SQLiteLibrary.inMemory()
        let whole = try await model.add(text: text, path: "/a.txt", group: "g", to: fresh)
        for stop in [0, 20, 200, whole.tokens] {
            let library = try SQLiteLibrary.inMemory()
            await #expect(throws: Interruption.self) {
                _ = try await model.add(text: text, path: "/a.txt", group: "g", to: library) { done, _ in
                    if done >= stop { throw Interruption() }
                }
            }
            #expect(try await library.documents().map(\.isComplete) == [false])
            #expect(throws: LibraryError.self) { _ = try vectors("a.txt", in: library) }
            let rest = try await model.add(text: text, path: "/a.txt", group: "g", to: library)
            #expect(rest.compressedTokens == whole.tokens - stop)
            #expect(try vectors("a.txt", in: library) == vectors("a.txt", in: fresh))
        }
    }

    @Test func documentsMoveBetweenGroups() async throws {
        _ = try await add("The mill stands.", group: "one")
        let before = try vectors("a.txt")
        let moved = try await add("The mill stands.", group: "two")
        #expect(moved.movedFrom == "one" && moved.document.group == "two" && moved.compressedTokens == 0)
        #expect(try vectors("a.txt") == before)
        #expect(try await add("The mill stands.", group: nil).document.group == "two")
    }

    /// Vectors of different schemes are stored side by side and never mixed.
    @Test func schemesDoNotMix() async throws {
        let text = Sample.text("river", paragraphs: 1)
        _ = try await add(text)
        let before = try vectors("a.txt")
        let coarse = try LoadedModel.tiny(segmentTokens: 50)
        #expect(coarse.vectorIdentity != model.vectorIdentity)
        #expect(throws: LibraryError.self) {
            _ = try library.vectors(of: library.document(named: "a.txt").id, identity: coarse.vectorIdentity)
        }
        let added = try await coarse.add(text: text, path: "/a.txt", group: "g", to: library)
        #expect(added.compressedTokens == added.tokens)
        #expect(try vectors("a.txt") == before)
        #expect(try await library.vectors(of: added.document.id, identity: coarse.vectorIdentity).count < before.count)
    }

    /// A requested ratio changes the number of vectors of a segment, and with it the vector identity.
    @Test func theRatioSetsTheNumberOfVectors() throws {
        func model(_ ratio: Double?, model: URL = TestFiles.autocompressor) throws -> LoadedModel {
            var options = LoadedModel.Options(model: model)
            (options.dtype, options.segmentTokens, options.ratio) = (.float32, 20, ratio)
            return try LoadedModel.load(options)
        }
        #expect(try model(10).compressor.scheme.summaryTokens == 2)
        #expect(try model(7).vectorIdentity == model(nil).vectorIdentity)
        #expect(try model(20).vectorIdentity != model(nil).vectorIdentity)
        #expect(message { _ = try model(5) }?.contains("expected at most 3") == true)
        let ids = Array(10..<30)
        let (one, three) = (try model(20).compressor.compress(ids).rows, try model(nil).compressor.compress(ids).rows)
        #expect(one.shape[0] == 1 && three.shape[0] == 3)
        // Without a trained compressor any number of vectors is possible.
        let plain = TestFiles.fixtures.appending(path: "llama-rope3")
        #expect(try model(2, model: plain).compressor.compress(ids).count == 10)
    }

    @Test func aCompressorIsWrittenAndRead() throws {
        let folder = try TemporaryFolder()
        let fixture = try CompressorFixture()
        let adapter = try fixture.adapter()
        let description = CompressorCheckpoint.Description(
            scheme: CompressionScheme(segmentTokens: 20, summaryTokens: 3, carry: .newest),
            baseModel: model.modelIdentity, trainedTokens: 12)
        let written = CompressorCheckpoint(
            description: description, embedSummary: fixture.embedSummary, adapter: adapter)
        let place = folder.url.appending(path: "mine")
        try written.write(to: place, as: .float32)
        let read = try CompressorCheckpoint(
            folder: place, for: model.languageModel.decoder, identity: model.modelIdentity)
        #expect(read.description.scheme == description.scheme && read.description.trainedTokens == 12)
        #expect(read.description.files.count == 3)
        #expect(try read.embedSummary.bytes() == fixture.embedSummary.bytes())
        for (one, other) in zip(try #require(read.adapter).parameters, adapter.parameters) {
            #expect(try one.bytes() == other.bytes())
        }

        var options = LoadedModel.Options(model: TestFiles.autocompressor)
        options.compressors = [place]
        options.compressor = .attended
        #expect(try LoadedModel.load(options).vectorIdentity.compressor == Compressor.attendedIdentity)
        options.compressors = []
        options.compressor = .folder(place)
        options.dtype = .float32
        let loaded = try LoadedModel.load(options)
        #expect(loaded.compressor.scheme == description.scheme)
        #expect(try loaded.compressor.adapters.list.count == 1)
        #expect(loaded.vectorIdentity.compressor != model.vectorIdentity.compressor)
        // Compressors for other models are ignored.
        options = LoadedModel.Options(model: TestFiles.fixtures.appending(path: "llama-rope3"))
        options.compressors = [place, folder.url.appending(path: "none")]
        let untrained = try LoadedModel.load(options)
        #expect(
            try untrained.compressor.scheme.method == .attended(AttendedKeysAndValues())
                && untrained.compressor.adapters.list.isEmpty)

        var foreign = description
        foreign.baseModel = String(repeating: "0", count: 64)
        try CompressorCheckpoint(description: foreign, embedSummary: fixture.embedSummary, adapter: adapter)
            .write(to: place)
        options = LoadedModel.Options(model: TestFiles.autocompressor)
        options.compressor = .folder(place)
        #expect(
            message { _ = try LoadedModel.load(options) }?.contains("made for another model (000000000000…") == true)

        let file = place.appending(path: "compressor.json")
        for text in [
            "", "{}", "[]", "{\"scheme\": 3}",
            #"{"scheme": {"segmentTokens": 0, "summaryTokens": 3, "carry": "newest"}, "baseModel": "x", "trainedTokens": 1}"#,
            #"{"scheme": {"segmentTokens": 20, "summaryTokens": -3, "carry": "newest"}, "baseModel": "x", "trainedTokens": 1}"#,
            #"{"scheme": {"segmentTokens": 20, "summaryTokens": 99999999999, "carry": "newest"}, "baseModel": "x", "trainedTokens": 1}"#,
            #"{"scheme": {"segmentTokens": 20, "summaryTokens": 3, "carry": "newest", "summaryInput": "attended"}, "baseModel": "x", "trainedTokens": 1}"#,
        ] {
            try Data(text.utf8).write(to: file)
            #expect(message { _ = try LoadedModel.load(options) }?.contains("compressor.json") == true, "\(text)")
        }
        try FileManager.default.removeItem(at: file)
        #expect(message { _ = try LoadedModel.load(options) }?.contains("no compressor here") == true)
        try written.write(to: place)
        try Data(contentsOf: place.appending(path: "embed_summary.safetensors")).dropLast(3)
            .write(to: place.appending(path: "embed_summary.safetensors"))
        #expect(message { _ = try LoadedModel.load(options) }?.contains("embed_summary.safetensors") == true)
    }

    /// A killed save can leave files of two saves. The mixture is detected when it is loaded.
    @Test func aCompressorOfTwoSavesIsRejected() throws {
        let folder = try TemporaryFolder()
        let fixture = try CompressorFixture()
        func write(_ embedding: Tensor, to place: URL) throws {
            try CompressorCheckpoint(
                description: .init(
                    scheme: CompressionScheme(segmentTokens: 20, summaryTokens: 3), baseModel: model.modelIdentity,
                    trainedTokens: 12),
                embedSummary: embedding, adapter: fixture.adapter()
            ).write(to: place, as: .float32)
        }
        let (old, new) = (folder.url.appending(path: "old"), folder.url.appending(path: "new"))
        try write(fixture.embedSummary, to: old)
        try write(fixture.embedSummary * 2.0, to: new)
        var options = LoadedModel.Options(model: TestFiles.autocompressor)
        options.compressor = .folder(old)
        let identity = try LoadedModel.load(options).vectorIdentity.compressor
        options.compressor = .folder(new)
        #expect(try LoadedModel.load(options).vectorIdentity.compressor != identity)
        let name = "embed_summary.safetensors"
        try FileManager.default.removeItem(at: old.appending(path: name))
        try FileManager.default.copyItem(at: new.appending(path: name), to: old.appending(path: name))
        options.compressor = .folder(old)
        #expect(message { _ = try LoadedModel.load(options) }?.contains("saving was interrupted") == true)
    }

    @Test func missingPartsAreReported() async throws {
        let bare = try LoadedModel.load(LoadedModel.Options(model: TestFiles.fixtures.appending(path: "llama-rope3")))
        let error = #expect(throws: EngineError.self) { _ = try bare.embedder }
        #expect(error?.hint == .loadEmbedder)
        let added = await #expect(throws: EngineError.self) {
            _ = try await bare.add(text: "x", path: "/x", group: nil, to: library)
        }
        #expect(added?.hint == .loadEmbedder)
        #expect(try await library.documents().isEmpty)
    }

    /// A mode without retrieval does not load the retrieval model, so that a damaged one does not matter.
    @Test func theEmbedderIsLoadedWhenNeeded() async throws {
        let folder = try TemporaryFolder()
        try folder.write("config.json", text: "{")
        var options = LoadedModel.Options(model: TestFiles.autocompressor)
        options.embedder = folder.url
        (options.dtype, options.segmentTokens, options.template) = (.float32, 20, .plain)
        let model = try LoadedModel.load(options)
        let library = try SQLiteLibrary.inMemory()
        var asked = Answerer.Options()
        asked.mode = .none
        asked.generation.maximumTokens = 3
        #expect(try await Answerer(model: model, library: library).answer("What?", asked).generatedTokens > 0)
        #expect(throws: (any Error).self) { try model.embedder }
        await #expect(throws: (any Error).self) {
            try await model.add(text: "The river rose.", path: "/river.txt", group: nil, to: library)
        }
        #expect(try await library.documents().isEmpty, "nothing is stored")
    }
}

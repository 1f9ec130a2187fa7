import Foundation
import LLoCO
import LLoCOBase
import LLoCOCompression
import LLoCODocuments
import LLoCOLibrary
import LLoCOModels
import LLoCOTorch
import LLoCOTraining
import Testing

/// The kinds of error of documents, library, compression, training and answering.
@Suite struct ErrorCodeTests {
    @Test(arguments: [
        (LibraryError.Code.missing, ErrorCode.notFound), (.notFound, .notFound), (.notALibrary, .invalid),
        (.invalid, .invalid), (.newerFormat, .unsupported), (.olderFormat, .unsupported), (.damaged, .damaged),
        (.locked, .busy), (.diskFull, .storage), (.notWritable, .storage), (.inputOutput, .storage),
        (.outOfMemory, .outOfMemory), (.database, .failed),
    ]) func libraries(_ code: LibraryError.Code, _ expected: ErrorCode) {
        #expect(LibraryError(code, "x").errorCode == expected)
    }

    @Test(arguments: [
        (DocumentError.Code.missing, ErrorCode.notFound), (.noDocuments, .notFound), (.unreadable, .storage),
        (.empty, .invalid), (.tooLarge, .invalid), (.binary, .unsupported), (.programMissing, .unsupported),
        (.encoding, .damaged), (.truncated, .damaged), (.malformed, .damaged), (.programFailed, .failed),
    ]) func documents(_ code: DocumentError.Code, _ expected: ErrorCode) {
        #expect(DocumentError(code, "x").errorCode == expected)
    }

    private func code(_ body: () throws -> Void) -> ErrorCode? {
        do { try body() } catch { return ErrorCode(of: error) }
        return nil
    }

    @Test func enginesAndAnswers() throws {
        let engine = try LoadedModel.tiny()
        let library = try SQLiteLibrary.inMemory()
        let answerer = Answerer(engine: engine, library: library)
        #expect(code { _ = try answerer.answer("What?") } == .notFound)
        #expect(hint { _ = try answerer.answer("What?") } == .addDocuments(group: nil))
        #expect(code { _ = try answerer.answer(" ") } == .invalid)
        var options = Answerer.Options()
        options.group = "none"
        #expect(code { _ = try answerer.answer("What?", options) } == .notFound)
        #expect(hint { _ = try answerer.answer("What?", options) } == .listGroups)
        options.group = nil
        options.mode = .none
        let long = String(repeating: "When did the river rise? ", count: 200)
        #expect(code { _ = try answerer.answer(long, options) } == .doesNotFit)
        #expect(code { _ = try CompressorCheckpoint.description(in: URL(filePath: "/nowhere")) } == .notFound)
        #expect(code { _ = try Recipe(contentsOf: URL(filePath: "/nowhere/r.json5")) } == .notFound)
        #expect(code { try engine.study(group: "g", recipe: .init(), seed: 1, in: library) } == .notFound)
    }

    @Test func vectorsThatAreNoNumbersAreDamage() throws {
        let fixture = try CompressorFixture()
        let broken = try fixture.embedSummary.cloned()
        try broken[0..<1].fill(.nan)
        let compressor = try Compressor(
            decoder: fixture.decoder, embedSummary: broken, adapter: nil, scheme: fixture.scheme())
        #expect(code { _ = try compressor.compress([5, 6, 7]) } == .damaged)
        #expect(hint { _ = try compressor.compress([5, 6, 7]) } == .computeInFloat32)
        #expect(code { _ = try compressor.check(tokens: 1_000_000, named: "a") } == .doesNotFit)
    }
}

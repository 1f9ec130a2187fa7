import Foundation
import LLoCO
import LLoCOBase
import LLoCOCompression
import LLoCODocuments
import LLoCOLibrary
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTorch
import LLoCOTraining
import Testing

/// The error codes of documents, library, compression, training and answering.
@Suite struct LayerErrorCodeTests {
    @Test(arguments: [
        (LibraryError.Code.missing, ErrorCode.notFound), (.notFound, .notFound), (.notALibrary, .invalid),
        (.invalid, .invalid), (.newerFormat, .unsupported), (.olderFormat, .unsupported), (.damaged, .damaged),
        (.locked, .busy), (.diskFull, .storage), (.notWritable, .storage), (.inputOutput, .storage),
        (.outOfMemory, .outOfMemory), (.database, .failed),
    ]) func libraryErrorsHaveCodes(_ code: LibraryError.Code, _ expected: ErrorCode) {
        #expect(LibraryError(code, "x").errorCode == expected)
    }

    @Test(arguments: [
        (DocumentError.Code.missing, ErrorCode.notFound), (.noDocuments, .notFound), (.unreadable, .storage),
        (.empty, .invalid), (.tooLarge, .invalid), (.binary, .unsupported), (.programMissing, .unsupported),
        (.encoding, .damaged), (.truncated, .damaged), (.malformed, .damaged), (.programFailed, .failed),
    ]) func documentErrorsHaveCodes(_ code: DocumentError.Code, _ expected: ErrorCode) {
        #expect(DocumentError(code, "x").errorCode == expected)
    }

    private func code(_ body: () async throws -> Void) async -> ErrorCode? {
        do { try await body() } catch { return ErrorCode(of: error) }
        return nil
    }

    private func hint(_ body: () async throws -> Void) async -> ErrorHint? {
        do { try await body() } catch { return (error as? any CodedError)?.hint }
        return nil
    }

    @Test func engineErrorsHaveCodesAndHints() async throws {
        let model = try LoadedModel.tiny()
        let library = try SQLiteLibrary.inMemory()
        let answerer = Answerer(model: model, library: library)
        #expect(await code { _ = try await answerer.answer("What?") } == .notFound)
        #expect(await hint { _ = try await answerer.answer("What?") } == .addDocuments(group: nil))
        #expect(await code { _ = try await answerer.answer(" ") } == .invalid)
        var options = Answerer.Options()
        options.group = "none"
        #expect(await code { _ = try await answerer.answer("What?", options) } == .notFound)
        #expect(await hint { _ = try await answerer.answer("What?", options) } == .listGroups)
        options.group = nil
        options.mode = .none
        let long = String(repeating: "When did the river rise? ", count: 200)
        #expect(await code { _ = try await answerer.answer(long, options) } == .doesNotFit)
        #expect(await code { _ = try CompressorCheckpoint.description(in: URL(filePath: "/nowhere")) } == .notFound)
        #expect(await code { _ = try Recipe(contentsOf: URL(filePath: "/nowhere/r.json5")) } == .notFound)
        #expect(
            await code { _ = try await model.study(group: "g", recipe: .init(), seed: 1, in: library) } == .notFound)
    }

    @Test func vectorsThatAreNaNAreDamage() async throws {
        let fixture = try CompressorFixture()
        let broken = try fixture.embedSummary.cloned()
        try broken[0..<1].fill(.nan)
        let compressor = try Compressor(
            decoder: fixture.decoder, embedSummary: broken, adapter: nil, scheme: fixture.scheme())
        #expect(await code { _ = try compressor.compress([5, 6, 7]) } == .damaged)
        #expect(await hint { _ = try compressor.compress([5, 6, 7]) } == .computeInFloat32)
        #expect(await code { _ = try compressor.check(tokens: 1_000_000, named: "a") } == .doesNotFit)
    }
}

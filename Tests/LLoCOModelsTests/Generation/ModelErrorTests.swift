import Foundation
import LLoCOBase
import LLoCOModels
import LLoCOTestSupport
import LLoCOTorch
import Testing

@Suite struct ModelErrorTests {
    private let model: LanguageModel

    init() throws {
        model = try LanguageModel(path: TestFiles.fixtures.appending(path: "llama-rope3"), dtype: .float32)
    }

    private func error(_ body: () throws -> Void) -> ModelError? { #expect(throws: ModelError.self, performing: body) }

    @Test func codes() throws {
        #expect(error { _ = try model.decoder.embed([-1]) }?.errorCode == .invalid)
        let ids = Array(repeating: 5, count: model.window + 1)
        let prompt = error { _ = try model.generate(model.decoder.embed(ids)) }
        #expect(prompt?.errorCode == .doesNotFit && prompt?.hint == nil)
        let text = error { _ = try model.negativeLogLikelihood(of: ids) }
        #expect(text?.errorCode == .doesNotFit && text?.hint == .scoreTokens(model.window))
        let scores = try model.decoder.embed([5, 6])
        try scores.fill(.nan)
        let damage = error { _ = try model.generate(scores) }
        #expect(damage?.errorCode == .damaged && damage?.hint == .computeInFloat32)
    }
}

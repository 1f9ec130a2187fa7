package import Foundation
package import LLoCOCompression
package import LLoCODocuments
import LLoCOTestSupport
import LLoCOTokenizers
import LLoCOTorch

extension LoadedModel {
    /// The tiny AutoCompressor with the tiny encoder: segments of 20 tokens, 3 vectors each.
    package static func tiny(
        template: TemplateChoice = .plain, segmentTokens: Int = 20, adapters: [URL] = []
    ) throws -> LoadedModel {
        var options = LoadedModel.Options(model: TestFiles.autocompressor)
        options.adapters = adapters
        options.embedder = TestFiles.embedder
        options.dtype = .float32
        options.segmentTokens = segmentTokens
        options.template = template
        return try LoadedModel.load(options)
    }
}

extension QuestionSet {
    /// Numbered questions about river.txt; a text can be built with or without their answers.
    package static func river(_ count: Int) -> QuestionSet {
        QuestionSet(documents: [
            QuestionDocument(
                id: "river", title: "river.txt", document: nil,
                questions: (0..<count).map {
                    Question(id: "\($0)", text: "What is item \($0)?", answers: ["The river \($0)."])
                })
        ])
    }
}

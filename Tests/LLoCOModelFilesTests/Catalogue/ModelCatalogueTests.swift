import LLoCOModelFiles
import Testing

@Suite struct ModelCatalogueTests {
    @Test func entriesAreConsistent() {
        #expect(ModelCatalogue.defaultModel.name == "qwen2.5-coder-0.5b")
        #expect(Set(ModelCatalogue.models.map(\.name)).count == ModelCatalogue.models.count)
        for model in ModelCatalogue.models {
            #expect(
                model.name == model.name.lowercased() && ModelCatalogue.model(named: model.name.uppercased()) == model)
            #expect(ModelCatalogue.model(sha256: model.sha256) == model)
            #expect(ContentDigest(hexadecimal: model.sha256) == .sha256(model.sha256))
            #expect(FileName.isInside("\(model.folder)/\(model.file)") && model.file.hasSuffix(".gguf"))
            let pieces = model.pieces
            #expect((pieces.count - 1) * pieces.bytes < model.bytes && model.bytes <= pieces.count * pieces.bytes)
        }
    }
}

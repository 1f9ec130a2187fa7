import Foundation
import LLoCOCheckpoints
import LLoCOCompression
import LLoCOLibrary
import LLoCOModelTestSupport
import LLoCOTestSupport
import LLoCOTorch
import LLoCOTraining
import Testing

/// Recipe files: JSON with comments that overrides the defaults.
@Suite struct RecipeTests {
    private func recipe(_ text: String) throws -> Recipe {
        let folder = try TemporaryFolder()
        return try Recipe(contentsOf: URL(fileURLWithPath: folder.write("r.json5", text: text)))
    }

    @Test func missingFieldsKeepTheirDefaults() throws {
        #expect(try recipe("{}") == Recipe())
        let parsed = try recipe(
            """
            // A comment, a trailing comma, names without quotes.
            {
                appliesTo: { hiddenSize: 12, layerCount: 2, vocabularySize: 30 },
                finetuning: { learningRate: 5e-4, /* inside */ decay: 'linear', epochs: 7, },
            }
            """)
        var expected = Recipe()
        expected.appliesTo.hiddenSize = 12
        expected.appliesTo.layerCount = 2
        expected.appliesTo.vocabularySize = 30
        expected.finetuning.learningRate = 5e-4
        expected.finetuning.decay = .linear
        expected.finetuning.epochs = 7
        #expect(parsed == expected)
    }

    @Test(arguments: [
        ("{ finetuning: { learnigRate: 1 } }", "learnigRate"),
        ("{ fine: { learningRate: 1 } }", "'fine'"),
        ("{ finetuning: { learningRate: 'fast' } }", "finetuning.learningRate"),
        ("{ finetuning: { epochs: 2.5 } }", "finetuning.epochs"),
        ("{ finetuning: { decay: 'steep' } }", "finetuning.decay"),
        ("{ finetuning: 3 }", "finetuning"),
        ("{ finetuning: { epochs: [1] } }", "finetuning.epochs"),
        ("{ finetuning: ", "not a recipe"),
        ("", "r.json5"),
        ("[1, 2]", "r.json5"),
        // Values outside their ranges.
        ("{ finetuning: { epochs: 0 } }", "finetuning.epochs"),
        ("{ finetuning: { epochs: -1 } }", "finetuning.epochs"),
        ("{ finetuning: { batchSize: 0 } }", "finetuning.batchSize"),
        ("{ finetuning: { rank: -8 } }", "finetuning.rank"),
        ("{ finetuning: { dropout: 1.5 } }", "finetuning.dropout"),
        ("{ finetuning: { learningRate: -1 } }", "finetuning.learningRate"),
        ("{ compressor: { learningRate: 0 } }", "compressor.learningRate"),
        ("{ compressor: { readerRank: 8 } }", "compressor.readerRank"),
        ("{ compressor: { answering: 1, readerRank: 5000 } }", "compressor.readerRank"),
        ("{ compressor: { foreignShare: 2 } }", "compressor.foreignShare"),
        ("{ compressor: { hybridShare: -1 } }", "compressor.hybridShare"),
        ("{ selection: { lastWidth: 0 } }", "selection.lastWidth"),
        ("{ selection: { steps: 0 } }", "selection.steps"),
        ("{ selection: { questionsPerStep: 0 } }", "selection.questionsPerStep"),
        ("{ finetuning: { minimumRatio: 70 } }", "finetuning.maximumRatio"),
        ("{ finetuning: { prefersText: true } }", "finetuning.prefersText"),
        ("{ compressor: { maximumRatio: -1 } }", "compressor.maximumRatio"),
        ("{ finetuning: { warmupShare: 2 } }", "finetuning.warmupShare"),
        ("{ finetuning: { clipNorm: 0 } }", "finetuning.clipNorm"),
        ("{ compressor: { summaryTokens: 0 } }", "compressor.summaryTokens"),
        ("{ compressor: { segmentsPerSubstep: 0 } }", "compressor.segmentsPerSubstep"),
        ("{ compressor: { substeps: -2 } }", "compressor.substeps"),
        ("{ compressor: { segmentJitter: 3 } }", "compressor.segmentJitter"),
        ("{ compressor: { batchRows: 0 } }", "compressor.batchRows"),
        ("{ compressor: { rowsPerPass: 0 } }", "compressor.rowsPerPass"),
        ("{ compressor: { rowTokens: 9000000000 } }", "compressor.rowTokens"),
        ("{ compressor: { checkpointSteps: 0 } }", "compressor.checkpointSteps"),
        (
            "{ compressor: { summaryInput: 'attended', adapterScope: 'compressing' } }",
            "compressor: summaryInput attended needs the form keys-and-values"
        ),
        // Ratios that need more vectors than summaryTokens, and ratios in the published continuation.
        (
            "{ compressor: { minimumRatio: 8, maximumRatio: 64, continuation: 0, distillation: 1 } }",
            "compressor.minimumRatio: 8.0 makes 192 vectors"
        ),
        ("{ compressor: { minimumRatio: 32, maximumRatio: 64 } }", "compressor.minimumRatio: ratios are not sampled"),
    ])
    func errorsNameTheField(text: String, name: String) throws {
        let line = message { _ = try recipe(text) }
        #expect(line?.contains("r.json5") == true, "\(line ?? "no error")")
        #expect(line?.contains(name) == true, "\(line ?? "no error")")
        #expect((line?.count ?? 0) < 400)
    }

    /// The encoding identifies saved runs: if it changed, an interrupted run would not resume.
    @Test func theEncodingIsStable() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        func encoded(_ recipe: some Encodable) throws -> String {
            String(decoding: try encoder.encode(recipe), as: UTF8.self)
        }
        #expect(
            try encoded(CompressorRecipe()) == #"""
                {"adapterScope":"everywhere","adaptsFeedForward":false,"alpha":16,"answering":0,"batchRows":32,\#
                "carry":"accumulated","checkpointSteps":50,"clipNorm":1,"continuation":1,"decay":"linear",\#
                "distillation":0,"dropout":0.05,"foreignShare":0,"form":"embeddings","hybridShare":0,\#
                "learningRate":0.0004,"maximumRatio":0,"minimumRatio":0,"questionedSegments":0,"questionsPerRow":16,\#
                "rank":16,"readerAlpha":32,"readerDropout":0.05,"readerLearningRate":0.0002,"readerRank":0,\#
                "readingTokens":640,"reconstruction":0,\#
                "rowTokens":6144,"rowsPerPass":1,"segmentJitter":0.33,"segmentTokens":1536,"segmentsPerSubstep":2,\#
                "steps":76000,"substeps":2,"summaryInput":"learned","summaryLearningRate":0.0004,"summaryTokens":50,\#
                "warmupSteps":5000}
                """#)
        #expect(
            try encoded(FinetuningRecipe()) == #"""
                {"alpha":16,"batchSize":8,"clipNorm":1,"decay":"cosine","documentsPerBatch":2,"dropout":0.05,\#
                "epochs":3,"hybridShare":0,"learningRate":2e-05,"maximumRatio":60,"minimumRatio":15,\#
                "prefersText":false,"rank":8,"startsFromGeneral":true,"tunesVectors":false,"vectorLearningRate":0.002,\#
                "warmupShare":0.04}
                """#)
    }

    @Test func aMissingFileIsNamed() {
        #expect(
            message { _ = try Recipe(contentsOf: URL(fileURLWithPath: "/none/r.json5")) }?.contains("/none/r.json5")
                == true)
    }

    @Test func theIncludedRecipesAreValid() throws {
        let folder = packageRoot.appending(path: "Recipes").resolvingSymlinksInPath()
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json5" }
        #expect(!files.isEmpty)
        for file in files {
            let recipe = try Recipe(contentsOf: file)
            #expect(recipe != Recipe())
            #expect(recipe.appliesTo.hiddenSize > 0)
        }
    }

    /// The included general adapter fits the recipe for groups' adapters and the default compressor's vectors.
    @Test func theIncludedGeneralAdapterFits() throws {
        let root = packageRoot.resolvingSymlinksInPath()
        let recipe = try Recipe(contentsOf: root.appending(path: "Recipes/smollm2-135m-instruct.json5"))
        let folder = root.appending(path: "Adapters/smollm2-135m-instruct")
        let configuration = try AdapterCheckpoint.read(folder).configuration
        #expect(configuration.rank == recipe.finetuning.rank && configuration.alpha == recipe.finetuning.alpha)
        let vectors = try #require(GeneralAdapter.vectors(readBy: folder))
        #expect(vectors.model == configuration.baseModel)
        let made = root.appending(path: "Compressors/smollm2-135m-instruct")
        if let description = try? CompressorCheckpoint.check(made) {
            #expect(vectors.compressor == (try CompressorCheckpoint.identity(in: made)))
            #expect(vectors.variant == description.scheme.description && description.baseModel == vectors.model)
        } else {
            #expect(vectors.compressor == Compressor.attendedIdentity)
            #expect(vectors.variant == Compressor.attendedScheme.description)
        }
    }

    @Test(arguments: AdapterScope.allCases) func invalidCombinationsAreRefused(_ scope: AdapterScope) {
        var recipe = CompressorRecipe()
        (recipe.summaryInput, recipe.adapterScope) = (.attended, scope)
        #expect(
            message { _ = try recipe.scheme } == "compressor: summaryInput attended needs the form keys-and-values")
    }
}

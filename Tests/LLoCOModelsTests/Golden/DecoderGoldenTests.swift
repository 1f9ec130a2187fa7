import Foundation
import LLoCOCheckpoints
import LLoCOModels
import LLoCOTestSupport
import LLoCOTorch
import Testing

/// Tiny models by other authors, if available.
@Suite(.enabled(if: TestFiles.hasGolden, "no reference values: see Fixtures/README.md, LLOCO_GOLDEN"))
struct DecoderGoldenTests {
    private struct Values: Decodable {
        struct Decoder: Decodable {
            let ids: [Int]
            let softText: [Int]
            let greedyPrompt: [Int]
            let greedy: [Int]
        }

        struct Compressor: Decodable {
            let question: [Int]
        }

        let llamaGqa: Decoder
        let autocompressor: Compressor
    }

    private let folder = TestFiles.golden.appending(path: "tiny")
    private let expected: Expected<Values>

    init() throws {
        expected = try Expected("expected", in: folder)
    }

    private func load(_ name: String, _ dtype: DType = .float32) throws -> Llama {
        let path = folder.appending(path: name)
        return try Llama(CheckpointLoader.open(path), configuration: LlamaConfiguration(at: path), dtype: dtype)
    }

    @Test(arguments: [DType.float32, .bfloat16]) func groupedHeads(_ dtype: DType) throws {
        let model = try load("llama-gqa", dtype)
        // The model's weights are float32.
        let tolerance = dtype == .float32 ? Tolerance.of(dtype) : Tolerance.amplified
        let values = expected.values.llamaGqa
        try expect(model.scores(values.ids), near: expected.tensor("llama_gqa.logits"), tolerance: tolerance)
        let soft = try expected.tensor("llama_gqa.soft_prompt")
        let input = try Tensor.concatenated([soft, model.embed(values.softText)[0].to(.float32)])
        try expect(model.scores(input), near: expected.tensor("llama_gqa.soft_logits"), tolerance: tolerance)
        if dtype == .float32 {
            #expect(try model.greedy(model.embed(values.greedyPrompt)[0], values.greedy.count) == values.greedy)
        }
    }

    @Test(arguments: [DType.float32, .bfloat16]) func questionAfterTheVectors(_ dtype: DType) throws {
        let model = try load("autocompressor", dtype)
        let tolerance = Tolerance.of(dtype)
        let question = expected.values.autocompressor.question
        let vectors = try expected.tensor("autocompressor.vectors")
        let input = try Tensor.concatenated([vectors, model.embed(question)[0].to(.float32)])
        func scores(_ adapters: ActiveAdapters) throws -> Tensor {
            try model.scores(input, adapters: adapters)
                .narrowed(0, start: vectors.size(0), length: question.count)
        }
        let adapter = try Adapter(AdapterCheckpoint.read(folder.appending(path: "lloco-adapter")), for: model)
        let frozen = try adapter.frozen(as: dtype, device: .cpu)
        let (plain, adapted) = (
            try expected.tensor("autocompressor.question_logits"), try expected.tensor("lloco.question_logits")
        )
        try expect(scores(.none), near: plain, tolerance: tolerance)
        try expect(scores(ActiveAdapters([adapter])), near: adapted, tolerance: tolerance)
        try expect(scores(ActiveAdapters([frozen])), near: adapted, tolerance: tolerance)
        #expect(try relativeError(plain, adapted) > 10 * Tolerance.of(.float32))
    }
}

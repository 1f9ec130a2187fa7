import Foundation
import LLoCOCheckpoints
import LLoCOModels
import LLoCOTestSupport
import LLoCOTorch
import Testing

/// Folders of sentence-transformers, compared with the vectors of that library.
@Suite struct SentenceModulesTests {
    private struct Values: Decodable {
        let texts: [String]
        /// For each variant, the files' contents by path.
        let variants: [String: [String: String]]
    }

    private let values: Values
    private let tensors: SafetensorsCheckpoint

    init() throws {
        let folder = TestFiles.fixtures.appending(path: "expected")
        values = try JSONDecoder().decode(Values.self, from: Data(contentsOf: folder.appending(path: "embedder.json")))
        tensors = try SafetensorsCheckpoint(folder.appending(path: "embedder.safetensors"))
    }

    private func withFolder<Result>(_ files: [String: String], _ body: (URL) throws -> Result) throws -> Result {
        // Byte for byte: the files' digests are the encoder's identity.
        try withTemporaryFolder { place in
            let folder = place.appending(path: "embedder")
            try FileManager.default.copyItem(at: TestFiles.fixtures.appending(path: "embedder"), to: folder)
            for (path, content) in files {
                let file = folder.appending(path: path)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(content.utf8).write(to: file)
            }
            return try body(folder)
        }
    }

    @Test(arguments: [
        "cls", "max", "all", "named", "tanh", "deep", "prompts", "default", "apart", "lower", "limit", "saved",
    ]) func vectors(_ name: String) throws {
        #expect(values.variants.count == 12)
        try withFolder(#require(values.variants[name])) { folder in
            let embedder = try SentenceEmbedder(folder: folder)
            for (role, kind) in [(SentenceEmbedder.Role.question, "question"), (.passage, "passage")] {
                let reference = try tensors.tensor("\(name).\(kind)", as: .float32)
                for size in [1, 4] {
                    let vectors = try embedder.embed(values.texts, as: role, batchSize: size)
                    #expect(vectors.allSatisfy { $0.count == embedder.dimension })
                    try expect(Tensor(vectors.flatMap { $0 }, shape: reference.shape), near: reference)
                }
            }
        }
    }

    /// The encoder in a subfolder, as written by older versions.
    @Test func encoderInAFolder() throws {
        let files = try #require(values.variants["cls"])
        try withFolder(files) { folder in
            let reference = try SentenceEmbedder(folder: folder).embed(values.texts)
            let inner = folder.appending(path: "0_Transformer")
            try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
            for name in [
                "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "vocab.txt",
                "sentence_bert_config.json",
            ] {
                try FileManager.default.moveItem(at: folder.appending(path: name), to: inner.appending(path: name))
            }
            let modules = try #require(files["modules.json"])
                .replacing(#""path": "", "type""#, with: #""path": "0_Transformer", "type""#)
            try Data(modules.utf8).write(to: folder.appending(path: "modules.json"))
            #expect(try SentenceEmbedder(folder: folder).embed(values.texts) == reference)
        }
    }

    @Test func identities() throws {
        func identity(_ files: [String: String]) throws -> String {
            try withFolder(files) { try SentenceEmbedder(folder: $0).identity() }
        }
        let plain = try identity([:])
        // Other configurations of mean pooling have the same identity.
        let mean = try #require(values.variants["tanh"]?["1_Pooling/config.json"])
        var modules = try #require(values.variants["cls"]?["modules.json"])
        #expect(try identity(["1_Pooling/config.json": mean]) == plain)
        #expect(try identity(["1_Pooling/config.json": mean, "modules.json": modules]) == plain)
        let empty = #"{"prompts": {"query": "", "document": ""}, "similarity_fn_name": "dot"}"#
        let file = "config_sentence_transformers.json"
        #expect(try identity(["1_Pooling/config.json": mean, "modules.json": modules, file: empty]) == plain)
        // All other configurations have distinct identities.
        let others = try [
            "cls", "max", "all", "named", "tanh", "deep", "prompts", "default", "apart", "lower", "limit",
        ]
        .map { try identity(#require(values.variants[$0])) }
        #expect(Set(others + [plain]).count == 12)
        // The prompts' texts and the dense layers' values are part of the identity.
        var prompts = try #require(values.variants["prompts"])
        let first = try identity(prompts)
        prompts[file] = try #require(prompts[file]).replacing("Document: ", with: "Text: ")
        #expect(try identity(prompts) != first)
        var deep = try #require(values.variants["deep"])
        modules = try #require(deep["modules.json"])
        let whole = try identity(deep)
        deep["modules.json"] = modules.replacing("3_Normalize", with: "9_Normalize")
        #expect(try identity(deep) == whole)
        deep["4_Dense/config.json"] = try #require(deep["4_Dense/config.json"]).replacing("GELU", with: "SiLU")
        #expect(try identity(deep) != whole)
        try withFolder(#require(values.variants["deep"])) { folder in
            let weights = folder.appending(path: "4_Dense/model.safetensors")
            var bytes = try Data(contentsOf: weights)
            bytes[bytes.count - 1] ^= 1
            try bytes.write(to: weights)
            #expect(try SentenceEmbedder(folder: folder).identity() != whole)
        }
    }

    private static let head = #"[{"type": "sentence_transformers.models.Transformer", "path": ""}, "#
    private static let pooling = #"{"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}"#
    private static let pooled = [
        "modules.json": head + pooling + "]", "1_Pooling/config.json": #"{"pooling_mode_mean_tokens": true}"#,
    ]

    private static func module(_ type: String, _ path: String = "2_Dense") -> [String: String] {
        ["modules.json": head + pooling + #", {"type": "\#(type)", "path": "\#(path)"}]"#]
    }

    private static func dense(_ fields: String) -> [String: String] {
        module("sentence_transformers.models.Dense").merging([
            "2_Dense/config.json": #"{"in_features": 16, "out_features": 6\#(fields)}"#
        ]) { $1 }
    }

    static let refusals: [(files: [String: String], parts: [String])] = [
        (["modules.json": "{}"], ["modules.json", "list of modules"]),
        (["modules.json": "[]"], ["modules.json", "without a Pooling"]),
        (["modules.json": "[3]"], ["module 0 without type or path"]),
        (["modules.json": head.dropLast(2) + "]"], ["modules.json", "without a Pooling"]),
        (["modules.json": "[\(pooling)]"], ["Pooling as module 0"]),
        (["modules.json": head + pooling + ", " + pooling + "]"], ["Pooling as module 2"]),
        (
            module("sentence_transformers.models.LSTM"),
            ["modules.json", "the module sentence_transformers.models.LSTM"]
        ),
        (module("custom.Dense"), ["the module custom.Dense"]),
        (module("sentence_transformers.models.Dense", "../2_Dense"), ["the file name \"../2_Dense\""]),
        (module("sentence_transformers.models.Dense", ""), ["the file name \"\""]),
        (module("sentence_transformers.models.Dense", "8_Dense"), ["8_Dense, which is not in the folder"]),
        (
            [
                "modules.json": head + #"{"type": "sentence_transformers.models.Dense", "path": "2_Dense"}, "# + pooling
                    + "]"
            ],
            ["Dense as module 1"]
        ),
        (
            dense(#", "activation_function": "torch.nn.modules.activation.Softmax""#),
            ["activation_function torch", "Softmax"]
        ),
        (dense(#", "activation_function": "custom.Tanh""#), ["activation_function custom.Tanh"]),
        (dense(#", "module_input_name": "token_embeddings""#), ["module_input_name token_embeddings"]),
        (dense(#", "uses_more": true"#), ["uses_more is true"]),
        (
            dense("").merging(["2_Dense/config.json": #"{"in_features": 8, "out_features": 6}"#]) { $1 },
            ["in_features 8", "16"]
        ),
        (
            dense("").merging(["2_Dense/config.json": #"{"in_features": 16, "out_features": 7}"#]) { $1 },
            ["linear.weight of shape [6, 16]"]
        ),
        (
            dense("").merging(["2_Dense/config.json": #"{"in_features": 16, "out_features": 99999999}"#]) { $1 },
            ["out_features 99999999"]
        ),
        (["1_Pooling/config.json": #"{"pooling_mode_new_tokens": true}"#], ["pooling_mode_new_tokens is true"]),
        (["1_Pooling/config.json": #"{"pooling_mode": "attention"}"#], ["the pooling \"attention\""]),
        (["1_Pooling/config.json": #"{"word_embedding_dimension": 8}"#], ["states of 8 values"]),
        (["sentence_bert_config.json": #"{"transformer_task": "fill-mask"}"#], ["transformer_task fill-mask"]),
        (["sentence_bert_config.json": #"{"modality_config": {"image": {}}}"#], ["modality_config"]),
        (["sentence_bert_config.json": #"{"model_args": {"a": 1}}"#], ["model_args is an object"]),
        (["config_sentence_transformers.json": #"{"similarity_fn_name": "dot"}"#], ["similarity_fn_name dot"]),
        (
            ["config_sentence_transformers.json": #"{"similarity_fn_name": "manhattan"}"#],
            ["similarity_fn_name manhattan"]
        ),
        (["config_sentence_transformers.json": #"{"default_prompt_name": "task"}"#], ["default_prompt_name task"]),
        (["config_sentence_transformers.json": #"{"prompts": {"query": 3}}"#], ["prompts.query is 3"]),
        (["config_sentence_transformers.json": #"{"model_type": "SparseEncoder"}"#], ["model_type SparseEncoder"]),
        (["tokenizer_config.json": #"{"do_lower_case": true}"#], ["tokenizer_config.json", "do_lower_case is true"]),
    ]

    @Test(arguments: refusals.indices) func unsupportedModulesAreRefused(_ index: Int) throws {
        let (files, parts) = Self.refusals[index]
        let all = files.keys.contains("modules.json") ? Self.pooled.merging(files) { $1 } : files
        try withFolder(all) { folder in
            do {
                _ = try SentenceEmbedder(folder: folder)
                Issue.record("\(files) is read")
            } catch {
                for part in parts { #expect("\(error)".contains(part), "\(part): \(error)") }
            }
        }
    }
}

import Foundation
import LLoCOCheckpoints
import LLoCOModels
import LLoCOTestSupport
import LLoCOTokenizers
import LLoCOTorch
import Testing

@Suite struct BertEncoderTests {
    private let folder = TestFiles.fixtures.appending(path: "bert")
    private let configuration: BertConfiguration
    private let encoder: BertEncoder
    private let expected: Expected<BertValues>
    private let sequences: [[Int]]

    init() throws {
        configuration = try BertConfiguration(at: folder)
        encoder = try BertEncoder(CheckpointLoader.open(folder), configuration: configuration)
        expected = try Expected("bert")
        sequences = expected.values.texts.map(\.ids)
    }

    @Test func embeddingsOneByOne() throws {
        let reference = try expected.tensor("embeddings")
        for (row, ids) in sequences.enumerated() {
            let embedding = try encoder.embed([ids])
            #expect(embedding.shape == [1, configuration.hiddenSize])
            try expect(embedding[0], near: reference[row])
        }
    }

    @Test func embeddingsOfABatch() throws {
        let embeddings = try encoder.embed(sequences)
        #expect(embeddings.dtype == .float32)
        try expect(embeddings, near: expected.tensor("embeddings"))
        for length in try (embeddings * embeddings).sum(1).array(of: Double.self) { #expect(abs(length - 1) < 1e-5) }
    }

    @Test func statesOfOneText() throws {
        let reference = try expected.tensor("states")
        let (alone, _) = try encoder.hiddenStates([sequences[3]])
        try expect(alone[0], near: reference)
        // Padded by a longer text.
        let (padded, present) = try encoder.hiddenStates([sequences[3], sequences[3] + sequences[3]])
        let count = sequences[3].count
        try expect(padded[0][0..<count], near: reference)
        #expect(try present.array(of: Int.self) == (0..<4 * count).map { $0 < count || $0 >= 2 * count ? 1 : 0 })
    }

    @Test func sixteenBits() throws {
        let half = try BertEncoder(CheckpointLoader.open(folder), configuration: configuration, dtype: .bfloat16)
        let embeddings = try half.embed(sequences)
        #expect(embeddings.dtype == .float32)
        try expect(embeddings, near: expected.tensor("embeddings"), tolerance: Tolerance.of(.bfloat16))
    }

    @Test func prefixBeforeTheNamesIsAccepted() throws {
        let checkpoint = try CheckpointLoader.open(folder)
        let tensors = try checkpoint.names.map { ("bert.\($0)", try checkpoint.tensor($0)) }
        let renamed = try SafetensorsCheckpoint(
            data: SafetensorsWriter.data(Dictionary(uniqueKeysWithValues: tensors)), named: "renamed")
        let other = try BertEncoder(renamed, configuration: configuration)
        #expect(try other.embed(sequences).bytes() == encoder.embed(sequences).bytes())
    }

    @Test func inputsAreChecked() throws {
        #expect(fault(ModelError.self) { _ = try encoder.embed([]) }.contains("empty"))
        #expect(fault(ModelError.self) { _ = try encoder.embed([[2, 3], []]) }.contains("empty"))
        for id in [configuration.vocabularySize, -1] {
            let line = fault(ModelError.self) { _ = try encoder.embed([[2, id, 3]]) }
            #expect(line.contains("vocabulary of \(configuration.vocabularySize)"))
        }
        _ = try encoder.embed([[Int](repeating: 5, count: 64)])
        let line = fault(ModelError.self) { _ = try encoder.embed([[Int](repeating: 5, count: 65)]) }
        #expect(line.contains("65 tokens") && line.contains("64 positions"))
    }

    @Test func missingAndMisshapenTensorsAreNamed() throws {
        let checkpoint = try CheckpointLoader.open(folder)
        let tensors = try Dictionary(uniqueKeysWithValues: checkpoint.names.map { ($0, try checkpoint.tensor($0)) })
        func load(_ tensors: [String: Tensor]) throws {
            let data = try SafetensorsWriter.data(tensors)
            _ = try BertEncoder(SafetensorsCheckpoint(data: data, named: "changed"), configuration: configuration)
        }
        let used = tensors.keys.filter { !$0.contains("pooler") && !$0.contains("position_ids") }
        #expect(used.count == 5 + 16 * configuration.layerCount)
        for name in used {
            var changed = tensors
            changed[name] = nil
            #expect(fault(CheckpointError.self) { try load(changed) }.contains(name))
            changed[name] = try .zeros([3])
            #expect(fault(CheckpointError.self) { try load(changed) }.contains("\(name) of shape [3]"))
        }
    }
}

@Suite struct SentenceEmbedderTests {
    private let embedder: SentenceEmbedder
    private let expected: Expected<BertValues>

    init() throws {
        embedder = try SentenceEmbedder(folder: TestFiles.fixtures.appending(path: "bert"))
        expected = try Expected("bert")
    }

    @Test func vectorsKeepTheTextsOrder() throws {
        // The reference parses names of special tokens in text; here they are plain text.
        let rows = expected.values.texts.indices.filter { !expected.values.texts[$0].text.contains("[") }
        let texts = rows.map { expected.values.texts[$0].text }
        let reference = try expected.tensor("embeddings").indexSelected(0, Tensor(rows))
        for batchSize in [1, 4, 100] {
            var done: [Int] = []
            let vectors = try embedder.embed(texts, batchSize: batchSize) { done.append($0) }
            try expect(Tensor(vectors.flatMap { $0 }), near: reference)
            #expect(done == done.sorted() && done.last == texts.count)
            #expect(done.count == (texts.count + batchSize - 1) / batchSize)
        }
        #expect(try embedder.embed([]).isEmpty)
        #expect(embedder.dimension == 32)
    }

    @Test func namesOfSpecialTokensAreText() throws {
        let special = Set([0, 2, 3, 4])
        for sample in expected.values.texts where sample.text.contains("[") {
            let ids = embedder.tokenizer.encodeForEmbedding(sample.text, maxTokens: 64).ids
            #expect(special.isDisjoint(with: ids.dropFirst().dropLast()))
            #expect(try embedder.embed([sample.text])[0] == embedder.encoder.embed([ids]).array(of: Float.self))
        }
    }

    @Test func longTextsAreTruncatedAndReported() throws {
        // The folder's limit is 48 tokens, including [CLS] and [SEP].
        let long = Array(repeating: "river", count: 100).joined(separator: " ")
        let cut = Array(repeating: "river", count: 46).joined(separator: " ")
        #expect(embedder.maximumTokens == 48)
        #expect(embedder.omittedTokens(of: long) == 54 && embedder.omittedTokens(of: cut) == 0)
        let vectors = try embedder.embed([long, cut])
        #expect(vectors[0] == vectors[1])
    }

    @Test func maximumNumberOfTokens() throws {
        try withFixture("bert") { (folder: URL) throws in
            let file = folder.appending(path: "sentence_bert_config.json")
            func tokens(_ content: String?, _ given: Int? = nil) throws -> Int {
                try? FileManager.default.removeItem(at: file)
                if let content { try Data(content.utf8).write(to: file) }
                let embedder = try SentenceEmbedder(folder: folder, maximumTokens: given)
                let names = embedder.identityFiles.map(\.lastPathComponent)
                #expect(names.contains(file.lastPathComponent) == (content != nil))
                return embedder.maximumTokens
            }
            #expect(try tokens(#"{"max_seq_length": 10}"#) == 10)
            #expect(try tokens(#"{"max_seq_length": 10}"#, 20) == 20)
            // At most the number of the encoder's positions.
            #expect(try tokens(#"{"max_seq_length": 512}"#) == 64)
            #expect(try tokens(nil, 1000) == 64)
            for content in [nil, "{}", #"{"max_seq_length": null}"#] { #expect(try tokens(content) == 64) }
            for value in ["0", "-1", "2", "1.5", "\"many\"", "[48]"] {
                let line = fault(CheckpointError.self) { _ = try tokens(#"{"max_seq_length": \#(value)}"#) }
                #expect(line.contains("sentence_bert_config.json") && line.contains("max_seq_length"))
            }
            _ = fault(CheckpointError.self) { _ = try tokens("") }
            _ = fault(CheckpointError.self) { _ = try tokens("{") }
        }
    }

    @Test func otherDTypesAndDevices() throws {
        let folder = TestFiles.fixtures.appending(path: "bert")
        let texts = ["The river rose in 1897.", "A mill"]
        let single = try embedder.embed(texts)
        let half = try SentenceEmbedder(folder: folder, dtype: .bfloat16).embed(texts)
        #expect(half != single)
        try expect(
            Tensor(half.flatMap { $0 }), near: Tensor(single.flatMap { $0 }), tolerance: Tolerance.of(.bfloat16))
        for device in [Device(.cuda), Device(.mps)] where !device.isAvailable {
            _ = fault(TorchError.self) { _ = try SentenceEmbedder(folder: folder, device: device) }
        }
    }

    private static let gpu = [Device(.cuda), Device(.mps)].first(where: \.isAvailable)

    @Test(.enabled(if: gpu != nil, "no GPU that libtorch can use")) func vectorsOfAGPU() throws {
        let texts = ["The river rose in 1897.", "A mill"]
        let vectors = try SentenceEmbedder(
            folder: TestFiles.fixtures.appending(path: "bert"), device: #require(Self.gpu)
        )
        .embed(texts)
        try expect(Tensor(vectors.flatMap { $0 }), near: Tensor(embedder.embed(texts).flatMap { $0 }))
    }

    @Test(arguments: [0, -1, Int.min]) func batchSizesBelowOneAreRefused(_ size: Int) {
        #expect(fault(ModelError.self) { _ = try embedder.embed(["A"], batchSize: size) }.contains("\(size)"))
        _ = fault(ModelError.self) { _ = try embedder.embed([], batchSize: size) }
    }

    @Test func decodersAreRefused() throws {
        let folder = TestFiles.fixtures.appending(path: "llama-rope3")
        #expect(fault(ModelError.self) { _ = try SentenceEmbedder(folder: folder) }.contains("WordPiece"))
    }

    @Test func vocabularyOfALargerModelIsRefused() throws {
        try withFixture("bert", configuration: ["vocab_size": 100]) { folder in
            // Table sizes are checked before the tokenizer's.
            _ = fault(CheckpointError.self) { _ = try SentenceEmbedder(folder: folder) }
        }
    }
}

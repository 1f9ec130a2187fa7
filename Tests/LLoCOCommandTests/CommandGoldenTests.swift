import Foundation
import LLoCOTestSupport
import Testing

/// Compares commands with `golden`: the tiny models, and the default ones where they are installed.
@Suite struct CommandGoldenTests {
    struct Tiny: Decodable {
        struct Compression: Decodable {
            let segmentTokens: Int
            let document: [Int]
        }

        let autocompressor: Compression
    }

    /// A float32 tensor of a safetensors file, parsed by its layout alone.
    private func tensor(_ name: String, in file: Data) throws -> (shape: [Int], values: [Float]) {
        let length = file.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        let header = try #require(
            JSONSerialization.jsonObject(with: file.dropFirst(8).prefix(length)) as? [String: Any])
        let entry = try #require(header[name] as? [String: Any])
        #expect(entry["dtype"] as? String == "F32")
        let offsets = try #require(entry["data_offsets"] as? [Int])
        let data = Data(file[(8 + length + offsets[0])..<(8 + length + offsets[1])])
        return (
            try #require(entry["shape"] as? [Int]),
            data.withUnsafeBytes { bytes in
                (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
            }
        )
    }

    @Test(.enabled(if: TestFiles.hasGolden, "no reference values: see Fixtures/README.md, LLOCO_GOLDEN"))
    func compress() async throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let file = TestFiles.golden.appending(path: "tiny/expected.json")
        let values = try decoder.decode(Tiny.self, from: Data(contentsOf: file)).autocompressor
        let reference = try tensor(
            "autocompressor.vectors",
            in: Data(contentsOf: TestFiles.golden.appending(path: "tiny/expected.safetensors")))
        let place = try Workplace()
        let model = TestFiles.golden.appending(path: "tiny/autocompressor").path
        for (dtype, tolerance) in [("float32", 1e-4), ("bfloat16", 1e-2)] {
            let run = try await place.run(
                "compress", "--ids", values.document.map(String.init).joined(separator: ","), "--out", "v.safetensors",
                "--segment", "\(values.segmentTokens)", "--model", model, "--dtype", dtype, "--json"
            ).object()
            #expect(run["tokens"] as? Int == values.document.count)
            let made = try tensor("vectors", in: place.bytes("v.safetensors"))
            #expect(made.shape == reference.shape && run["vectors"] as? Int == made.shape[0])
            let norm = reference.values.reduce(0.0) { $0 + Double($1 * $1) }
            let distance = zip(made.values, reference.values).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
            #expect((distance / norm).squareRoot() < tolerance, "\(dtype)")
        }
    }

    @Test(
        .enabled(
            if: TestFiles.hasDefaultGolden,
            "the default models or their reference values are not here: see Fixtures/README.md, LLOCO_GOLDEN"))
    func defaultModels() async throws {
        let values = try DefaultModelValues(in: TestFiles.golden)
        let place = try Workplace(environment: [
            "LLOCO_MODEL": try #require(TestFiles.languageModel).path,
            "LLOCO_EMBEDDER": try #require(TestFiles.encoder).path,
            "OMP_NUM_THREADS": "2",
        ])
        for reference in values.tokens {
            let run = try await place.run("tokenize", "-", "--json", input: reference.text).object()
            #expect(run["ids"] as? [Int] == reference.ids, "\(reference.text)")
        }
        for reference in values.greedy {
            let run = try await place.run(
                "generate", reference.prompt, "--max-tokens", "\(reference.ids.count)", "--dtype", "float32", "--json"
            ).object()
            #expect(run["ids"] as? [Int] == reference.ids)
            #expect(run["text"] as? String == reference.text)
        }
        for reference in values.nll {
            guard let file = reference.path else { continue }
            let run = try await place.run("perplexity", file, "--tokens", "\(reference.tokens)", "--json").object()
            #expect(run["tokens"] as? Int == reference.tokens)
            #expect(abs(try #require(run["nll"] as? Double) / reference.nll - 1) < 0.005)
        }
        for reference in values.embeddings {
            let run = try await place.run("embed", "-", "--json", input: reference.text).object()
            let vector = try #require(run["vector"] as? [Double])
            #expect(zip(vector, reference.vector).reduce(0) { $0 + $1.0 * $1.1 } > 0.9999)
        }
    }
}

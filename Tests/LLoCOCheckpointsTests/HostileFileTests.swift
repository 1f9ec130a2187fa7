import Foundation
import LLoCOCheckpoints
import LLoCOTestSupport
import LLoCOTorch
import Testing

/// Files of each format, truncated at every length or with random bytes changed. Each one must load or throw, without
/// a crash and without memory beyond the file's size.
@Suite(.serialized) struct HostileFileTests {
    static let files: [(name: String, bytes: @Sendable () throws -> [UInt8])] = [
        ("safetensors", { try bytes(of: Fixtures.folder.appendingPathComponent("pickled.safetensors")) }),
        ("pickle", { try bytes(of: Fixtures.folder.appendingPathComponent("pickled.bin")) }),
        ("pickle of protocol 4", { try bytes(of: Fixtures.folder.appendingPathComponent("pickled-protocol4.bin")) }),
        ("GGUF", { try bytes(of: Fixtures.folder.appendingPathComponent("llama.gguf")) }),
        ("quantized GGUF", { try bytes(of: Fixtures.folder.appendingPathComponent("quantized.gguf")) }),
        ("zip64", { Pickle.archive(Pickle.tensor(count: 16, shape: [4, 4], strides: [1, 4]), zip64: true) }),
    ]

    /// Opens a file and reads all its tensors and metadata. An error must be a one-line `CheckpointError`.
    private func readAll(_ bytes: [UInt8]) -> Bool {
        do {
            let checkpoint = try open(bytes)
            for name in checkpoint.names { _ = try checkpoint.tensor(name, as: .float32).bytes() }
            if let gguf = checkpoint as? GGUFCheckpoint {
                for value in gguf.metadata.values {
                    _ = try value.array?.byteStrings()
                    _ = value.array?.integers()
                    _ = value.array?.floats()
                }
                _ = try LlamaConfiguration(gguf: gguf)
            }
            return true
        } catch let error as CheckpointError {
            #expect(!error.description.contains("\n") && error.description.count < 1000)
            return false
        } catch {
            Issue.record("\(error)")
            return false
        }
    }

    @Test(arguments: files.indices)
    func everyTruncationIsRefused(_ index: Int) throws {
        let whole = try Self.files[index].bytes()
        var lengths = Array(0..<min(whole.count, 6000))
        if whole.count > 6000 { lengths += stride(from: 6000, to: whole.count, by: 97) }
        for length in lengths {
            #expect(!readAll(Array(whole.prefix(length))), "\(Self.files[index].name) truncated at \(length)")
        }
    }

    @Test(arguments: files.indices)
    func changedBytesLoadOrThrow(_ index: Int) throws {
        let whole = try Self.files[index].bytes()
        var generator = Generator(state: UInt64(index) + 1)
        let before = residentMemory()
        var refused = 0
        // Most of the structure is at the beginning, in zip files at the end.
        let regions = [0..<whole.count, 0..<min(2500, whole.count), max(0, whole.count - 2500)..<whole.count]
        for round in 0..<3000 {
            var bytes = whole
            for _ in 0...(round % 4) {
                let position = Int.random(in: regions[round % 3], using: &generator)
                switch round % 5 {
                case 0: bytes[position] = 0xFF
                case 1: bytes[position] = 0
                case 2: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                default: bytes[position] = .random(in: 0...255, using: &generator)
                }
            }
            if !readAll(bytes) { refused += 1 }
        }
        #expect(refused > 100)
        if let before, let after = residentMemory() {
            #expect(after - before < 512 << 20, "memory grew by \((after - before) >> 20) MiB")
        }
    }

    @Test func randomBytesBehindEveryMagicNumberAreRefused() {
        var generator = Generator(state: 99)
        for start in [
            Array("GGUF".utf8) + [3, 0, 0, 0], [0x50, 0x4B, 3, 4], [40, 0, 0, 0, 0, 0, 0, 0, 0x7B], [0x80, 2], [],
        ] {
            for length in 0..<300 {
                let bytes = start + (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
                #expect(!readAll(bytes))
            }
        }
    }
}

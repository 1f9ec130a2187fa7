import Foundation
import LLoCOCheckpoints
import LLoCOTestSupport
import LLoCOTorch

/// Checkpoints of every format, written by `make.py`.
enum Fixtures {
    static let folder = packageRoot.appending(path: "Tests/LLoCOCheckpointsTests/Fixtures")
}

/// Runs `body` with a new folder, which is deleted afterwards.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lloco-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

func bytes(of url: URL) throws -> [UInt8] { Array(try Data(contentsOf: url)) }

/// The `CheckpointError` that `body` throws; nil if it throws another error or none.
func fault(_ body: () throws -> Void) -> CheckpointError? {
    do {
        try body()
        return nil
    } catch {
        return error as? CheckpointError
    }
}

/// Opens in-memory bytes as a checkpoint; errors call them `name`.
func open(_ bytes: [UInt8], name: String = "/folder/file") throws -> any Checkpoint {
    try CheckpointLoader.open(FileBytes(bytes, name: name))
}

/// The shape, dtype and bytes of a tensor.
struct Content: Equatable {
    var shape: [Int]
    var dtype: DType
    var bytes: [UInt8]

    init(_ tensor: Tensor) throws {
        shape = tensor.shape
        dtype = tensor.dtype
        bytes = try tensor.bytes()
    }
}

/// A small random number generator (SplitMix64) that is the same on every machine.
struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Resident memory of this process in bytes; nil if the system does not report it.
func residentMemory() -> Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
    return text.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 4096 }
}

public import Foundation
public import LLoCOTorch

/// A state dict written by `torch.save`: a memory-mapped zip archive with a pickle and one record per storage.
///
/// Reading a file never runs code; see `PickleInterpreter`. Row-major tensors share the file's pages; others, such as
/// transposed ones, are copied.
public struct PickleCheckpoint: Checkpoint {
    private let file: FileBytes
    private let entries: [String: Entry]
    public let names: [String]

    private struct Entry: Sendable {
        let tensor: PickleTensor
        /// The byte range of the storage in the file.
        let storage: Range<Int>
    }

    /// Opens a file, interprets its pickle and checks every tensor against its storage.
    /// - Throws: `CheckpointError`.
    public init(_ url: URL) throws {
        try self.init(FileBytes(mapping: url))
    }

    package init(_ file: FileBytes) throws {
        let archive = try ZipArchive(file)
        let pickles = archive.entries.values.filter { $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl") }
        guard pickles.count == 1, let pickle = pickles.first else {
            throw file.fault(
                "\(pickles.count) data.pkl entries in the zip archive", expected: "one, as torch.save writes",
                code: .unsupported)
        }
        let prefix = String(pickle.name.dropLast("data.pkl".count))
        if let order = archive.entries[prefix + "byteorder"] {
            let text = String(decoding: file[try archive.data(of: order)], as: UTF8.self)
            guard text == "little" else {
                throw file.fault("the byte order \(text)", expected: "little", code: .unsupported)
            }
        }
        let tensors = try PickleInterpreter.stateDictionary(file, range: archive.data(of: pickle))
        var records: [String: Range<Int>] = [:]
        var entries: [String: Entry] = [:]
        for (name, tensor) in tensors {
            let key = tensor.storage.key
            if records[key] == nil {
                guard let record = archive.entries["\(prefix)data/\(key)"] else {
                    throw file.fault("the storage \(key) of tensor \(name) is not in the archive")
                }
                records[key] = try archive.data(of: record)
            }
            guard let bytes = records[key] else { continue }
            try Self.check(tensor, name, storageBytes: bytes.count, file)
            entries[name] = Entry(tensor: tensor, storage: bytes)
        }
        self.file = file
        self.entries = entries
        self.names = entries.keys.sorted()
    }

    public var files: [URL] { [file.url] }

    public func contains(_ name: String) -> Bool { entries[name] != nil }

    public func shape(of name: String) throws -> [Int] { try entry(name).tensor.shape }

    public func dtype(of name: String) throws -> DType { try entry(name).tensor.dtype }

    public func tensor(_ name: String, as dtype: DType?) throws -> Tensor {
        let entry = try entry(name)
        let tensor = entry.tensor
        let size = tensor.dtype.byteCount
        let count = tensor.shape.reduce(1, *)
        // The offset of a tensor without elements is meaningless and was not checked.
        let begin = entry.storage.lowerBound + (count == 0 ? 0 : tensor.offset * size)
        guard !tensor.isRowMajor, count > 0 else {
            return try TensorEntry(shape: tensor.shape, dtype: tensor.dtype, bytes: begin..<begin + count * size)
                .tensor(in: file, as: dtype)
        }
        let buffer = NumberBuffer(byteCount: count * size)
        gather(file.base + begin, buffer.base, shape: tensor.shape[...], strides: tensor.strides[...], size: size)
        let copy = try Tensor(sharing: buffer.bytes, shape: tensor.shape, dtype: tensor.dtype, owner: buffer)
        guard let dtype, dtype != tensor.dtype else { return copy }
        return try copy.to(dtype)
    }

    private func entry(_ name: String) throws -> Entry {
        guard let entry = entries[name] else { throw file.missing(name, among: names) }
        return entry
    }
}

// MARK: - Storages

extension PickleCheckpoint {
    /// Checks that every element of the tensor lies in its storage. This guarantees that offset, strides and sizes are
    /// not negative and that no product of them overflows.
    private static func check(_ tensor: PickleTensor, _ name: String, storageBytes: Int, _ file: FileBytes) throws {
        let size = tensor.dtype.byteCount
        let (declared, overflow) = tensor.storage.count.multipliedReportingOverflow(
            by: tensor.storage.dtype?.byteCount ?? 1)
        guard !overflow, declared <= storageBytes else {
            throw file.fault(
                "the storage \(tensor.storage.key) of \(storageBytes) bytes",
                expected: "\(tensor.storage.count) elements, as the pickle says")
        }
        func fault() -> CheckpointError {
            file.fault(
                "tensor \(name) of shape \(tensor.shape), strides \(tensor.strides), offset \(tensor.offset)",
                expected: "one that lies within its storage of \(storageBytes / size) elements")
        }
        guard tensor.shape.count == tensor.strides.count, tensor.offset >= 0, tensor.strides.allSatisfy({ $0 >= 0 }),
            let count = elementCount(tensor.shape)
        else { throw fault() }
        // With zero strides, a few bytes could otherwise become a large copy.
        guard count <= storageBytes / size else { throw fault() }
        guard count > 0 else { return }
        var last = tensor.offset
        for (length, stride) in zip(tensor.shape, tensor.strides) {
            let (reach, overflow) = (length - 1).multipliedReportingOverflow(by: stride)
            let (sum, overflowSum) = last.addingReportingOverflow(reach)
            guard !overflow, !overflowSum else { throw fault() }
            last = sum
        }
        guard last < storageBytes / size else { throw fault() }
    }

    /// Copies a strided tensor, dimension by dimension.
    private func gather(
        _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, shape: ArraySlice<Int>,
        strides: ArraySlice<Int>, size: Int
    ) {
        guard let length = shape.first, let stride = strides.first else {
            target.copyMemory(from: source, byteCount: size)
            return
        }
        let (inner, innerStrides) = (shape.dropFirst(), strides.dropFirst())
        let step = inner.reduce(size, *)
        if inner.isEmpty {
            for index in 0..<length {
                (target + index * size).copyMemory(from: source + index * stride * size, byteCount: size)
            }
            return
        }
        for index in 0..<length {
            gather(
                source + index * stride * size, target + index * step, shape: inner, strides: innerStrides, size: size)
        }
    }
}

extension PickleTensor {
    /// Whether the elements are contiguous in row-major order. The stride of a dimension of size 1 does not matter.
    var isRowMajor: Bool {
        var expected = 1
        for (length, stride) in zip(shape, strides).reversed() where length != 1 {
            guard stride == expected else { return false }
            expected *= length
        }
        return true
    }
}

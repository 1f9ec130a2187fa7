public import Foundation
public import LLoCOTorch

/// A GGUF file (versions 2 and 3, little-endian, not split), memory-mapped.
///
/// Tensors carry Hugging Face names and row order: the permutation of query and key rows that llama.cpp's converter
/// applies to some architectures is undone. Tensors without a Hugging Face name keep their own
/// (`rope_freqs.weight`). Quantised ones are dequantised when asked for.
public struct GGUFCheckpoint: Checkpoint {
    let file: FileBytes
    private let entries: [String: GGUFHeader.Entry]
    /// Whether queries and keys have their rows in llama.cpp's order
    private let hasPermutedRows: Bool
    public let names: [String]

    /// The file's metadata, such as `general.architecture` or `tokenizer.ggml.tokens`.
    public let metadata: [String: GGUFValue]

    /// Opens a file and checks its header.
    /// - Throws: `CheckpointError`.
    public init(_ url: URL) throws {
        try self.init(FileBytes(mapping: url))
    }

    package init(_ file: FileBytes) throws {
        let header = try GGUFHeader(file)
        let architecture = header.metadata["general.architecture"]?.string
        let family = ModelFamilies.family(gguf: architecture)
        var entries: [String: GGUFHeader.Entry] = [:]
        for entry in header.entries {
            let name = GGUFNames.huggingFace(entry.name, others: family?.ggufNames ?? [:])
            guard entries.updateValue(entry, forKey: name) == nil else {
                throw file.fault("tensor \(entry.name) for the second time")
            }
        }
        self.file = file
        self.metadata = header.metadata
        self.entries = entries
        self.names = entries.keys.sorted()
        self.hasPermutedRows = family?.hasPermutedRows ?? false
    }

    public var files: [URL] { [file.url] }

    /// `general.architecture`, such as `llama`.
    public var architecture: String? { metadata["general.architecture"]?.string }

    public func contains(_ name: String) -> Bool { entries[name] != nil }

    public func shape(of name: String) throws -> [Int] { try entry(name).shape }

    /// How a tensor is stored.
    public func tensorType(of name: String) throws -> GGUFTensorType { try entry(name).type }

    public func dtype(of name: String) throws -> DType {
        switch try entry(name).type {
        case .f16: .float16
        case .bf16: .bfloat16
        default: .float32
        }
    }

    public func tensor(_ name: String, as dtype: DType?) throws -> Tensor {
        let entry = try entry(name)
        let stored = try self.dtype(of: name)
        let wanted = dtype ?? stored
        let permutation = try permutation(name, entry)
        if entry.type.blockElements == 1 {
            let plain = TensorEntry(shape: entry.shape, dtype: stored, bytes: entry.bytes)
            guard let permutation else { return try plain.tensor(in: file, as: wanted) }
            let buffer = permuteRows(of: plain, permutation)
            let tensor = try Tensor(sharing: buffer.bytes, shape: entry.shape, dtype: stored, owner: buffer)
            return wanted == stored ? tensor : try tensor.to(wanted)
        }
        guard let format = NumberFormat(wanted) else { return try tensor(name, as: .float32).to(wanted) }
        let buffer = dequantize(entry, format, permutation)
        return try Tensor(sharing: buffer.bytes, shape: entry.shape, dtype: wanted, owner: buffer)
    }

    public func fileRows(_ name: String) throws -> FileWeight.Rows? {
        let entry = try entry(name)
        guard entry.shape.count == 2, !entry.bytes.isEmpty else { return nil }
        return FileWeight.Rows(
            file[entry.bytes], type: entry.type.rawValue, count: entry.shape[0], columns: entry.shape[1],
            headRows: try permutation(name, entry)?.headSize ?? 0, owner: file)
    }

    private func entry(_ name: String) throws -> GGUFHeader.Entry {
        guard let entry = entries[name] else { throw file.missing(name, among: names) }
        return entry
    }

    /// A fault of this file.
    func fault(_ found: String, expected: String? = nil, code: CheckpointError.Code = .malformed) -> CheckpointError {
        file.fault(found, expected: expected, code: code)
    }
}

// MARK: - Rows

extension GGUFCheckpoint {
    /// The permutation to undo for the query and key projections, weights and biases, of the families that have one.
    private func permutation(_ name: String, _ entry: GGUFHeader.Entry) throws -> RotaryPermutation? {
        guard hasPermutedRows, let architecture else { return nil }
        let isQuery = name.contains(".self_attn.q_proj.")
        guard isQuery || name.contains(".self_attn.k_proj.") else { return nil }
        let headCount = metadata["\(architecture).attention.head_count"]?.integer
        let heads = isQuery ? headCount : metadata["\(architecture).attention.head_count_kv"]?.integer ?? headCount
        guard let heads, let permutation = RotaryPermutation(rows: entry.shape[0], heads: heads) else {
            throw file.fault(
                "tensor \(entry.name) of \(entry.shape[0]) rows for \(heads.map { "\($0)" } ?? "no") heads",
                expected: "an even number of rows for each head")
        }
        return permutation
    }

    private func permuteRows(of entry: TensorEntry, _ permutation: RotaryPermutation) -> NumberBuffer {
        let source = file[entry.bytes]
        let buffer = NumberBuffer(byteCount: source.count)
        let rows = entry.shape[0]
        let rowBytes = source.count / rows
        guard let from = source.baseAddress else { return buffer }
        for row in 0..<rows {
            (buffer.base + permutation.destination(row) * rowBytes)
                .copyMemory(from: from + row * rowBytes, byteCount: rowBytes)
        }
        return buffer
    }

    private func dequantize(
        _ entry: GGUFHeader.Entry, _ format: NumberFormat, _ permutation: RotaryPermutation?
    ) -> NumberBuffer {
        let rowElements = entry.shape[entry.shape.count - 1]
        let elements = entry.bytes.count / entry.type.blockBytes * entry.type.blockElements
        // A permutation moves slices of the first dimension; a block never crosses a row.
        let unit = permutation == nil ? rowElements : elements / entry.shape[0]
        return Dequantizer(type: entry.type, format: format).run(
            file[entry.bytes], elements: elements, unit: unit, permutation: permutation)
    }
}

public import Foundation
public import LLoCOTorch

/// A memory-mapped GGUF file (versions 2 and 3, little-endian), or all parts of a split one.
///
/// Tensors have Hugging Face names and row order: the permutation of query and key rows by llama.cpp's converter, in
/// some architectures, is undone. Tensors without a Hugging Face name keep their GGUF name (`rope_freqs.weight`).
/// Quantized weights are dequantized when requested as tensors.
public struct GGUFCheckpoint: Checkpoint {
    /// The first part, which has the metadata.
    let file: FileBytes
    private let parts: [FileBytes]
    private let entries: [String: GGUFHeader.Entry]
    /// Whether the file stores query and key rows in llama.cpp's order.
    private let hasPermutedRows: Bool
    public let names: [String]

    /// The file's metadata, such as `general.architecture` or `tokenizer.ggml.tokens`.
    public let metadata: [String: GGUFValue]

    /// Opens a file, or all parts of a split model if the file is one of them, and checks the headers.
    /// - Throws: `CheckpointError`.
    public init(_ url: URL) throws {
        try self.init(FileBytes(mapping: url))
    }

    package init(_ file: FileBytes) throws {
        let headers = try GGUFParts.headers(of: file, GGUFHeader(file))
        let metadata = headers[0].metadata
        let architecture = metadata["general.architecture"]?.string
        let family = ModelFamilies.family(gguf: architecture)
        var entries: [String: GGUFHeader.Entry] = [:]
        for entry in headers.flatMap(\.entries) {
            let name = GGUFNames.huggingFace(entry.name, others: family?.ggufNames ?? [:])
            guard entries.updateValue(entry, forKey: name) == nil else {
                throw entry.file.fault("duplicate tensor \(entry.name)")
            }
        }
        self.file = headers[0].file
        self.parts = headers.map(\.file)
        self.metadata = metadata
        self.entries = entries
        self.names = entries.keys.sorted()
        self.hasPermutedRows = family?.hasPermutedRows ?? false
    }

    public var files: [URL] { parts.map(\.url) }

    /// `general.architecture`, such as `llama`.
    public var architecture: String? { metadata["general.architecture"]?.string }

    public func contains(_ name: String) -> Bool { entries[name] != nil }

    public func shape(of name: String) throws -> [Int] { try entry(name).shape }

    /// The storage type of a tensor.
    /// - Throws: `CheckpointError` if the tensor is missing.
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
        let dtype = dtype ?? stored
        let headRows = try headRows(name, entry)
        if entry.type.blockElements == 1, headRows == 0 {
            return try TensorEntry(shape: entry.shape, dtype: stored, bytes: entry.bytes)
                .tensor(in: entry.file, as: dtype)
        }
        // A permuted bias is a matrix with one column, so that its elements are rows.
        let count = headRows > 0 || entry.shape.count > 1 ? entry.shape[0] : 1
        let columns = entry.shape.reduce(1, *) / count
        let rows = FileWeight.Rows(
            entry.file[entry.bytes], type: entry.type.rawValue, count: count, columns: columns, headRows: headRows,
            owner: entry.file)
        // Expanding straight to bfloat16 rounds only once.
        let expanded = try FileWeight([rows]).expanded(as: dtype == .bfloat16 ? .bfloat16 : .float32)
        return try expanded.reshaped(entry.shape).to(dtype)
    }

    public func fileRows(_ name: String) throws -> FileWeight.Rows? {
        let entry = try entry(name)
        guard entry.shape.count == 2, !entry.bytes.isEmpty else { return nil }
        return FileWeight.Rows(
            entry.file[entry.bytes], type: entry.type.rawValue, count: entry.shape[0], columns: entry.shape[1],
            headRows: try headRows(name, entry), owner: entry.file)
    }

    private func entry(_ name: String) throws -> GGUFHeader.Entry {
        guard let entry = entries[name] else { throw file.missing(name, among: names) }
        return entry
    }

    /// Creates an error about this file.
    func fault(_ found: String, expected: String? = nil, code: CheckpointError.Code = .malformed) -> CheckpointError {
        file.fault(found, expected: expected, code: code)
    }
}

// MARK: - Rows

extension GGUFCheckpoint {
    /// The rows per head of a tensor whose rows must be restored to Hugging Face's order; 0 for all other tensors.
    ///
    /// These are the weights and biases of the query and key projections, in families with permuted rows. RoPE in
    /// Hugging Face pairs the first half of a head's dimensions with the second half, llama.cpp pairs even dimensions
    /// with odd ones. Its converter therefore stores a head's rows 0…d-1 as 0, d/2, 1, d/2+1, …
    private func headRows(_ name: String, _ entry: GGUFHeader.Entry) throws -> Int {
        guard hasPermutedRows, let architecture else { return 0 }
        let isQuery = name.contains(".self_attn.q_proj.")
        guard isQuery || name.contains(".self_attn.k_proj.") else { return 0 }
        let headCount = metadata["\(architecture).attention.head_count"]?.integer
        let heads = isQuery ? headCount : metadata["\(architecture).attention.head_count_kv"]?.integer ?? headCount
        guard let heads, heads > 0, entry.shape[0] % heads == 0, (entry.shape[0] / heads) % 2 == 0 else {
            throw file.fault(
                "tensor \(entry.name) of \(entry.shape[0]) rows for \(heads.map { "\($0)" } ?? "no") heads",
                expected: "an even number of rows for each head")
        }
        return entry.shape[0] / heads
    }
}

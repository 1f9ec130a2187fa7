public import Foundation
import LLoCOBase
public import LLoCOTorch

/// Writes safetensors files.
public enum SafetensorsWriter {
    /// Writes `tensors` to `url` atomically. An existing file is replaced.
    ///
    /// The same tensors and metadata always give the same bytes. Tensors are sorted by decreasing dtype size, so that
    /// each one is aligned, then by dtype and name. The header is padded with spaces to a multiple of eight bytes.
    /// - Throws: `CheckpointError` if the file cannot be written, `TorchError` if a tensor cannot be read.
    public static func write(_ tensors: [String: Tensor], metadata: [String: String] = [:], to url: URL) throws {
        let file = try AtomicFile(url)
        try serialize(tensors, metadata: metadata, name: url.path) { try file.write($0) }
        try file.commit()
    }

    /// The content of such a file in memory, for a store such as a database.
    /// - Throws: `CheckpointError`, `TorchError`.
    public static func data(_ tensors: [String: Tensor], metadata: [String: String] = [:]) throws -> Data {
        var data = Data()
        try serialize(tensors, metadata: metadata, name: "safetensors data") { data.append(contentsOf: $0) }
        return data
    }

    private static func serialize(
        _ tensors: [String: Tensor], metadata: [String: String], name: String,
        to write: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        guard tensors["__metadata__"] == nil else {
            throw CheckpointError(
                .unwritable, file: name, found: "a tensor named __metadata__", expected: "another name")
        }
        let ordered = tensors.sorted { first, second in
            let (a, b) = (first.value.dtype, second.value.dtype)
            if a.byteCount != b.byteCount { return a.byteCount > b.byteCount }
            if a != b { return a.safetensorsName < b.safetensorsName }
            return first.key < second.key
        }
        var header: [(key: String, value: JSONValue)] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { (key: $0.key, value: JSONValue.string($0.value)) }
            header.append(("__metadata__", .object(JSONObject(distinct: pairs))))
        }
        var end = 0
        for (key, tensor) in ordered {
            let begin = end
            end += tensor.shape.reduce(1, *) * tensor.dtype.byteCount
            let entry = JSONObject([
                "dtype": .string(tensor.dtype.safetensorsName), "shape": .array(tensor.shape.map { .integer($0) }),
                "data_offsets": .array([.integer(begin), .integer(end)]),
            ])
            header.append((key, .object(entry)))
        }
        var text = Array(JSONValue.object(JSONObject(distinct: header)).text().utf8)
        text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: -text.count & 7))
        try withUnsafeBytes(of: UInt64(text.count).littleEndian) { try write($0) }
        try text.withUnsafeBytes { try write($0) }
        for (key, tensor) in ordered {
            let bytes = try tensor.bytes()
            guard bytes.count == tensor.shape.reduce(1, *) * tensor.dtype.byteCount else {
                throw CheckpointError(
                    .unwritable, file: name, found: "tensor \(key) gave \(bytes.count) bytes",
                    expected: "the number for its shape \(tensor.shape)")
            }
            try bytes.withUnsafeBytes { try write($0) }
        }
    }
}

import LLoCOBase
import LLoCOTorch

/// The header of a safetensors file: a length (u64), then JSON that maps names to dtype, shape and byte range.
/// Initialization checks every rule of the format (https://huggingface.co/docs/safetensors).
struct SafetensorsHeader: Sendable {
    let entries: [String: TensorEntry]
    let metadata: [String: String]

    static let maximumLength = 100_000_000

    init(_ file: FileBytes) throws {
        var cursor = ByteCursor(file)
        let length = try cursor.count("the header's length")
        guard length <= Self.maximumLength else {
            throw file.fault("a header of \(length) bytes", expected: "at most \(Self.maximumLength)")
        }
        guard length >= 2, file.base.load(fromByteOffset: 8, as: UInt8.self) == UInt8(ascii: "{") else {
            throw file.fault("a header that does not begin with {", expected: "a safetensors file")
        }
        let dataStart = 8 + length
        guard case .object(let header) = try file.json(8..<dataStart) else {
            throw file.fault("a header that is not a JSON object", expected: "a safetensors file")
        }
        var entries: [String: TensorEntry] = [:]
        var metadata: [String: String] = [:]
        for (name, value) in header.members {
            if name == "__metadata__" {
                metadata = try Self.metadata(value, file)
            } else {
                entries[name] = try Self.entry(value, name, dataStart: dataStart, file)
            }
        }
        try Self.checkRanges(entries, dataStart: dataStart, file)
        self.entries = entries
        self.metadata = metadata
    }

    private static func metadata(_ value: JSONValue, _ file: FileBytes) throws -> [String: String] {
        guard let object = value.object else {
            throw file.fault("__metadata__ is \(value.summary)", expected: "an object of strings")
        }
        var metadata: [String: String] = [:]
        for (key, value) in object.members {
            guard let text = value.string else {
                throw file.fault("__metadata__ has no string at \"\(key)\"", expected: "only strings")
            }
            metadata[key] = text
        }
        return metadata
    }

    private static func entry(_ value: JSONValue, _ name: String, dataStart: Int, _ file: FileBytes) throws
        -> TensorEntry
    {
        guard let object = value.object, object.count == 3, let dtypeName = object["dtype"]?.string,
            let dimensions = object["shape"]?.array, let offsets = object["data_offsets"]?.array, offsets.count == 2
        else {
            throw file.fault(
                "tensor \(name) is \(value.summary)", expected: "an object of dtype, shape and data_offsets")
        }
        guard let dtype = DType(safetensors: dtypeName) else {
            throw file.fault(
                "tensor \(name) has the dtype \(dtypeName)",
                expected: "one of \(DType.allCases.map(\.safetensorsName).joined(separator: ", "))", code: .unsupported)
        }
        let shape = dimensions.compactMap { dimension -> Int? in
            if case .integer(let size) = dimension, size >= 0 { size } else { nil }
        }
        guard shape.count == dimensions.count, shape.count <= 16, let count = elementCount(shape) else {
            throw file.fault(
                "tensor \(name) has an invalid shape", expected: "at most 16 sizes whose product fits 64 bits")
        }
        guard case .integer(let begin) = offsets[0], case .integer(let end) = offsets[1], begin >= 0, begin <= end,
            end <= file.count - dataStart
        else {
            throw file.fault(
                "tensor \(name) has data_offsets [\(offsets[0].summary), \(offsets[1].summary)]",
                expected: "a range within the \(file.count - dataStart) bytes after the header")
        }
        let (size, overflow) = count.multipliedReportingOverflow(by: dtype.byteCount)
        guard !overflow, size == end - begin else {
            throw file.fault(
                "tensor \(name) takes \(end - begin) bytes",
                expected: "\(overflow ? "more" : "\(size)") for \(dtypeName) \(shape)")
        }
        return TensorEntry(shape: shape, dtype: dtype, bytes: dataStart + begin..<dataStart + end)
    }

    /// Checks that the tensors fill the file after the header without gap or overlap.
    private static func checkRanges(_ entries: [String: TensorEntry], dataStart: Int, _ file: FileBytes) throws {
        let ordered = entries.sorted {
            ($0.value.bytes.lowerBound, $0.value.bytes.upperBound, $0.key)
                < ($1.value.bytes.lowerBound, $1.value.bytes.upperBound, $1.key)
        }
        var position = dataStart
        for (name, entry) in ordered {
            guard entry.bytes.lowerBound == position else {
                throw file.fault(
                    "tensor \(name) begins at byte \(entry.bytes.lowerBound - dataStart) of the data",
                    expected: "\(position - dataStart), where the previous tensor ends")
            }
            position = entry.bytes.upperBound
        }
        guard position == file.count else {
            throw file.fault(
                "\(file.count - dataStart) bytes of data",
                expected: "\(position - dataStart), where the last tensor ends")
        }
    }
}

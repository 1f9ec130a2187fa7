/// A buffer of consecutive little-endian values.
struct Bytes {
    var bytes: [UInt8] = []

    mutating func add<T: FixedWidthInteger>(_ value: T) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func add(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

    /// Adds a GGUF string: a length and UTF-8.
    mutating func add(string: String) {
        add(UInt64(string.utf8.count))
        add(string.utf8)
    }

    mutating func pad(to alignment: Int) {
        while bytes.count % alignment != 0 { bytes.append(0) }
    }
}

/// A safetensors file with this header and `data` bytes of data.
func safetensors(_ header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
    var file = Bytes()
    file.add(length ?? UInt64(header.utf8.count))
    file.add(header.utf8)
    file.add((0..<data).map { UInt8(truncatingIfNeeded: $0) })
    return file.bytes
}

/// A GGUF file with one tensor; every part can be replaced.
struct GGUFBuilder {
    var magic = "GGUF"
    var version: UInt32 = 3
    var tensorCount: UInt64?
    var pairCount: UInt64?
    /// Keys, and encoded types and values.
    var pairs: [(String, [UInt8])] = []
    var tensors: [(name: String, dimensions: [UInt64], type: UInt32, offset: UInt64)] = [("x", [32], 8, 0)]
    var data = [UInt8](repeating: 1, count: 34)

    static func value<T: FixedWidthInteger>(_ type: UInt32, _ value: T) -> [UInt8] {
        var bytes = Bytes()
        bytes.add(type)
        bytes.add(value)
        return bytes.bytes
    }

    static func value(_ text: String) -> [UInt8] {
        var bytes = Bytes()
        bytes.add(UInt32(8))
        bytes.add(string: text)
        return bytes.bytes
    }

    var bytes: [UInt8] {
        var file = Bytes()
        file.add(magic.utf8)
        file.add(version)
        file.add(tensorCount ?? UInt64(tensors.count))
        file.add(pairCount ?? UInt64(pairs.count))
        for (key, value) in pairs {
            file.add(string: key)
            file.add(value)
        }
        for tensor in tensors {
            file.add(string: tensor.name)
            file.add(UInt32(tensor.dimensions.count))
            for size in tensor.dimensions { file.add(size) }
            file.add(tensor.type)
            file.add(tensor.offset)
        }
        file.pad(to: 32)
        file.add(data)
        return file.bytes
    }
}

/// A zip archive with uncompressed entries. With `zip64`, the 64-bit records contain all numbers that they can.
func zip(_ entries: [(name: String, data: [UInt8])], method: UInt16 = 0, flags: UInt16 = 0, zip64: Bool = false)
    -> [UInt8]
{
    var file = Bytes()
    var directory = Bytes()
    for (name, data) in entries {
        let offset = file.bytes.count
        file.add(UInt32(0x0403_4B50))
        file.add([20, 0])
        file.add(flags)
        file.add(method)
        file.add([UInt8](repeating: 0, count: 8))
        file.add(UInt32(data.count))
        file.add(UInt32(data.count))
        file.add(UInt16(name.utf8.count))
        file.add(UInt16(0))
        file.add(name.utf8)
        file.add(data)
        directory.add(UInt32(0x0201_4B50))
        directory.add([20, 0, 20, 0])
        directory.add(flags)
        directory.add(method)
        directory.add([UInt8](repeating: 0, count: 8))
        for _ in 0..<2 { directory.add(zip64 ? UInt32.max : UInt32(data.count)) }
        directory.add(UInt16(name.utf8.count))
        directory.add(UInt16(zip64 ? 28 : 0))
        directory.add([UInt8](repeating: 0, count: 10))
        directory.add(zip64 ? UInt32.max : UInt32(offset))
        directory.add(name.utf8)
        if zip64 {
            directory.add(UInt16(1))
            directory.add(UInt16(24))
            directory.add(UInt64(data.count))
            directory.add(UInt64(data.count))
            directory.add(UInt64(offset))
        }
    }
    let start = file.bytes.count
    file.add(directory.bytes)
    if zip64 {
        let end64 = file.bytes.count
        file.add(UInt32(0x0606_4B50))
        file.add(UInt64(44))
        file.add([45, 0, 45, 0])
        file.add(UInt64(0))
        file.add(UInt64(entries.count))
        file.add(UInt64(entries.count))
        file.add(UInt64(directory.bytes.count))
        file.add(UInt64(start))
        file.add(UInt32(0x0706_4B50))
        file.add(UInt32(0))
        file.add(UInt64(end64))
        file.add(UInt32(1))
    }
    file.add(UInt32(0x0605_4B50))
    file.add(UInt32(0))
    for _ in 0..<2 { file.add(zip64 ? UInt16.max : UInt16(entries.count)) }
    file.add(zip64 ? UInt32.max : UInt32(directory.bytes.count))
    file.add(zip64 ? UInt32.max : UInt32(start))
    file.add(UInt16(0))
    return file.bytes
}

/// A builder of pickle opcodes.
struct Pickle {
    var bytes: [UInt8] = [0x80, 2]

    static func text(_ text: String) -> [UInt8] { [0x8C, UInt8(text.utf8.count)] + Array(text.utf8) }

    static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }

    static func integer(_ value: Int) -> [UInt8] {
        [0x8A, 8] + (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    static func tuple(_ parts: [[UInt8]]) -> [UInt8] { [0x28] + parts.joined() + [0x74] }

    /// A call of `_rebuild_tensor_v2`.
    static func tensor(
        storage: String = "FloatStorage", key: String = "0", count: Int, offset: Int = 0, shape: [Int], strides: [Int]
    ) -> [UInt8] {
        let id = tuple([text("storage"), global("torch", storage), text(key), text("cpu"), integer(count)]) + [0x51]
        let arguments = tuple([
            id, integer(offset), tuple(shape.map(integer)), tuple(strides.map(integer)), [0x89],
            global("collections", "OrderedDict") + [0x29, 0x52],
        ])
        return global("torch._utils", "_rebuild_tensor_v2") + arguments + [0x52]
    }

    /// The archive of a state dict with one tensor `x`, created by the opcodes `value`.
    static func archive(_ value: [UInt8], storage: Int = 64, method: UInt16 = 0, flags: UInt16 = 0, zip64: Bool = false)
        -> [UInt8]
    {
        let pickle: [UInt8] = [0x80, 2, 0x7D] + text("x") + value + [0x73, 0x2E]
        return zip(
            [("a/data.pkl", pickle), ("a/data/0", (0..<storage).map { UInt8(truncatingIfNeeded: $0) })],
            method: method, flags: flags, zip64: zip64)
    }
}

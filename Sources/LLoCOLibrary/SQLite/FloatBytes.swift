internal import Foundation

/// Converts float32 values to and from little-endian bytes.
enum FloatBytes {
    static func data(_ values: [Float]) -> Data {
        values.map { $0.bitPattern.littleEndian }.withUnsafeBytes { Data($0) }
    }

    /// Appends the values in `bytes`, a multiple of four in length. Returns whether all of them are finite.
    static func append(_ bytes: Data, to values: inout [Float]) -> Bool {
        bytes.withUnsafeBytes { raw in
            var finite = true
            for offset in stride(from: 0, to: raw.count - 3, by: 4) {
                let word = UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
                finite = finite && word & 0x7F80_0000 != 0x7F80_0000
                values.append(Float(bitPattern: word))
            }
            return finite
        }
    }
}

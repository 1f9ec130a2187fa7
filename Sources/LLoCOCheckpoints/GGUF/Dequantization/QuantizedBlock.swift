/// One of ggml's block formats: some numbers that share a scale. All are little-endian and unaligned in the file.
protocol QuantizedBlock {
    static var elements: Int { get }
    static var bytes: Int { get }

    /// Writes the `elements` numbers of the block of `bytes` bytes at `block`.
    static func decode(_ block: UnsafePointer<UInt8>, _ output: UnsafeMutablePointer<Float>)
}

extension UnsafePointer<UInt8> {
    /// The float16 at a byte offset.
    @inline(__always)
    func half(_ offset: Int) -> Float {
        let bits = UnsafeRawPointer(self).loadUnaligned(fromByteOffset: offset, as: UInt16.self)
        return FloatBits.float(float16: UInt16(littleEndian: bits))
    }

    /// The unsigned 32-bit integer at a byte offset.
    @inline(__always)
    func word(_ offset: Int) -> UInt32 {
        UInt32(littleEndian: UnsafeRawPointer(self).loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}

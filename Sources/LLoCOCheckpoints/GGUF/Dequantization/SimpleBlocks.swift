// The formats with blocks of 32: a float16 scale, in the `_1` formats also a float16 minimum, then the quants.
// Quant i of a 4-bit pair of halves is the low nibble of byte i for i < 16, the high nibble of byte i - 16 from there.

enum Q8_0: QuantizedBlock {
    static let elements = 32
    static let bytes = 34

    @inline(__always)
    static func decode(_ block: UnsafePointer<UInt8>, _ output: UnsafeMutablePointer<Float>) {
        let scale = block.half(0)
        let quants = UnsafeRawPointer(block + 2).assumingMemoryBound(to: Int8.self)
        for i in 0..<32 { output[i] = scale * Float(quants[i]) }
    }
}

enum Q4_0: QuantizedBlock {
    static let elements = 32
    static let bytes = 18

    @inline(__always)
    static func decode(_ block: UnsafePointer<UInt8>, _ output: UnsafeMutablePointer<Float>) {
        let scale = block.half(0)
        let quants = block + 2
        for i in 0..<16 { output[i] = scale * Float(Int32(quants[i] & 0x0F) &- 8) }
        for i in 0..<16 { output[i + 16] = scale * Float(Int32(quants[i] &>> 4) &- 8) }
    }
}

enum Q4_1: QuantizedBlock {
    static let elements = 32
    static let bytes = 20

    @inline(__always)
    static func decode(_ block: UnsafePointer<UInt8>, _ output: UnsafeMutablePointer<Float>) {
        let scale = block.half(0)
        let minimum = block.half(2)
        let quants = block + 4
        for i in 0..<16 { output[i] = scale * Float(Int32(quants[i] & 0x0F)) + minimum }
        for i in 0..<16 { output[i + 16] = scale * Float(Int32(quants[i] &>> 4)) + minimum }
    }
}

enum Q5_0: QuantizedBlock {
    static let elements = 32
    static let bytes = 22

    @inline(__always)
    static func decode(_ block: UnsafePointer<UInt8>, _ output: UnsafeMutablePointer<Float>) {
        let scale = block.half(0)
        let high = block.word(2)  // bit i is the fifth bit of quant i
        let quants = block + 6
        for i in 0..<16 {
            let fifth = (high &>> UInt32(i)) & 1
            output[i] = scale * Float(Int32(quants[i] & 0x0F) &+ Int32(fifth &<< 4) &- 16)
        }
        for i in 0..<16 {
            let fifth = (high &>> UInt32(i &+ 16)) & 1
            output[i + 16] = scale * Float(Int32(quants[i] &>> 4) &+ Int32(fifth &<< 4) &- 16)
        }
    }
}

enum Q5_1: QuantizedBlock {
    static let elements = 32
    static let bytes = 24

    @inline(__always)
    static func decode(_ block: UnsafePointer<UInt8>, _ output: UnsafeMutablePointer<Float>) {
        let scale = block.half(0)
        let minimum = block.half(2)
        let high = block.word(4)
        let quants = block + 8
        for i in 0..<16 {
            let fifth = (high &>> UInt32(i)) & 1
            output[i] = scale * Float(Int32(quants[i] & 0x0F) &+ Int32(fifth &<< 4)) + minimum
        }
        for i in 0..<16 {
            let fifth = (high &>> UInt32(i &+ 16)) & 1
            output[i + 16] = scale * Float(Int32(quants[i] &>> 4) &+ Int32(fifth &<< 4)) + minimum
        }
    }
}

// The K formats: super-blocks of 256, whose 8 or 16 sub-blocks have small integer scales under a float16 scale.

/// The packed six-bit scales and minimums of Q4_K and Q5_K: twelve bytes for eight of each.
private struct PackedScales {
    let bytes: UnsafePointer<UInt8>

    @inline(__always)
    func scaleAndMinimum(_ index: Int) -> (scale: Float, minimum: Float) {
        if index < 4 {
            return (Float(bytes[index] & 0x3F), Float(bytes[index + 4] & 0x3F))
        }
        let scale = (bytes[index + 4] & 0x0F) | ((bytes[index - 4] &>> 6) &<< 4)
        let minimum = (bytes[index + 4] &>> 4) | ((bytes[index] &>> 6) &<< 4)
        return (Float(scale), Float(minimum))
    }
}

enum Q4_K: QuantizedBlock {
    static let elements = 256
    static let bytes = 144

    @inline(__always)
    static func decode(_ block: UnsafePointer<UInt8>, _ output: UnsafeMutablePointer<Float>) {
        let (scale, minimum) = (block.half(0), block.half(2))
        let scales = PackedScales(bytes: block + 4)
        // 32 bytes hold two sub-blocks: low nibbles, then high nibbles.
        for pair in 0..<4 {
            let quants = block + 16 + 32 * pair
            let target = output + 64 * pair
            let low = scales.scaleAndMinimum(2 * pair)
            let high = scales.scaleAndMinimum(2 * pair + 1)
            let (lowScale, lowMinimum) = (scale * low.scale, minimum * low.minimum)
            let (highScale, highMinimum) = (scale * high.scale, minimum * high.minimum)
            for i in 0..<32 { target[i] = lowScale * Float(Int32(quants[i] & 0x0F)) - lowMinimum }
            for i in 0..<32 { target[i + 32] = highScale * Float(Int32(quants[i] &>> 4)) - highMinimum }
        }
    }
}

enum Q5_K: QuantizedBlock {
    static let elements = 256
    static let bytes = 176

    @inline(__always)
    static func decode(_ block: UnsafePointer<UInt8>, _ output: UnsafeMutablePointer<Float>) {
        let (scale, minimum) = (block.half(0), block.half(2))
        let scales = PackedScales(bytes: block + 4)
        let fifths = block + 16  // bit b of byte i is the fifth bit of quant i of sub-block b
        for pair in 0..<4 {
            let quants = block + 48 + 32 * pair
            let target = output + 64 * pair
            let low = scales.scaleAndMinimum(2 * pair)
            let high = scales.scaleAndMinimum(2 * pair + 1)
            let (lowScale, lowMinimum) = (scale * low.scale, minimum * low.minimum)
            let (highScale, highMinimum) = (scale * high.scale, minimum * high.minimum)
            let (lowShift, highShift) = (UInt8(2 * pair), UInt8(2 * pair + 1))
            for i in 0..<32 {
                let fifth = ((fifths[i] &>> lowShift) & 1) &<< 4
                target[i] = lowScale * Float(Int32((quants[i] & 0x0F) | fifth)) - lowMinimum
            }
            for i in 0..<32 {
                let fifth = ((fifths[i] &>> highShift) & 1) &<< 4
                target[i + 32] = highScale * Float(Int32((quants[i] &>> 4) | fifth)) - highMinimum
            }
        }
    }
}

enum Q6_K: QuantizedBlock {
    static let elements = 256
    static let bytes = 210

    @inline(__always)
    static func decode(_ block: UnsafePointer<UInt8>, _ output: UnsafeMutablePointer<Float>) {
        let scale = block.half(208)
        // Each half of 128 has 64 bytes of low nibbles, 32 bytes of upper bit pairs and 8 scales for 16 numbers each.
        for half in 0..<2 {
            let low = block + 64 * half
            let high = block + 128 + 32 * half
            let scales = UnsafeRawPointer(block + 192 + 8 * half).assumingMemoryBound(to: Int8.self)
            let target = output + 128 * half
            for quarter in 0..<4 {
                let nibbles = low + 32 * (quarter & 1)
                let nibbleShift = UInt8(4 * (quarter / 2))
                let pairShift = UInt8(2 * quarter)
                for part in 0..<2 {
                    let partScale = scale * Float(scales[2 * quarter + part])
                    for i in 16 * part..<16 * part + 16 {
                        let nibble = (nibbles[i] &>> nibbleShift) & 0x0F
                        let pair = ((high[i] &>> pairShift) & 0x03) &<< 4
                        target[32 * quarter + i] = partScale * Float(Int32(nibble | pair) &- 32)
                    }
                }
            }
        }
    }
}

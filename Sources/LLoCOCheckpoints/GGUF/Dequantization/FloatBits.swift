/// Conversions between `Float` and the 16-bit formats, on bit patterns, rounding to nearest with ties to even.
///
/// Without branches, so that loops over them become vector code; `Float16` would be a library call an element on x86.
package enum FloatBits {
    /// The bfloat16 nearest to `value`; every NaN becomes the quiet one, 0x7FC0.
    @inline(__always)
    package static func bfloat16(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        let rounded = (bits &+ 0x7FFF &+ ((bits &>> 16) & 1)) &>> 16
        return UInt16(truncatingIfNeeded: (bits & 0x7FFF_FFFF) > 0x7F80_0000 ? 0x7FC0 : rounded)
    }

    /// The float16 nearest to `value`; from 65520 on infinity; every NaN becomes a quiet one of the same sign.
    @inline(__always)
    package static func float16(_ value: Float) -> UInt16 {
        let sign = (value.bitPattern &>> 16) & 0x8000
        let bits = value.bitPattern & 0x7FFF_FFFF
        // Normal: the exponent is rebased (127 to 15), 13 bits of the significand are rounded away.
        let normal = (bits &+ 0xFFF &+ ((bits &>> 13) & 1) &- 0x3800_0000) &>> 13
        // Below 2^-14: the unit is 2^-24, which is also the unit of floats in [0.5, 1), so adding 0.5 rounds.
        let subnormal = (Float(bitPattern: bits) + 0.5).bitPattern &- 0x3F00_0000
        let special: UInt32 = bits > 0x7F80_0000 ? 0x7E00 : 0x7C00
        let magnitude = bits < 0x3880_0000 ? subnormal : (bits < 0x4780_0000 ? normal : special)
        return UInt16(truncatingIfNeeded: sign | magnitude)
    }

    /// The value of a float16, exactly.
    @inline(__always)
    package static func float(float16 half: UInt16) -> Float {
        let sign = UInt32(half & 0x8000) &<< 16
        let bits = UInt32(half & 0x7FFF)
        let subnormal = (Float(bits) * 0x1p-24).bitPattern
        let normal = (bits &<< 13) &+ 0x3800_0000
        let special = (bits &<< 13) | 0x7F80_0000
        return Float(bitPattern: sign | (bits < 0x0400 ? subnormal : (bits < 0x7C00 ? normal : special)))
    }

    /// The value of a bfloat16, exactly.
    @inline(__always)
    package static func float(bfloat16 bits: UInt16) -> Float {
        Float(bitPattern: UInt32(bits) &<< 16)
    }
}

import LLoCOCheckpoints
import Testing

/// The definition of rounding to nearest even, checked at, just below and just above every midpoint.
@Suite struct FloatBitsTests {
    /// A float16 by its definition: sign, exponent, significand.
    private func half(_ bits: UInt16) -> Float {
        let exponent = Int(bits >> 10 & 0x1F)
        let significand = Float(bits & 0x3FF)
        let magnitude: Float =
            exponent == 0
            ? significand * 0x1p-24
            : (1 + significand / 1024) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
        return bits >> 15 == 1 ? -magnitude : magnitude
    }

    @Test func everyFiniteFloat16IsReadAndWrittenExactly() {
        for bits in UInt16.min...UInt16.max where bits & 0x7C00 != 0x7C00 {
            let value = FloatBits.float(float16: bits)
            #expect(value.bitPattern == half(bits).bitPattern)
            #expect(FloatBits.float16(value) == bits)
        }
    }

    @Test func float16RoundsToNearestEvenAtEveryMidpoint() {
        for low in UInt16(0)..<0x7BFF {
            let midpoint = (half(low) + half(low + 1)) / 2  // exact: one bit more
            for (sign, flag) in [(Float(1), UInt16(0)), (-1, 0x8000)] {
                #expect(FloatBits.float16(sign * midpoint) == flag | (low & 1 == 0 ? low : low + 1))
                #expect(FloatBits.float16(sign * midpoint.nextDown) == flag | low)
                #expect(FloatBits.float16(sign * midpoint.nextUp) == flag | (low + 1))
            }
        }
    }

    @Test func float16Limits() {
        #expect(FloatBits.float16(65504) == 0x7BFF)
        #expect(FloatBits.float16(Float(65520).nextDown) == 0x7BFF)
        #expect(FloatBits.float16(65520) == 0x7C00)
        #expect(FloatBits.float16(-65520) == 0xFC00)
        #expect(FloatBits.float16(.greatestFiniteMagnitude) == 0x7C00)
        #expect(FloatBits.float16(.infinity) == 0x7C00)
        #expect(FloatBits.float16(-.infinity) == 0xFC00)
        #expect(FloatBits.float16(0x1p-25) == 0)
        #expect(FloatBits.float16(Float(0x1p-25).nextUp) == 1)
        #expect(FloatBits.float16(.leastNonzeroMagnitude) == 0)
        #expect(FloatBits.float16(-0.0) == 0x8000)
        for nan in [Float.nan, -.nan, Float(bitPattern: 0x7F80_0001), Float(bitPattern: 0x7FFF_FFFF)] {
            let bits = FloatBits.float16(nan)
            #expect(bits & 0x7C00 == 0x7C00 && bits & 0x3FF != 0)
        }
        #expect(FloatBits.float(float16: 0x7C00) == .infinity)
        #expect(FloatBits.float(float16: 0xFC00) == -.infinity)
        #expect(FloatBits.float(float16: 0x7E00).isNaN)
        #expect(FloatBits.float(float16: 0x7C01).isNaN)
    }

    @Test func bfloat16RoundsToNearestEvenAtEveryMidpoint() {
        for low in UInt16(0)..<0x7F7F {
            let midpoint = Float(bitPattern: UInt32(low) << 16 | 0x8000)
            for (sign, flag) in [(Float(1), UInt16(0)), (-1, 0x8000)] {
                #expect(FloatBits.bfloat16(sign * FloatBits.float(bfloat16: low)) == flag | low)
                #expect(FloatBits.bfloat16(sign * midpoint) == flag | (low & 1 == 0 ? low : low + 1))
                #expect(FloatBits.bfloat16(sign * midpoint.nextDown) == flag | low)
                #expect(FloatBits.bfloat16(sign * midpoint.nextUp) == flag | (low + 1))
            }
        }
    }

    @Test func bfloat16Limits() {
        #expect(FloatBits.bfloat16(.greatestFiniteMagnitude) == 0x7F80)
        #expect(FloatBits.bfloat16(Float(bitPattern: 0x7F7F_7FFF)) == 0x7F7F)
        #expect(FloatBits.bfloat16(Float(bitPattern: 0x7F7F_8000)) == 0x7F80)
        #expect(FloatBits.bfloat16(.infinity) == 0x7F80)
        #expect(FloatBits.bfloat16(-.infinity) == 0xFF80)
        #expect(FloatBits.bfloat16(-0.0) == 0x8000)
        for bits: UInt32 in [0x7F80_0001, 0x7FC0_0000, 0x7FFF_FFFF, 0xFF80_0001, 0xFFFF_FFFF] {
            #expect(FloatBits.float(bfloat16: FloatBits.bfloat16(Float(bitPattern: bits))).isNaN)
        }
    }
}

// float16, IEEE 754's binary16: 16 bits with 11 significant ones.

#pragma once

#ifndef KERNELS
#error "include kernels through a file of sets/"
#endif

namespace KERNELS {

/// The bits of a float16: a type distinct from bfloat16's.
struct f16 {
    uint16_t bits;
};

/// Converts finite numbers exactly. Without a conversion instruction, infinities and NaN become numbers from 2^16 on.
inline f32x16 from_f16(u16x16 x) {
#if KERNELS_X86 == 512
    return (f32x16)_mm512_cvtph_ps((__m256i)x);
#elif KERNELS_X86 == 256
    f32x16 result;
    result.lo = (__attribute__((ext_vector_type(8))) float)_mm256_cvtph_ps((__m128i)x.lo);
    result.hi = (__attribute__((ext_vector_type(8))) float)_mm256_cvtph_ps((__m128i)x.hi);
    return result;
#else
    const u32x16 wide = __builtin_convertvector(x, u32x16);
    // The exponent's bias is 127 instead of 15: 2^112.
    const f32x16 magnitude = (f32x16)((wide & 0x7FFF) << 13) * 5.192296858534828e33f;
    return (f32x16)((u32x16)magnitude | (wide & 0x8000) << 16);
#endif
}

inline float from_f16(uint16_t x) {
    const float magnitude = __builtin_bit_cast(float, uint32_t(x & 0x7FFF) << 13) * 5.192296858534828e33f;
    return x & 0x8000 ? -magnitude : magnitude;
}

/// Converts all numbers exactly, including infinities and NaN.
inline f32x16 from_any_f16(u16x16 x) {
    const f32x16 number = from_f16(x);
#if KERNELS_X86
    return number;
#else
    const u32x16 exponent = __builtin_convertvector(x, u32x16) & 0x7C00;
    return (f32x16)((u32x16)number | (exponent == 0x7C00 ? u32x16(0x7F800000) : u32x16(0)));
#endif
}

/// Rounds to the nearest, ties to even; overflow becomes infinity.
inline uint16_t to_f16(float x) {
    uint32_t bits = __builtin_bit_cast(uint32_t, x);
    const uint16_t sign = (bits >> 16) & 0x8000;
    bits &= 0x7FFFFFFF;
    if (bits >= 0x47800000) return sign | (bits > 0x7F800000 ? 0x7E00 : 0x7C00);
    if (bits < 0x38800000) {
        // Subnormal: adding 0.5 leaves the rounded number in the lowest bits.
        return sign | uint16_t(__builtin_bit_cast(uint32_t, __builtin_bit_cast(float, bits) + 0.5f) - 0x3F000000);
    }
    return sign | uint16_t((bits - 0x38000000 + 0xFFF + ((bits >> 13) & 1)) >> 13);
}

inline f32x16 load_f32(const f16 *p) { return from_any_f16(load<u16x16>(p)); }
inline float scalar(f16 x) { return from_f16(x.bits); }

inline void store_scalar(float *p, float x) { *p = x; }
inline void store_scalar(bf16 *p, float x) { *p = to_bf16(x); }
inline void store_scalar(f16 *p, float x) { p->bits = to_f16(x); }

}  // namespace KERNELS

// Vectors of sixteen numbers in the compiler's vector types: one register of AVX-512, two of AVX2, four of NEON.
//
// Included once per instruction set, in the set's namespace (see sets/), and compiled for that set.

#pragma once

#ifndef KERNELS
#error "include kernels through a file of sets/"
#endif

#include <cstdint>

// Vectors wider than the set's registers are only passed between inlined functions.
#pragma clang diagnostic ignored "-Wpsabi"

namespace KERNELS {

using f32x16 = float __attribute__((ext_vector_type(16)));
using i32x16 = int32_t __attribute__((ext_vector_type(16)));
using u32x16 = uint32_t __attribute__((ext_vector_type(16)));
using u16x16 = uint16_t __attribute__((ext_vector_type(16)));

/// The bits of a bfloat16.
using bf16 = uint16_t;
/// Two adjacent bfloat16, the first in the lower half: the unit of a bfloat16 dot product.
using bf16x2 = uint32_t;

template <typename Vector, typename Element>
inline Vector load(const Element *p) {
    Vector v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}
template <typename Vector, typename Element>
inline void store(Element *p, Vector v) {
    __builtin_memcpy(p, &v, sizeof v);
}

inline float from_bf16(bf16 x) { return __builtin_bit_cast(float, uint32_t(x) << 16); }
/// Rounds to the nearest, ties to even; undefined for NaN.
inline bf16 to_bf16(float x) {
    const uint32_t bits = __builtin_bit_cast(uint32_t, x);
    return bf16((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

inline f32x16 from_bf16(u16x16 x) { return (f32x16)(__builtin_convertvector(x, u32x16) << 16); }
#if KERNELS_BF16 && !defined(KERNELS_EMULATED)
inline u16x16 to_bf16(f32x16 x) { return (u16x16)_mm512_cvtneps_pbh((__m512)x); }
/// Sixteen pairs, the first of each from `low`.
inline u32x16 to_bf16x2(f32x16 low, f32x16 high) {
    using u16x32 = uint16_t __attribute__((ext_vector_type(32)));
    const u16x32 halves = (u16x32)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low);
    return (u32x16)__builtin_shufflevector(
        halves, halves, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28,
        13, 29, 14, 30, 15, 31);
}
#else
inline u16x16 to_bf16(f32x16 x) {
    const u32x16 bits = (u32x16)x;
    return __builtin_convertvector((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16, u16x16);
}
/// Sixteen pairs, the first of each from `low`.
inline u32x16 to_bf16x2(f32x16 low, f32x16 high) {
    const u32x16 a = (u32x16)low, b = (u32x16)high;
    return ((a + 0x7FFF + ((a >> 16) & 1)) >> 16) | ((b + 0x7FFF + ((b >> 16) & 1)) & 0xFFFF0000u);
}
#endif

inline f32x16 load_f32(const float *p) { return load<f32x16>(p); }
inline f32x16 load_f32(const bf16 *p) { return from_bf16(load<u16x16>(p)); }
inline void store_f32(float *p, f32x16 v) { store(p, v); }
inline void store_f32(bf16 *p, f32x16 v) { store(p, to_bf16(v)); }

/// The number of valid lanes: all sixteen, or fewer at a row's end, where the others are read as zero.
struct Sixteen {};
struct Fewer {
    int count;
};
template <typename T>
inline f32x16 load_f32(const T *p, Sixteen) {
    return load_f32(p);
}
template <typename T>
inline f32x16 load_f32(const T *p, Fewer part) {
    T all[16] = {};
    __builtin_memcpy(all, p, size_t(part.count) * sizeof(T));
    return load_f32(all);
}
template <typename T>
inline void store_f32(T *p, f32x16 v, Sixteen) {
    store_f32(p, v);
}
template <typename T>
inline void store_f32(T *p, f32x16 v, Fewer part) {
    T all[16];
    store_f32(all, v);
    __builtin_memcpy(p, all, size_t(part.count) * sizeof(T));
}
/// Calls `body(i, part)` for each sixteen of `size` numbers.
template <typename Body>
inline void sixteens(int64_t size, const Body &body) {
    int64_t i = 0;
    for (; i + 16 <= size; i += 16) body(i, Sixteen{});
    if (i < size) body(i, Fewer{int(size - i)});
}

inline float scalar(float x) { return x; }
inline float scalar(bf16 x) { return from_bf16(x); }

/// The maximum of each pair. If `a` is NaN, the result is `b`, so that a running maximum, passed second, skips NaN. If
/// `b` is NaN, the result is unspecified: x86 has no instruction that skips both, NEON has no other.
inline f32x16 max(f32x16 a, f32x16 b) {
#if KERNELS_NEON
    return __builtin_elementwise_max(a, b);
#else
    return a > b ? a : b;
#endif
}

/// x, but not less than `minimum`; NaN stays NaN. x86's instructions return their second operand if either is NaN,
/// NEON's return NaN: in this operand order one instruction suffices on both.
inline f32x16 max_of(float minimum, f32x16 x) {
#if KERNELS_NEON
    float32x4_t parts[4];
    __builtin_memcpy(parts, &x, sizeof x);
    for (float32x4_t &part : parts) part = vmaxq_f32(part, vdupq_n_f32(minimum));
    return load<f32x16>(parts);
#else
    return x < f32x16(minimum) ? f32x16(minimum) : x;
#endif
}
/// x, but not more than `maximum`; NaN stays NaN.
inline f32x16 min_of(float maximum, f32x16 x) {
#if KERNELS_NEON
    float32x4_t parts[4];
    __builtin_memcpy(parts, &x, sizeof x);
    for (float32x4_t &part : parts) part = vminq_f32(part, vdupq_n_f32(maximum));
    return load<f32x16>(parts);
#else
    return x > f32x16(maximum) ? f32x16(maximum) : x;
#endif
}

inline float sum(f32x16 v) {
    using f32x8 = float __attribute__((ext_vector_type(8)));
    using f32x4 = float __attribute__((ext_vector_type(4)));
    const f32x8 a = v.lo + v.hi;
    const f32x4 b = a.lo + a.hi;
    return (b.x + b.z) + (b.y + b.w);
}

/// e^x = 2^(x · log2_e)
constexpr float log2_e = 1.44269504089f;

/// 2^x for x <= 126, flushing to 2^-126 below; NaN for NaN. Relative error 9e-8 with five terms, 1e-4 with three:
/// minimax fits on [-1/2, 1/2] with 2^0 = 1 exactly, so that a correction by a factor of 1 is exact.
template <int Terms>
inline f32x16 exp2(f32x16 x) {
    // Adding 1.5 * 2^23 rounds to an integer n in the lowest bits; adding 127 more gives the exponent of 2^n.
    constexpr float magic = 12582912.0f + 127;
    x = max_of(-126, x);
    const f32x16 shifted = x + magic;
    const f32x16 f = x - (shifted - magic);
    f32x16 p;
    if constexpr (Terms == 5) {
        p = f * 1.326472705e-3f + 9.671512672e-3f;
        p = p * f + 5.550733745e-2f;
        p = p * f + 2.402224208e-1f;
        p = p * f + 6.931469776e-1f;
        p = p * f + 1.0f;
    } else {
        static_assert(Terms == 3);
        p = f * 5.500892729e-2f + 2.422109605e-1f;
        p = p * f + 6.932829279e-1f;
        p = p * f + 1.0f;
    }
    // An exact product rather than a sum of bits, which would turn some NaN into numbers.
    return p * (f32x16)((i32x16)shifted << 23);
}

}  // namespace KERNELS

// Small matrix products from the L1 cache, for attention.

#pragma once

#include "vector.h"

namespace KERNELS {

/// The unit of a product's inner dimension: one float, or two bfloat16 adjacent in it.
template <typename Unit>
struct UnitLanes;
template <>
struct UnitLanes<float> {
    using Vector = f32x16;
    static constexpr int elements = 1;
    static f32x16 multiply_add(float a, f32x16 b, f32x16 c) { return a * b + c; }
};
#if KERNELS_BF16
template <>
struct UnitLanes<bf16x2> {
    using Vector = u32x16;
    static constexpr int elements = 2;
    static f32x16 multiply_add(bf16x2 a, u32x16 b, f32x16 c) {
#if defined(KERNELS_EMULATED)
        const u32x16 v = u32x16(a);
        c = (f32x16)(v << 16) * (f32x16)(b << 16) + c;
        return (f32x16)(v & 0xFFFF0000u) * (f32x16)(b & 0xFFFF0000u) + c;
#else
        return (f32x16)_mm512_dpbf16_ps((__m512)c, (__m512bh)_mm512_set1_epi32(int(a)), (__m512bh)b);
#endif
    }
};
#endif

/// Computes one tile in registers: c [Rows, Columns · 16] = or += a [Rows, depth] · b [depth, Columns · 16]. Strides
/// are in elements.
template <int Rows, int Columns, bool Accumulate, typename Unit>
__attribute__((always_inline)) inline void product_tile(
    const Unit *a, int64_t a_stride, const Unit *b, int64_t b_stride, float *c, int64_t c_stride, int64_t depth) {
    using Lanes = UnitLanes<Unit>;
    f32x16 sums[Rows][Columns];
#pragma clang loop unroll(full)
    for (int r = 0; r < Rows; r++) {
#pragma clang loop unroll(full)
        for (int n = 0; n < Columns; n++) {
            sums[r][n] = Accumulate ? load<f32x16>(c + r * c_stride + n * 16) : f32x16(0.0f);
        }
    }
    for (int64_t k = 0; k < depth; k++) {
        typename Lanes::Vector row[Columns];
#pragma clang loop unroll(full)
        for (int n = 0; n < Columns; n++) row[n] = load<typename Lanes::Vector>(b + k * b_stride + n * 16);
#pragma clang loop unroll(full)
        for (int r = 0; r < Rows; r++) {
            const Unit value = a[r * a_stride + k];
#pragma clang loop unroll(full)
            for (int n = 0; n < Columns; n++) sums[r][n] = Lanes::multiply_add(value, row[n], sums[r][n]);
        }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < Rows; r++) {
#pragma clang loop unroll(full)
        for (int n = 0; n < Columns; n++) store(c + r * c_stride + n * 16, sums[r][n]);
    }
}

/// Computes the rows of one column of tiles that do not fill a tile.
template <int Rows, int Columns, bool Accumulate, typename Unit>
inline void product_rest(
    int64_t rows, const Unit *a, int64_t a_stride, const Unit *b, int64_t b_stride, float *c, int64_t c_stride,
    int64_t depth) {
    if constexpr (Rows > 0) {
        if (rows == Rows) {
            product_tile<Rows, Columns, Accumulate>(a, a_stride, b, b_stride, c, c_stride, depth);
        } else {
            product_rest<Rows - 1, Columns, Accumulate>(rows, a, a_stride, b, b_stride, c, c_stride, depth);
        }
    }
}

template <int Columns, bool Accumulate, typename Unit>
inline void product_column(
    int64_t rows, const Unit *a, int64_t a_stride, const Unit *b, int64_t b_stride, float *c, int64_t c_stride,
    int64_t depth) {
    constexpr int step = KERNELS_ROWS;
    int64_t r = 0;
    for (; r + step <= rows; r += step) {
        product_tile<step, Columns, Accumulate>(
            a + r * a_stride, a_stride, b, b_stride, c + r * c_stride, c_stride, depth);
    }
    product_rest<step - 1, Columns, Accumulate>(
        rows - r, a + r * a_stride, a_stride, b, b_stride, c + r * c_stride, c_stride, depth);
}

/// c [rows, columns] = or += a [rows, depth] · b [depth, columns], columns a multiple of 16. A column of b's tiles
/// stays in the L1 cache for all rows.
template <bool Accumulate, typename Unit>
__attribute__((noinline)) void product(
    int64_t rows, int64_t columns, int64_t depth, const Unit *a, int64_t a_stride, const Unit *b, int64_t b_stride,
    float *c, int64_t c_stride) {
    constexpr int step = KERNELS_COLUMNS;
    int64_t n = 0;
    for (; n + step * 16 <= columns; n += step * 16) {
        product_column<step, Accumulate>(rows, a, a_stride, b + n, b_stride, c + n, c_stride, depth);
    }
    for (; n < columns; n += 16) {
        product_column<1, Accumulate>(rows, a, a_stride, b + n, b_stride, c + n, c_stride, depth);
    }
}

/// to [columns, rows] = from [rows, columns] transposed, of 4-byte elements; both counts multiples of 4.
template <typename Element>
inline void transpose(
    const Element *from, int64_t from_stride, int64_t rows, int64_t columns, Element *to, int64_t to_stride) {
    static_assert(sizeof(Element) == 4);
    using x4 = Element __attribute__((ext_vector_type(4)));
    for (int64_t r = 0; r < rows; r += 4) {
        for (int64_t c = 0; c < columns; c += 4) {
            const Element *p = from + r * from_stride + c;
            const x4 a0 = load<x4>(p), a1 = load<x4>(p + from_stride), a2 = load<x4>(p + 2 * from_stride),
                     a3 = load<x4>(p + 3 * from_stride);
            const x4 b0 = __builtin_shufflevector(a0, a1, 0, 4, 1, 5), b1 = __builtin_shufflevector(a0, a1, 2, 6, 3, 7);
            const x4 b2 = __builtin_shufflevector(a2, a3, 0, 4, 1, 5), b3 = __builtin_shufflevector(a2, a3, 2, 6, 3, 7);
            Element *q = to + c * to_stride + r;
            store(q, x4(__builtin_shufflevector(b0, b2, 0, 1, 4, 5)));
            store(q + to_stride, x4(__builtin_shufflevector(b0, b2, 2, 3, 6, 7)));
            store(q + 2 * to_stride, x4(__builtin_shufflevector(b1, b3, 0, 1, 4, 5)));
            store(q + 3 * to_stride, x4(__builtin_shufflevector(b1, b3, 2, 3, 6, 7)));
        }
    }
}

}  // namespace KERNELS

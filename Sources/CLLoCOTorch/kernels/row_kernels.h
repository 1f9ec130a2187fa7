// Kernels over the rows of a matrix.

#pragma once

#include <cstdint>

namespace ctorch {

/// Dropout of a layer's input. A hash of seed, row and column decides about an element, so that no mask is stored.
struct Dropout {
    /// Elements whose hash is below the threshold are dropped.
    uint32_t threshold;
    uint32_t seed;
    /// 1 / (1 - probability)
    float scale;
};

/// The activation of a feed-forward network's gate: SiLU, or GELU's tanh approximation.
enum class Gate { silu, gelu };

/// The maximum number of targets of a row of logits.
constexpr int64_t max_targets = 128;

/// Kernels over the rows of a matrix (rows.h, cross_entropy.h, lora.h), contiguous unless there is a stride. One table
/// is for float32 and one for bfloat16, the elements behind `void *`. Sums are float32.
struct RowKernels {
    /// sum = x + y; out = sum · scale · weight with scale = 1 / sqrt(mean(sum²) + epsilon), written to `scales` unless
    /// null. If `y` is null, the sum is x and not written.
    void (*rms_norm)(
        const void *x, const void *y, const void *weight, void *sum, void *out, float *scales, int64_t rows,
        int64_t size, float epsilon);
    /// The gradient with respect to the sum; `d_sum`, its gradient from other uses, is added and may be null.
    void (*rms_norm_backward)(
        const void *sum, const void *weight, const float *scales, const void *d_out, const void *d_sum, void *d_x,
        int64_t rows, int64_t size);
    /// Rotates the first `rotated_size` elements of `heads` consecutive heads of `size` by one position's angles; the
    /// other elements are copied. `out` may be `in`.
    void (*rotate)(
        const void *in, void *out, const float *cosine, const float *sine, float direction, int64_t heads, int64_t size,
        int64_t rotated_size);
    /// activation(gate) · up for rows [gate ; up] of 2 · size
    void (*gated)(Gate gate, const void *x, void *out, int64_t rows, int64_t size);
    void (*gated_backward)(Gate gate, const void *x, const void *d_out, void *d_x, int64_t rows, int64_t size);
    /// Σ share · -log softmax(logits)[target] over the `count` distinct targets of one row, at most `max_targets`. If
    /// `shares` is null, the row has one target of share 1. If `gradient`, the row is overwritten with the gradient of
    /// scale · loss: scale · (Σ shares · softmax - shares at the targets).
    double (*cross_entropy)(
        void *logits, int64_t size, const int64_t *targets, const float *shares, int64_t count, bool gradient,
        float scale);
    /// out [rows, padded(rank)] = drop(x) · a; x [rows, size] with row stride `stride`, a [size, padded(rank)]
    void (*lora_down)(
        const void *x, int64_t stride, int64_t rows, int64_t size, const float *a, int64_t rank, const Dropout *dropout,
        int64_t first_row, float *out, int64_t out_stride);
    /// x += drop(h · b); h [rows, rank] with row stride `h_stride`, b [rank, size]
    void (*lora_up)(
        void *x, int64_t stride, int64_t rows, int64_t size, const float *h, int64_t h_stride, int64_t rank,
        const float *b, const Dropout *dropout, int64_t first_row);
    /// out [rank, size] (row stride `out_stride`) = hᵀ · drop(x) for columns `begin` ..< `end`
    void (*lora_outer)(
        const void *x, int64_t stride, int64_t rows, const float *h, int64_t h_stride, int64_t rank,
        const Dropout *dropout, int64_t begin, int64_t end, float *out, int64_t out_stride);
};

}  // namespace ctorch

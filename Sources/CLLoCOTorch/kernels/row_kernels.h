// The kernels that pass over the rows of a matrix.

#pragma once

#include <cstdint>

namespace ctorch {

/// Which elements of a layer's input are dropped: each with the same probability, by a hash of seed, row and column, so
/// that no mask is stored or read.
struct Dropout {
    /// An element stays where its hash is at least this.
    uint32_t threshold;
    uint32_t seed;
    /// 1 / (1 - probability)
    float scale;
};

/// What a feed-forward network's gate goes through: SiLU, or GELU in its tanh form.
enum class Gate { silu, gelu };

/// Targets that a row of scores may have.
constexpr int64_t max_targets = 128;

/// Passes over the rows of a matrix (rows.h, cross_entropy.h, lora.h), which is contiguous where no stride is given;
/// once for float32 and once for bfloat16, the `void` of their arguments. Sums are float32.
struct RowKernels {
    /// sum = x + y; out = sum / sqrt(mean(sum²) + epsilon) · weight, the quotient 1 / sqrt in `scales`. Without `y`
    /// the sum is x and not written; `scales` may be null.
    void (*rms_norm)(
        const void *x, const void *y, const void *weight, void *sum, void *out, float *scales, int64_t rows,
        int64_t size, float epsilon);
    /// The gradient of the sum; `d_sum`, what reaches it elsewhere, is added and may be null.
    void (*rms_norm_backward)(
        const void *sum, const void *weight, const float *scales, const void *d_out, const void *d_sum, void *d_x,
        int64_t rows, int64_t size);
    /// Turns the first `turned` elements of `heads` heads of `size` that follow each other in `in` by one position's
    /// angles, the others are copied; `out` may be `in`.
    void (*rotate)(
        const void *in, void *out, const float *cosine, const float *sine, float direction, int64_t heads, int64_t size,
        int64_t turned);
    /// activation(gate) · up for rows [gate ; up] of 2 · size
    void (*gated)(Gate gate, const void *x, void *out, int64_t rows, int64_t size);
    void (*gated_backward)(Gate gate, const void *x, const void *d_out, void *d_x, int64_t rows, int64_t size);
    /// Σ share · -log softmax(logits)[target] over the `count` distinct targets of one row, at most `most_targets`;
    /// where `shares` is null there is one target, of share 1. Where `gradient`, the row becomes the gradient of scale
    /// · loss: scale · (Σ shares · softmax - shares at the targets).
    double (*cross_entropy)(
        void *logits, int64_t size, const int64_t *targets, const float *shares, int64_t count, bool gradient,
        float scale);
    /// out [rows, padded(rank)] = drop(x) · a; x [rows, size] every `stride`, a [size, padded(rank)]
    void (*lora_down)(
        const void *x, int64_t stride, int64_t rows, int64_t size, const float *a, int64_t rank, const Dropout *dropout,
        int64_t first_row, float *out, int64_t out_stride);
    /// x += drop(h · b); h [rows, rank] every `h_stride`, b [rank, size]
    void (*lora_up)(
        void *x, int64_t stride, int64_t rows, int64_t size, const float *h, int64_t h_stride, int64_t rank,
        const float *b, const Dropout *dropout, int64_t first_row);
    /// out [rank, size] (every `out_stride`) = hᵀ · drop(x) for columns `begin` ..< `end`
    void (*lora_outer)(
        const void *x, int64_t stride, int64_t rows, const float *h, int64_t h_stride, int64_t rank,
        const Dropout *dropout, int64_t begin, int64_t end, float *out, int64_t out_stride);
};

}  // namespace ctorch

// The arguments of the attention kernels.

#pragma once

#include <cstdint>

namespace ctorch {

/// Rows of E contiguous elements; strides in elements.
template <typename Pointer>
struct Rows {
    Pointer data = nullptr;
    int64_t batch = 0, head = 0, position = 0;
};

/// Keys and values at consecutive positions, after those of the previous piece.
struct KeyValuePiece {
    /// The batch stride is 0 if all sequences share the piece.
    Rows<const void *> keys, values;
    int64_t count;
    bool is_shared;
    /// Added to the scores of the piece's keys.
    float log_weight;
    /// Added to the scores per key and head, [B or 1, groups, count]; -infinity masks a key. data is NULL for none.
    Rows<const float *> bias;
};

/// Causal attention: query t attends to keys 0 ... total - queries + t.
struct AttentionArguments {
    int64_t batch, heads, groups, queries, size;
    /// The number of positions of all pieces.
    int64_t total;
    float scale;
    /// Whether elements are bfloat16, else float32.
    bool is_bf16;
    Rows<const void *> query;
    const KeyValuePiece *pieces;
    int64_t piece_count;
    /// [B, H, T, E], with the elements' dtype.
    Rows<void *> out;
    /// [B, H, T]: log2 of the softmax's denominator, for the backward pass; NULL without one.
    float *log_sums;
};

/// The gradients of output, queries and pieces; data is NULL for a gradient that is not needed.
struct AttentionGradients {
    /// The input: the output's gradient.
    Rows<const void *> out;
    Rows<void *> query;
    /// One per piece; that of a shared piece has a batch of 1.
    const Rows<void *> *keys, *values;
};

}  // namespace ctorch

// What the attention kernels are given.

#pragma once

#include <cstdint>

namespace ctorch {

/// Rows of E contiguous elements; strides in elements.
template <typename Pointer>
struct Rows {
    Pointer data = nullptr;
    int64_t batch = 0, head = 0, position = 0;
};

/// Keys and values that follow those of the piece before.
struct KeyValuePiece {
    /// batch stride 0 where all sequences share them
    Rows<const void *> keys, values;
    int64_t count;
    bool is_shared;
    /// Added to the scores of the piece's keys.
    float log_weight;
    /// The same key by key, [B or 1, groups, count], or data is NULL; -infinity where a head has no key.
    Rows<const float *> bias;
};

/// Causal attention: query t sees the keys 0 ... total - queries + t.
struct AttentionArguments {
    int64_t batch, heads, groups, queries, size;
    /// positions of all pieces
    int64_t total;
    float scale;
    /// bfloat16 elements, else float32
    bool is_bf16;
    Rows<const void *> query;
    const KeyValuePiece *pieces;
    int64_t piece_count;
    /// [B, H, T, E] by its strides, of the elements' dtype
    Rows<void *> out;
    /// [B, H, T]: log2 of the softmax's denominator, for the backward pass; NULL where none follows
    float *log_sums;
};

/// The gradient of a piece, or of the queries; data is NULL where it is not wanted.
struct AttentionGradients {
    /// of the output
    Rows<const void *> out;
    Rows<void *> query;
    /// for each piece; a shared one has a batch of 1
    const Rows<void *> *keys, *values;
};

}  // namespace ctorch

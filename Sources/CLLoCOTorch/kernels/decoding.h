// What the kernels of decoding are called with: plain memory, checked by the C functions of quantized.cpp and
// decode.cpp before a kernel sees it.

#pragma once

#include <cstddef>
#include <cstdint>

namespace ctorch {

enum class Element { f32, f16, bf16 };

/// The columns that share a scale.
constexpr int64_t quantized_group = 32;
/// The rows that lie interleaved.
constexpr int64_t quantized_tile = 16;
/// The rows of x that are multiplied at most.
constexpr int64_t quantized_linear_rows = 16;

/// Weights of 8 or 4 bits in groups of 32 along a row: w = d * q + m; their layout is described in quantized.h.
struct QuantizedWeights {
    uint8_t *data;
    int64_t rows, columns;
    int bits;

    int64_t tiles() const { return (rows + quantized_tile - 1) / quantized_tile; }
    int64_t groups() const { return columns / quantized_group; }
    /// Of one tile's group: its numbers, then sixteen scales, then for 4 bits sixteen minima.
    int64_t group_bytes() const { return bits == 8 ? 512 + 32 : 256 + 64; }
    int64_t tile_bytes() const { return groups() * group_bytes(); }
    int64_t bytes() const { return tiles() * tile_bytes(); }
};

/// Finds the numbers, scales and minima of `weight`; `weight` is float or, where `is_bf16`, bfloat16, contiguous.
struct Quantization {
    QuantizedWeights weights;
    const void *weight;
    bool is_bf16;
    /// Stop at the first group that 4 bits do not hold without loss.
    bool only_lossless;
};

/// `lossy`: with `only_lossless`, some group is not; `out_of_range`: a weight is not finite or beyond float16.
enum class QuantizationResult { done, lossy, out_of_range };

/// y = x * weightsᵀ, added to y where `accumulates`; `scratch` of `quantized_linear_scratch` bytes, 64-byte aligned.
struct QuantizedLinear {
    QuantizedWeights weights;
    const float *x;
    float *y;
    int64_t x_stride, y_stride, count;
    bool accumulates;
    /// How many share the work.
    int64_t threads;
    uint8_t *scratch;
};
inline int64_t quantized_linear_scratch(int64_t count, int64_t columns) {
    return count * (columns + columns / quantized_group * 8) + 256;
}

/// How a file stores weights, by ggml's numbers: plain numbers, or blocks of quantized ones, which are multiplied as
/// they are.
enum class BlockType : int {
    f32 = 0,
    f16 = 1,
    q4_0 = 2,
    q4_1 = 3,
    q5_0 = 6,
    q5_1 = 7,
    q8_0 = 8,
    q4_k = 12,
    q5_k = 13,
    q6_k = 14,
    bf16 = 30,
};

/// The numbers that a block holds; 0 for what is none of these formats.
constexpr int64_t block_columns(BlockType type) {
    switch (type) {
        case BlockType::f32:
        case BlockType::f16:
        case BlockType::bf16: return 1;
        case BlockType::q4_0:
        case BlockType::q4_1:
        case BlockType::q5_0:
        case BlockType::q5_1:
        case BlockType::q8_0: return 32;
        case BlockType::q4_k:
        case BlockType::q5_k:
        case BlockType::q6_k: return 256;
    }
    return 0;
}
/// The bytes that it takes.
constexpr int64_t block_bytes(BlockType type) {
    switch (type) {
        case BlockType::f32: return 4;
        case BlockType::f16:
        case BlockType::bf16: return 2;
        case BlockType::q4_0: return 18;
        case BlockType::q4_1: return 20;
        case BlockType::q5_0: return 22;
        case BlockType::q5_1: return 24;
        case BlockType::q8_0: return 34;
        case BlockType::q4_k: return 144;
        case BlockType::q5_k: return 176;
        case BlockType::q6_k: return 210;
    }
    return 0;
}

constexpr bool is_quantized(BlockType type) { return block_columns(type) > 1; }

/// Weights as a file has them: rows of blocks, unaligned. They are only read.
struct BlockWeights {
    const uint8_t *data;
    int64_t rows, columns;
    BlockType type;
    /// Where llama.cpp's order of a head's rows is the file's (even, odd ones, for the two halves): rows a head, else
    /// 0.
    int64_t head_rows;

    int64_t row_bytes() const { return columns / block_columns(type) * block_bytes(type); }
    /// The place of the file's row `row`.
    int64_t destination(int64_t row) const {
        if (head_rows == 0) return row;
        const int64_t place = row % head_rows;
        return row - place + place % 2 * (head_rows / 2) + place / 2;
    }
    /// The bytes of the file's row whose place is `row`.
    const uint8_t *row(int64_t row) const {
        if (head_rows > 0) {
            const int64_t place = row % head_rows, half = head_rows / 2;
            row += (place < half ? 2 * place : 2 * (place - half) + 1) - place;
        }
        return data + row * row_bytes();
    }
};

/// y = x * weightsᵀ for weights below one another, added to y where `accumulates`; x is quantized to `scratch` of
/// `block_linear_scratch` bytes, 64-byte aligned, and not rounded where that is null.
struct BlockLinear {
    const BlockWeights *parts;
    int64_t part_count;
    const float *x;
    float *y;
    int64_t x_stride, y_stride, count;
    bool accumulates;
    /// How many share the work.
    int64_t threads;
    uint8_t *scratch;
};
inline int64_t block_linear_scratch(int64_t count, int64_t columns) {
    return count * (columns + columns / quantized_group * 12) + 256;
}

/// y = x * weightsᵀ + bias for weights below one another and any number of rows of x; `bias` may be null. `scratch` of
/// `block_product_scratch` bytes, 64-byte aligned.
struct BlockProduct {
    const BlockWeights *parts;
    int64_t part_count;
    const float *x, *bias;
    float *y;
    int64_t x_stride, y_stride, count;
    /// How many share the work.
    int64_t threads;
    uint8_t *scratch;
};

/// x [count, columns] = y [count, rows] * weights, for weights below one another and any number of rows of y.
/// `scratch` of `word_product_scratch` bytes, 64-byte aligned.
struct WordProduct {
    const BlockWeights *parts;
    int64_t part_count;
    const float *y;
    float *x;
    int64_t y_stride, x_stride, count;
    /// How many share the work.
    int64_t threads;
    uint8_t *scratch;
};

/// Keys and values of `count` positions, [batch, groups, count, size]; strides in elements.
struct AttentionPiece {
    const void *keys, *values;
    struct Strides {
        int64_t batch, group, position;
    } key, value;
    int64_t count;
    Element element;
    /// One copy for all sequences; its batch strides are 0.
    bool is_shared;
    /// Added to the scores of its positions.
    float log_weight;
    /// The same position by position, [batch, groups, count], or NULL; -infinity where a group has no key.
    const float *bias;
    int64_t bias_batch, bias_group;
};

/// The pieces that attention of one query position takes at most.
constexpr size_t largest_piece_count = 64;

/// Attention of one query position a sequence: softmax(q * kᵀ * scale) * v.
struct DecodeAttention {
    /// [batch, heads, size]
    const float *q;
    int64_t q_batch, q_head;
    float *out;
    int64_t out_batch, out_head;
    const AttentionPiece *pieces;
    int64_t piece_count;
    int64_t batch, heads, groups, size;
    float scale;
    /// The positions of a task.
    int64_t chunk;
    /// `decode_attention_scratch` floats
    float *scratch;

    int64_t chunks() const {
        int64_t result = 0;
        for (int64_t i = 0; i < piece_count; i++) result += (pieces[i].count + chunk - 1) / chunk;
        return result;
    }
};
/// The positions of a task: enough tasks for threads to end together, and none too short to pay for its start.
inline int64_t decode_chunk(int64_t positions, int64_t groups, int64_t threads) {
    if (threads == 1) return positions;
    const int64_t chunk = positions * groups / (threads * 6) / 64 * 64;
    return chunk < 64 ? 64 : chunk;
}
/// Scaled queries, in two orders; then for each query row and chunk its mixture of values, its maximum and its sum.
inline int64_t decode_attention_scratch(int64_t rows, int64_t chunks, int64_t size) {
    return 2 * rows * size + rows * chunks * (size + 2);
}

/// Rotates the first `turned` elements of the query and key heads of qkv [rows, (heads + 2 groups) * size] in place and
/// copies keys and values out.
struct RotaryAppend {
    float *qkv;
    int64_t rows, stride;
    int64_t heads, groups, size, turned;
    /// [turned / 2] a row
    const float *cosine, *sine;
    int64_t cosine_stride, sine_stride;
    /// Where the first row's first key and value go, and how far apart in elements those of rows and groups are.
    void *keys, *values;
    int64_t key_row, key_group, value_row, value_group;
    Element element;
};

/// The kernels of decoding for one instruction set. Each runs its loops with `run_tasks` where that pays.
struct DecodingKernels {
    QuantizationResult (*quantize)(const Quantization &);
    void (*quantized_linear)(const QuantizedLinear &);
    /// Row `row` as float.
    void (*dequantize_row)(const QuantizedWeights &, int64_t row, float *out);
    void (*block_linear)(const BlockLinear &);
    /// The scratch that a product needs; its own is not read.
    int64_t (*block_product_scratch)(const BlockProduct &);
    void (*block_product)(const BlockProduct &);
    /// Whether this set multiplies integers of 16 bits faster than float32.
    bool has_fast_words;
    int64_t (*word_product_scratch)(const WordProduct &);
    void (*word_product)(const WordProduct &);
    /// The numbers of a row at `data`, as float or bfloat16.
    void (*expand_block_row)(BlockType, int64_t columns, const uint8_t *data, Element, void *out);
    void (*decode_attention)(const DecodeAttention &);
    void (*rms_norm)(const float *x, const void *weight, bool weight_is_bf16, int64_t size, float epsilon, float *y);
    void (*rotary_append)(const RotaryAppend &);
    /// The index of the greatest of `count` numbers, the first of equal ones; -1 where one is NaN, or the greatest is
    /// not finite.
    int64_t (*argmax)(const float *x, int64_t count);
    /// y[i] += sum over j of x[j] * b[i][j]; b [count, size], of bfloat16 where `is_bf16`.
    void (*add_product)(const float *x, const void *b, bool is_bf16, int64_t count, int64_t size, float *y);
};

}  // namespace ctorch

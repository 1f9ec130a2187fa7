// The arguments of the decode kernels: plain memory, validated by the C functions of quantized.cpp and decode.cpp.

#pragma once

#include <cstddef>
#include <cstdint>

namespace ctorch {

enum class Element { f32, f16, bf16 };

/// The number of columns that share a scale.
constexpr int64_t quantized_group = 32;
/// The number of interleaved rows.
constexpr int64_t quantized_tile = 16;
/// The maximum number of rows of x.
constexpr int64_t quantized_linear_rows = 16;

/// Weights of 8 or 4 bits in groups of 32 along a row: w = d * q + m. quantized.h describes their layout.
struct QuantizedWeights {
    uint8_t *data;
    int64_t rows, columns;
    int bits;

    int64_t tiles() const { return (rows + quantized_tile - 1) / quantized_tile; }
    int64_t groups() const { return columns / quantized_group; }
    /// The size of a tile's group: numbers, then sixteen scales, then with 4 bits sixteen minima.
    int64_t group_bytes() const { return bits == 8 ? 512 + 32 : 256 + 64; }
    int64_t tile_bytes() const { return groups() * group_bytes(); }
    int64_t bytes() const { return tiles() * tile_bytes(); }
};

/// Quantizes `weight`: float or, if `is_bf16`, bfloat16, contiguous.
struct Quantization {
    QuantizedWeights weights;
    const void *weight;
    bool is_bf16;
    /// Stop at the first group that is lossy in 4 bits.
    bool only_lossless;
};

/// `lossy`: with `only_lossless`, a group is lossy; `out_of_range`: a weight is not finite or exceeds float16.
enum class QuantizationResult { done, lossy, out_of_range };

/// y = x * weightsᵀ, or y += x * weightsᵀ if `accumulates`. `scratch` has `quantized_linear_scratch` bytes, 64-byte
/// aligned.
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

/// The format of weights in a file, by ggml's numbers: unquantized numbers or quantized blocks.
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

/// The number of columns of a block; 0 for any other format.
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
/// The size of a block in bytes; 0 for any other format.
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

/// Weights in a file: rows of unaligned blocks, read-only.
struct BlockWeights {
    const uint8_t *data;
    int64_t rows, columns;
    BlockType type;
    /// Rows per head if the file has llama.cpp's rotary order of rows (even rows are a head's first half, odd rows its
    /// second), else 0.
    int64_t head_rows;

    int64_t row_bytes() const { return columns / block_columns(type) * block_bytes(type); }
    /// The weight's row that is row `row` of the file.
    int64_t destination(int64_t row) const {
        if (head_rows == 0) return row;
        const int64_t index = row % head_rows;
        return row - index + index % 2 * (head_rows / 2) + index / 2;
    }
    /// The file's bytes of the weight's row `row`.
    const uint8_t *row(int64_t row) const {
        if (head_rows > 0) {
            const int64_t index = row % head_rows, half = head_rows / 2;
            row += (index < half ? 2 * index : 2 * (index - half) + 1) - index;
        }
        return data + row * row_bytes();
    }
};

/// y = x * weightsᵀ, or y += x * weightsᵀ if `accumulates`, for vertically stacked weights. x is quantized to
/// `scratch`, `block_linear_scratch` bytes, 64-byte aligned; x is not rounded if `scratch` is null.
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

/// y = x * weightsᵀ + bias for vertically stacked weights and any number of rows of x; `bias` may be null. `scratch`
/// has `block_product_scratch` bytes, 64-byte aligned.
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

/// x [count, columns] = y [count, rows] * weights for vertically stacked weights and any number of rows of y. `scratch`
/// has `word_product_scratch` bytes, 64-byte aligned.
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
    /// Added to the scores per position and group, [batch, groups, count], or NULL; -infinity masks a key.
    const float *bias;
    int64_t bias_batch, bias_group;
};

/// The maximum number of pieces in attention of one query position.
constexpr size_t max_piece_count = 64;

/// Attention of one query position per sequence: softmax(q * kᵀ * scale) * v.
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
    /// The number of positions of a task.
    int64_t chunk;
    /// `decode_attention_scratch` floats.
    float *scratch;

    int64_t chunks() const {
        int64_t result = 0;
        for (int64_t i = 0; i < piece_count; i++) result += (pieces[i].count + chunk - 1) / chunk;
        return result;
    }
};
/// The number of positions of a task: enough tasks for threads to finish together, none too short to pay for its start.
inline int64_t decode_chunk(int64_t positions, int64_t groups, int64_t threads) {
    if (threads == 1) return positions;
    const int64_t chunk = positions * groups / (threads * 6) / 64 * 64;
    return chunk < 64 ? 64 : chunk;
}
/// The number of floats of scratch memory: scaled queries in two orders, then for each query row and chunk the mixture
/// of values, the maximum and the sum.
inline int64_t decode_attention_scratch(int64_t rows, int64_t chunks, int64_t size) {
    return 2 * rows * size + rows * chunks * (size + 2);
}

/// Rotates the first `rotated_size` elements of the query and key heads of qkv [rows, (heads + 2 groups) * size] in
/// place and copies keys and values to a cache.
struct RotaryAppend {
    float *qkv;
    int64_t rows, stride;
    int64_t heads, groups, size, rotated_size;
    /// [rotated_size / 2] per row.
    const float *cosine, *sine;
    int64_t cosine_stride, sine_stride;
    /// The destinations of the first row's first key and value, and the strides of rows and groups in elements.
    void *keys, *values;
    int64_t key_row, key_group, value_row, value_group;
    Element element;
};

/// The decode kernels for one instruction set. Each runs its loops with `run_tasks` where that pays.
struct DecodingKernels {
    QuantizationResult (*quantize)(const Quantization &);
    void (*quantized_linear)(const QuantizedLinear &);
    /// Writes row `row` as float.
    void (*dequantize_row)(const QuantizedWeights &, int64_t row, float *out);
    void (*block_linear)(const BlockLinear &);
    /// The number of scratch bytes of a product; does not read its `scratch`.
    int64_t (*block_product_scratch)(const BlockProduct &);
    void (*block_product)(const BlockProduct &);
    /// Whether this set multiplies 16-bit integers faster than float32.
    bool has_fast_words;
    int64_t (*word_product_scratch)(const WordProduct &);
    void (*word_product)(const WordProduct &);
    /// Dequantizes a row at `data` to float or bfloat16.
    void (*expand_block_row)(BlockType, int64_t columns, const uint8_t *data, Element, void *out);
    void (*decode_attention)(const DecodeAttention &);
    void (*rms_norm)(const float *x, const void *weight, bool weight_is_bf16, int64_t size, float epsilon, float *y);
    void (*rotary_append)(const RotaryAppend &);
    /// The index of the greatest of `count` numbers, the first of equal ones; -1 if one is NaN or the greatest is not
    /// finite.
    int64_t (*argmax)(const float *x, int64_t count);
    /// y[i] += sum over j of x[j] * b[i][j]; b [count, size], bfloat16 if `is_bf16`.
    void (*add_product)(const float *x, const void *b, bool is_bf16, int64_t count, int64_t size, float *y);
};

}  // namespace ctorch

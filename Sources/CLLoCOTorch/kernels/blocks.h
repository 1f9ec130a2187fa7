// Products with weights in the blocks of a GGUF file, without a copy.
//
// Why: a model's file is memory-mapped. A decode step reads only the file's 4 to 8 bits per weight, and only pages of
// the file are in memory.
//
// A block format is a type with these members, for the block at `data` with one or eight groups of 32 columns:
//
//     Block(data)       reads the scales
//     numbers(g)        the 32 numbers of group g, as bytes in 0...63, or -128...127 if `is_signed`
//     zero              the number that represents a weight of zero
//     scales(half)      the scales: one number, or one for each of eight groups; each half of a group has its own scale
//     if
//                       `has_halves`
//     minima()          the minima: w = scale * (number - zero) + minimum
//
// x is quantized to int8 with one scale per 32 columns, as in quantized.h: products and their sums within a group are
// exact integers; groups are added in float32. If rounding is not allowed, x and products are float32.

#pragma once

#ifndef KERNELS
#error "include kernels through a file of sets/"
#endif

namespace KERNELS {

using u8x32 = uint8_t __attribute__((ext_vector_type(32)));
using i8x32 = int8_t __attribute__((ext_vector_type(32)));
using u8x16 = uint8_t __attribute__((ext_vector_type(16)));
using i32x8 = int32_t __attribute__((ext_vector_type(8)));
using f32x8 = float __attribute__((ext_vector_type(8)));

// --- Sums of products of bytes --------------------------------------------------------------------------------------

/// Eight sums of four products each; lanes 0 ..< 4 belong to the first sixteen numbers. `a` is signed if `IsSigned`,
/// else in 0...63; x is in -127...127.
template <bool IsSigned>
KERNELS_INLINE i32x8 dot_bytes(u8x32 a, i8x32 x) {
#if KERNELS_X86
    __m256i left = (__m256i)a, right = (__m256i)x;
    if constexpr (IsSigned) {
        // |a| and x with the signs of a: pairs are within 2 * 128 * 127 < 2^15.
        right = _mm256_sign_epi8(right, left);
        left = _mm256_abs_epi8(left);
    }
#if KERNELS_VNNI
    return (i32x8)_mm256_dpbusd_epi32(_mm256_setzero_si256(), left, right);
#else
    return (i32x8)_mm256_madd_epi16(_mm256_maddubs_epi16(left, right), _mm256_set1_epi16(1));
#endif
#elif KERNELS_NEON
    int32x4_t sums[2];
    const int8x16_t as[2] = {(int8x16_t)a.lo, (int8x16_t)a.hi}, xs[2] = {(int8x16_t)x.lo, (int8x16_t)x.hi};
    for (int i = 0; i < 2; i++) {
#if defined(__ARM_FEATURE_DOTPROD)
        sums[i] = vdotq_s32(vdupq_n_s32(0), as[i], xs[i]);
#else
        const int32x4_t first = vpaddlq_s16(vmull_s8(vget_low_s8(as[i]), vget_low_s8(xs[i])));
        const int32x4_t second = vpaddlq_s16(vmull_s8(vget_high_s8(as[i]), vget_high_s8(xs[i])));
        sums[i] = vpaddq_s32(first, second);
#endif
    }
    i32x8 result;
    __builtin_memcpy(&result, sums, sizeof result);
    return result;
#else
    const i32x8 p = (i32x8)a, q = (i32x8)x;
    i32x8 sums = 0;
    for (int i = 0; i < 4; i++) sums += (p << (24 - 8 * i) >> 24) * (q << (24 - 8 * i) >> 24);
    return sums;
#endif
}

inline float sum(f32x8 v) {
    using f32x4 = float __attribute__((ext_vector_type(4)));
    const f32x4 a = v.lo + v.hi;
    return (a.x + a.z) + (a.y + a.w);
}

// --- Formats --------------------------------------------------------------------------------------------------------

/// Shifts bytes to the right, by shifting 16-bit words: no processor shifts bytes.
KERNELS_INLINE u8x32 shifted(u8x32 bytes, int count) {
    using u16x16_t = uint16_t __attribute__((ext_vector_type(16)));
    return (u8x32)((u16x16_t)bytes >> uint16_t(count)) & uint8_t(0xFF >> count);
}

/// Sixteen bytes as 32 numbers: the lower nibbles, then the upper ones.
KERNELS_INLINE u8x32 nibbles(const uint8_t *data) {
    using u32x4 = uint32_t __attribute__((ext_vector_type(4)));
    using u32x8 = uint32_t __attribute__((ext_vector_type(8)));
    const u32x4 bytes = load<u32x4>(data);
    const u32x8 both = __builtin_shufflevector(bytes, bytes, 0, 1, 2, 3, 4, 5, 6, 7);
    return (u8x32)(both >> u32x8{0, 0, 0, 0, 4, 4, 4, 4}) & uint8_t(15);
}

/// Four bytes as 32 numbers: 16 where bit i is set, else 0.
KERNELS_INLINE u8x32 fifth_bits(const uint8_t *data) {
    using u8x4 = uint8_t __attribute__((ext_vector_type(4)));
    const u8x4 bytes = load<u8x4>(data);
    const u8x32 spread = __builtin_shufflevector(
        bytes, bytes, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
    const u8x32 bits = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128,
                        1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    return (u8x32)((spread & bits) == bits) & uint8_t(16);
}

inline float half_at(const uint8_t *data) {
    uint16_t bits;
    std::memcpy(&bits, data, sizeof bits);
#if KERNELS_X86
    return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(bits)));
#else
    return from_f16(bits);
#endif
}

/// Q4_0, Q4_1, Q5_0 and Q5_1: 32 numbers with one scale, and in the `_1` formats a minimum.
template <bool HasMinimum, bool HasFifth>
struct SimpleBlock {
    static constexpr bool is_signed = false, has_halves = false, has_minimum = HasMinimum;
    static constexpr int groups = 1, zero = HasMinimum ? 0 : HasFifth ? 16 : 8;
    const uint8_t *data;
    float d, m;

    KERNELS_INLINE explicit SimpleBlock(const uint8_t *data)
        : data(data), d(half_at(data)), m(HasMinimum ? half_at(data + 2) : 0) {}
    static KERNELS_INLINE u8x32 numbers(const uint8_t *data) {
        data += HasMinimum ? 4 : 2;
        if constexpr (HasFifth) return nibbles(data + 4) | fifth_bits(data);
        return nibbles(data);
    }
    KERNELS_INLINE u8x32 numbers(int) const { return numbers(data); }
    KERNELS_INLINE float scales(int) const { return d; }
    KERNELS_INLINE float minima() const { return m; }
};

/// Q8_0: 32 signed bytes with one scale.
struct ByteBlock {
    static constexpr bool is_signed = true, has_halves = false, has_minimum = false;
    static constexpr int groups = 1, zero = 0;
    const uint8_t *data;
    float d;

    KERNELS_INLINE explicit ByteBlock(const uint8_t *data) : data(data), d(half_at(data)) {}
    static KERNELS_INLINE u8x32 numbers(const uint8_t *data) { return load<u8x32>(data + 2); }
    KERNELS_INLINE u8x32 numbers(int) const { return numbers(data); }
    KERNELS_INLINE float scales(int) const { return d; }
    KERNELS_INLINE float minima() const { return 0; }
};

/// Q4_K and Q5_K: eight groups with 6-bit scales and minima, which two float16 multiply.
template <bool HasFifth>
struct SuperBlock {
    static constexpr bool is_signed = false, has_halves = false;
    static constexpr int groups = 8, zero = 0;
    const uint8_t *data;
    f32x8 d, m;

    KERNELS_INLINE explicit SuperBlock(const uint8_t *data) : data(data) {
        // d and m as float16, then twelve bytes. Scales 0 ..< 4 and minima 0 ..< 4 are the lower six bits of a byte
        // each, with the upper two bits of the other scales and minima above them. Four bytes have the others' lower
        // four bits, the minima's above the scales'.
        using u32x4 = uint32_t __attribute__((ext_vector_type(4)));
        const u8x16 header = load<u8x16>(data);
        const u8x16 low =
            __builtin_shufflevector(header, header, 4, 5, 6, 7, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
        const u8x16 high = __builtin_shufflevector(header, header, 4, 5, 6, 7, 4, 5, 6, 7, 8, 9, 10, 11, 8, 9, 10, 11);
        const u32x4 six = ((u32x4)low >> u32x4{0, 0, 0, 4}) & u32x4{0x3F3F3F3F, 0x0F0F0F0F, 0x3F3F3F3F, 0x0F0F0F0F};
        const u8x16 numbers = (u8x16)(six | ((u32x4)high >> 2 & u32x4{0, 0x30303030, 0, 0x30303030}));
        d = __builtin_convertvector(numbers.lo, f32x8) * half_at(data);
        m = __builtin_convertvector(numbers.hi, f32x8) * -half_at(data + 2);
    }
    KERNELS_INLINE u8x32 numbers(int g) const {
        const u8x32 bytes = load<u8x32>(data + (HasFifth ? 48 : 16) + 32 * (g / 2));
        const u8x32 four = (g % 2 ? shifted(bytes, 4) : bytes) & uint8_t(15);
        if constexpr (!HasFifth) return four;
        const u8x32 fifths = load<u8x32>(data + 16);
        // Moves the group's bit to the fifth place.
        const u8x32 fifth = g < 4 ? fifths << uint8_t(4 - g) : shifted(fifths, g - 4);
        return four | (fifth & uint8_t(16));
    }
    KERNELS_INLINE f32x8 scales(int) const { return d; }
    KERNELS_INLINE f32x8 minima() const { return m; }
};

/// Q6_K: sixteen 8-bit scales, one for each half of a group, which a float16 multiplies.
struct SixBitBlock {
    static constexpr bool is_signed = false, has_halves = true;
    static constexpr int groups = 8, zero = 32;
    const uint8_t *data;
    f32x8 d[2];

    KERNELS_INLINE explicit SixBitBlock(const uint8_t *data) : data(data) {
        const i8x16 numbers = load<i8x16>(data + 192);
        const i8x16 halves =
            __builtin_shufflevector(numbers, numbers, 0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
        d[0] = __builtin_convertvector(halves.lo, f32x8) * half_at(data + 208);
        d[1] = __builtin_convertvector(halves.hi, f32x8) * half_at(data + 208);
    }
    KERNELS_INLINE u8x32 numbers(int g) const {
        const int half = g / 4, quarter = g % 4;
        const u8x32 low = load<u8x32>(data + 64 * half + 32 * (quarter % 2));
        const u8x32 high = load<u8x32>(data + 128 + 32 * half);
        const u8x32 four = (quarter / 2 ? shifted(low, 4) : low) & uint8_t(15);
        // Moves the quarter's two bits to the fifth and sixth places.
        const u8x32 two = quarter < 2 ? high << uint8_t(4 - 2 * quarter) : quarter == 2 ? high : shifted(high, 2);
        return four | (two & uint8_t(48));
    }
    KERNELS_INLINE f32x8 scales(int half) const { return d[half]; }
    KERNELS_INLINE f32x8 minima() const { return 0; }
};

/// A format's block type, columns and bytes per block, and maximum number.
template <typename Block, ctorch::BlockType Kind, int Greatest>
struct Format {
    using Type = Block;
    static constexpr int columns = int(ctorch::block_columns(Kind)), bytes = int(ctorch::block_bytes(Kind));
    static constexpr int greatest = Greatest;
};

/// Calls `body` with the `Format` of a type.
template <typename Body>
static void with_blocks(ctorch::BlockType type, const Body &body) {
    using enum ctorch::BlockType;
    switch (type) {
        case q4_0: return body.template operator()<Format<SimpleBlock<false, false>, q4_0, 15>>();
        case q4_1: return body.template operator()<Format<SimpleBlock<true, false>, q4_1, 15>>();
        case q5_0: return body.template operator()<Format<SimpleBlock<false, true>, q5_0, 31>>();
        case q5_1: return body.template operator()<Format<SimpleBlock<true, true>, q5_1, 31>>();
        case q8_0: return body.template operator()<Format<ByteBlock, q8_0, 127>>();
        case q4_k: return body.template operator()<Format<SuperBlock<false>, q4_k, 15>>();
        case q5_k: return body.template operator()<Format<SuperBlock<true>, q5_k, 31>>();
        case q6_k: return body.template operator()<Format<SixBitBlock, q6_k, 63>>();
        case f32:
        case f16:
        case bf16: break;
    }
}

// --- The product ----------------------------------------------------------------------------------------------------

/// The maximum number of rows of x multiplied at once: registers hold their sums.
constexpr int64_t block_linear_rows = 4;

/// Quantized x in the scratch memory.
struct BlockInput {
    int64_t columns, rows;
    uint8_t *scratch;

    int64_t groups() const { return columns / 32; }
    int8_t *numbers(int64_t row) const { return reinterpret_cast<int8_t *>(scratch) + row * 32 * groups(); }
    /// One per group.
    float *scales(int64_t row) const {
        return reinterpret_cast<float *>(scratch + rows * 32 * groups()) + row * 3 * groups();
    }
    /// For each group, the sum of a half's numbers, times the scale.
    float *sums(int64_t row, int half) const { return scales(row) + (1 + half) * groups(); }

    void quantize(int64_t row, const float *x) const {
        for (int64_t g = 0; g < groups(); g++, x += 32) {
            const QuantizedGroup group(x);
            scales(row)[g] = group.scale;
            for (int half = 0; half < 2; half++) {
                store(numbers(row) + 32 * g + 16 * half, group.numbers[half]);
                sums(row, half)[g] = KERNELS::sum(group.whole[half]) * group.scale;
            }
        }
    }
};

/// A few blocks of one group each as one block: their scales are read and multiplied at once.
template <typename Block, int Bytes, int Count>
struct BlockRun {
    static constexpr bool is_signed = Block::is_signed, has_halves = false;
    static constexpr int groups = Count, zero = Block::zero;
    const uint8_t *data;
    f32x8 d, m;

    KERNELS_INLINE explicit BlockRun(const uint8_t *data) : data(data), d(halves(data)) {
        if constexpr (Block::has_minimum) m = halves(data + 2);
    }
    static KERNELS_INLINE f32x8 halves(const uint8_t *data) {
        u16x16 bits = 0;
#pragma clang loop unroll(full)
        for (int g = 0; g < Count; g++) bits[g] = load<uint16_t>(data + Bytes * g);
        return from_any_f16(bits).lo;
    }
    KERNELS_INLINE u8x32 numbers(int g) const { return Block::numbers(data + Bytes * g); }
    KERNELS_INLINE f32x8 scales(int) const { return d; }
    KERNELS_INLINE f32x8 minima() const {
        if constexpr (Block::has_minimum) return m;
        return 0;
    }
};

/// Sums of adjacent lanes in each half: those of `a`, then those of `b`. `Greatest` is an upper bound of the
/// magnitudes.
template <int Greatest>
KERNELS_INLINE i32x8 sums_of_pairs(i32x8 a, i32x8 b) {
#if KERNELS_X86
    if constexpr (Greatest < 32768) {
        const __m256i both = _mm256_packs_epi32((__m256i)a, (__m256i)b);
        return (i32x8)_mm256_madd_epi16(both, _mm256_set1_epi16(1));
    }
#endif
    return __builtin_shufflevector(a, b, 0, 2, 8, 10, 4, 6, 12, 14) +
           __builtin_shufflevector(a, b, 1, 3, 9, 11, 5, 7, 13, 15);
}

/// Adds the products of a block's groups (up to eight), from `group` on, with a few rows of x.
template <typename Block, int Greatest, int Rows>
KERNELS_INLINE void add_block(
    const uint8_t *data, int64_t group, int64_t groups, const int8_t *const *numbers, const float *const *scales,
    f32x8 *sums) {
    const Block block(data);
    const auto some = [&](const float *p) {
        f32x8 all = 0;
        __builtin_memcpy(&all, p + group, Block::groups * sizeof(float));
        return all;
    };
    // Lanes 0 ..< 4 are the first halves of four groups, lanes 4 ..< 8 the second ones.
    i32x8 fours[Rows][2];
#pragma clang loop unroll(full)
    for (int f = 0; f < 2; f++) {
        u8x32 weights[4];
#pragma clang loop unroll(full)
        for (int g = 0; g < 4; g++) weights[g] = 4 * f + g < Block::groups ? block.numbers(4 * f + g) : u8x32(0);
        for (int r = 0; r < Rows; r++) {
            i32x8 dots[4] = {0, 0, 0, 0};
#pragma clang loop unroll(full)
            for (int g = 0; g < 4 && 4 * f + g < Block::groups; g++) {
                dots[g] = dot_bytes<Block::is_signed>(weights[g], load<i8x32>(numbers[r] + 32 * (group + 4 * f + g)));
            }
            constexpr int bound = 4 * 127 * Greatest;
            fours[r][f] = sums_of_pairs<2 * bound>(
                sums_of_pairs<bound>(dots[0], dots[1]), sums_of_pairs<bound>(dots[2], dots[3]));
        }
    }
    for (int r = 0; r < Rows; r++) {
        const f32x8 scale = some(scales[r]);
        const i32x8 low = __builtin_shufflevector(fours[r][0], fours[r][1], 0, 1, 2, 3, 8, 9, 10, 11);
        const i32x8 high = __builtin_shufflevector(fours[r][0], fours[r][1], 4, 5, 6, 7, 12, 13, 14, 15);
        const f32x8 low_sum = some(scales[r] + groups), high_sum = some(scales[r] + 2 * groups);
        if constexpr (Block::has_halves) {
            sums[r] += __builtin_convertvector(low, f32x8) * (block.scales(0) * scale);
            sums[r] += __builtin_convertvector(high, f32x8) * (block.scales(1) * scale);
            sums[r] -= float(Block::zero) * (block.scales(0) * low_sum + block.scales(1) * high_sum);
        } else {
            sums[r] += __builtin_convertvector(low + high, f32x8) * (block.scales(0) * scale);
            if constexpr (!Block::is_signed) {
                sums[r] += (block.minima() - float(Block::zero) * block.scales(0)) * (low_sum + high_sum);
            }
        }
    }
}

/// Calls `body(data, group)` for every block of a row of weights, with its type. Blocks of one group are taken eight,
/// four or one at a time.
template <typename Block, int Bytes, typename Body>
KERNELS_INLINE void walk_row(const uint8_t *data, int64_t groups, const Body &body) {
    int64_t group = 0;
    const auto step = [&]<typename Some, int Count>() {
        for (int line = 0; line < Count * Bytes; line += 64) __builtin_prefetch(data + 1536 + line);
        body.template operator()<Some>(data, group);
        group += Some::groups;
        data += Count * Bytes;
    };
    if constexpr (Block::groups == 1) {
        while (group + 8 <= groups) step.template operator()<BlockRun<Block, Bytes, 8>, 8>();
        if (group + 4 <= groups) step.template operator()<BlockRun<Block, Bytes, 4>, 4>();
        while (group < groups) step.template operator()<BlockRun<Block, Bytes, 1>, 1>();
    } else {
        while (group < groups) step.template operator()<Block, 1>();
    }
}

/// Multiplies one row of weights with a few rows of x, from `first` on.
template <typename Format, int Rows>
static void multiply_block_row(const uint8_t *data, const BlockInput &x, int64_t first, float *results) {
    f32x8 sums[Rows];
    const int8_t *numbers[Rows];
    const float *scales[Rows];
    for (int r = 0; r < Rows; r++) {
        sums[r] = 0;
        numbers[r] = x.numbers(first + r);
        scales[r] = x.scales(first + r);
    }
    const int64_t groups = x.groups();
    walk_row<typename Format::Type, Format::bytes>(
        data, groups, [&]<typename Some>(const uint8_t *place, int64_t group) {
            add_block<Some, Format::greatest, Rows>(place, group, groups, numbers, scales, sums);
        });
    for (int r = 0; r < Rows; r++) results[r] = KERNELS::sum(sums[r]);
}

/// The weights of half a group: sixteen.
template <typename Block>
KERNELS_INLINE f32x16 weights_of(u8x16 numbers, float scale, float minimum) {
    // Product and sum are each rounded, as in other implementations of these formats.
#pragma clang fp contract(off)
    i32x16 n;
    if constexpr (Block::is_signed) {
        n = __builtin_convertvector((i8x16)numbers, i32x16);
    } else {
        n = __builtin_convertvector(numbers, i32x16) - Block::zero;
    }
    return __builtin_convertvector(n, f32x16) * scale + minimum;
}

/// Calls `body` with the weights of a block, sixteen columns at a time.
template <typename Block, typename Body>
KERNELS_INLINE void block_weights(const uint8_t *data, const Body &body) {
    const Block block(data);
    float scales[2][8], minima[8];
    for (int half = 0; half < 2; half++) store(scales[half], block.scales(half));
    store(minima, block.minima());
#pragma clang loop unroll(full)
    for (int g = 0; g < Block::groups; g++) {
        const u8x32 numbers = block.numbers(g);
        body(weights_of<Block>(numbers.lo, scales[0][g], minima[g]));
        body(weights_of<Block>(numbers.hi, scales[1][g], minima[g]));
    }
}

/// Unquantized rows of x, for products without rounding.
struct ExactInput {
    const float *x;
    int64_t stride, columns;
};

/// Multiplies one row of weights with a few rows of x in float32.
template <typename Format, int Rows>
static void multiply_block_row(const uint8_t *data, const ExactInput &input, int64_t first, float *results) {
    f32x16 sums[Rows];
    for (int r = 0; r < Rows; r++) sums[r] = 0;
    const float *x = input.x + first * input.stride;
    const auto add = [&](f32x16 weights) {
        for (int r = 0; r < Rows; r++) sums[r] += weights * load<f32x16>(x + r * input.stride);
        x += 16;
    };
    walk_row<typename Format::Type, Format::bytes>(
        data, input.columns / 32,
        [&]<typename Some>(const uint8_t *place, int64_t) { block_weights<Some>(place, add); });
    for (int r = 0; r < Rows; r++) results[r] = KERNELS::sum(sums[r]);
}

template <typename Input>
struct BlockLoop {
    const ctorch::BlockLinear &linear;
    const Input &input;
    WeightRuns runs;

    BlockLoop(const ctorch::BlockLinear &linear, const Input &input, int64_t rows, int64_t bytes)
        : linear(linear),
          input(input),
          runs(rows, std::max<int64_t>(1, 16384 * rows / std::max<int64_t>(bytes, 1)), bytes, linear.threads) {}

    template <typename Format>
    void multiply(const ctorch::BlockWeights &part, int64_t begin, int64_t end, int64_t start) const {
        for (int64_t row = begin; row < end; row++) {
            const uint8_t *data = part.data + row * part.row_bytes();
            float *y = linear.y + start + part.destination(row);
            for (int64_t first = 0; first < linear.count; first += block_linear_rows) {
                const int64_t count = std::min(block_linear_rows, linear.count - first);
                float results[block_linear_rows];
                switch (count) {
                    case 1: multiply_block_row<Format, 1>(data, input, first, results); break;
                    case 2: multiply_block_row<Format, 2>(data, input, first, results); break;
                    case 3: multiply_block_row<Format, 3>(data, input, first, results); break;
                    default: multiply_block_row<Format, 4>(data, input, first, results);
                }
                for (int64_t r = 0; r < count; r++) {
                    float &to = y[(first + r) * linear.y_stride];
                    to = linear.accumulates ? to + results[r] : results[r];
                }
            }
        }
    }

    /// Multiplies rows `begin` ..< `end` of all parts, stacked vertically.
    void multiply(int64_t begin, int64_t end) const {
        int64_t start = 0;
        for (int64_t i = 0; i < linear.part_count; i++) {
            const ctorch::BlockWeights &part = linear.parts[i];
            const int64_t from = std::max(begin - start, int64_t(0)), to = std::min(end - start, part.rows);
            if (from < to) {
                with_blocks(part.type, [&]<typename Format>() { multiply<Format>(part, from, to, start); });
            }
            start += part.rows;
        }
    }

    static void work(const void *context, int64_t worker) {
        const BlockLoop &loop = *static_cast<const BlockLoop *>(context);
        loop.runs.work(worker, [&](int64_t row, int64_t end) { loop.multiply(row, end); });
    }
};

template <typename Input>
static void multiply_rows(const ctorch::BlockLinear &linear, const Input &input) {
    int64_t rows = 0, bytes = 0;
    for (int64_t i = 0; i < linear.part_count; i++) {
        rows += linear.parts[i].rows;
        bytes += linear.parts[i].rows * linear.parts[i].row_bytes();
    }
    const BlockLoop loop(linear, input, rows, bytes);
    ctorch::run_tasks(loop.runs.count, BlockLoop<Input>::work, &loop);
}

static void block_linear(const ctorch::BlockLinear &linear) {
    if (!linear.scratch) {
        return multiply_rows(linear, ExactInput{linear.x, linear.x_stride, linear.parts[0].columns});
    }
    const BlockInput input{linear.parts[0].columns, linear.count, linear.scratch};
    for (int64_t row = 0; row < linear.count; row++) input.quantize(row, linear.x + row * linear.x_stride);
    multiply_rows(linear, input);
}

template <typename Format, typename To>
static void expand_blocks(const uint8_t *data, int64_t columns, To *out) {
    for (int64_t column = 0; column < columns; column += Format::columns, data += Format::bytes) {
        block_weights<typename Format::Type>(data, [&](f32x16 weights) {
            store_f32(out, weights);
            out += 16;
        });
    }
}

template <typename From, typename To>
static void convert_row(const uint8_t *data, int64_t columns, To *out) {
    if constexpr (std::is_same_v<From, To>) {
        std::memcpy(out, data, size_t(columns) * sizeof(To));
    } else {
        const From *from = reinterpret_cast<const From *>(data);
        sixteens(columns, [&](int64_t i, auto part) { store_f32(out + i, load_f32(from + i, part), part); });
    }
}

template <typename To>
static void expand_row(ctorch::BlockType type, int64_t columns, const uint8_t *data, To *out) {
    switch (type) {
        case ctorch::BlockType::f32: return convert_row<float>(data, columns, out);
        case ctorch::BlockType::f16: return convert_row<f16>(data, columns, out);
        case ctorch::BlockType::bf16: return convert_row<bf16>(data, columns, out);
        default: with_blocks(type, [&]<typename Format>() { expand_blocks<Format>(data, columns, out); });
    }
}

static void expand_block_row(
    ctorch::BlockType type, int64_t columns, const uint8_t *data, ctorch::Element element, void *out) {
    if (element == ctorch::Element::bf16) return expand_row(type, columns, data, static_cast<bf16 *>(out));
    expand_row(type, columns, data, static_cast<float *>(out));
}

}  // namespace KERNELS

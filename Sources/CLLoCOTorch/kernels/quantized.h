// 8-bit and 4-bit weights for the linear layers of decode steps.
//
// Why: decoding a token reads every weight once, so memory bandwidth is the limit. On a 2-core Zen 4 with SmolLM2-135M,
// libtorch's linears for one row took 21 ms per token for all layers in bfloat16, 10 ms in int8 and 4.7 ms in int4; one
// pass over the memory would take 6.6, 3.3 and 1.7 ms. These kernels take, on a 2-core Zen 3 with AVX2, 4.1 ms in 8
// bits and 2.5 ms in 4 bits at best; a pass at the bandwidth of the same run (32 GB/s) takes 3.5 and 2.0 ms. On a
// machine that also does other work they reach 0.7 to 0.9 of the remaining bandwidth.
//
// Layout: w = d * q + m, with one d and m (float16) for each 32 columns of a row. Sixteen rows form a tile. Tiles are
// consecutive, and so are the groups of columns within a tile, so that memory is read in one forward stream. A group of
// a tile is
//
//     8 bits   8 blocks of 64 bytes, block b: 4 columns of row 0, of row 1, ...: columns 4b ..< 4b + 4, as q - 128
//              (-127...127); then d of the 16 rows. m = -128 d is implied.
//     4 bits   4 blocks of 64 bytes, block b: columns 8b ..< 8b + 4 in the lower halves of the bytes,
//              8b + 4 ..< 8b + 8 in the upper ones; then d, then m of the 16 rows.
//
// This is the operand of every instruction set's dot product of four bytes. Sixteen rows of four columns are one
// AVX-512 register; its product with one broadcast four of x adds to sixteen rows' sums, without horizontal sums. Rows
// are padded to sixteen with d = m = 0.
//
// x is quantized too, to int8 with one scale per row and group (as in llama.cpp): products and sums within a group are
// exact integers, and groups are added in float32.

#pragma once

#ifndef KERNELS
#error "include kernels through a file of sets/"
#endif

namespace KERNELS {

using i8x64 = int8_t __attribute__((ext_vector_type(64)));
using u8x64 = uint8_t __attribute__((ext_vector_type(64)));
using i16x32 = int16_t __attribute__((ext_vector_type(32)));
using i16x16 = int16_t __attribute__((ext_vector_type(16)));
using i8x16 = int8_t __attribute__((ext_vector_type(16)));

#define KERNELS_INLINE inline __attribute__((always_inline))

// --- Sums of products of four bytes, for sixteen rows ---------------------------------------------------------------
//
// `Dot<bits>` adds up the products of blocks with four numbers of x each. The numbers of a block are in -127...127 for
// 8 bits and in 0...15 for 4.

#if KERNELS_VNNI

template <int Bits>
struct Dot {
    i32x16 sums;
    // dpbusd expects weights in 0...255: the result is too large by 128 times the sum of x, which is subtracted first.
    KERNELS_INLINE Dot(int32_t sum) : sums(Bits == 8 ? -128 * sum : 0) {}
    KERNELS_INLINE void add(i8x64 weights, uint32_t x) {
        if constexpr (Bits == 8) weights ^= int8_t(-128);
#if defined(KERNELS_EMULATED)
        for (int i = 0; i < 4; i++) {
            sums += (i32x16)((u32x16)weights >> (8 * i) & 255) * int32_t(int8_t(x >> 8 * i));
        }
#else
        sums = (i32x16)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)weights, _mm512_set1_epi32(int32_t(x)));
#endif
    }
    KERNELS_INLINE i32x16 total() const { return sums; }
};

#elif KERNELS_X86 == 256

// maddubs multiplies unsigned with signed bytes and adds pairs in 16 bits.
template <int Bits>
struct Dot;

template <>
struct Dot<8> {
    __m256i low = _mm256_setzero_si256(), high = _mm256_setzero_si256();
    KERNELS_INLINE Dot(int32_t) {}
    KERNELS_INLINE void add(i8x64 weights, uint32_t x) {
        // |x| and the weights with the signs of x: pairs are within 2 * 127 * 127 < 2^15.
        const __m256i signs = _mm256_set1_epi32(int32_t(x)), size = _mm256_abs_epi8(signs);
        const __m256i one = _mm256_set1_epi16(1);
        const __m256i a = _mm256_maddubs_epi16(size, _mm256_sign_epi8((__m256i)weights.lo, signs));
        const __m256i b = _mm256_maddubs_epi16(size, _mm256_sign_epi8((__m256i)weights.hi, signs));
        low = _mm256_add_epi32(low, _mm256_madd_epi16(a, one));
        high = _mm256_add_epi32(high, _mm256_madd_epi16(b, one));
    }
    KERNELS_INLINE i32x16 total() const {
        i32x16 result;
        result.lo = (__attribute__((ext_vector_type(8))) int32_t)low;
        result.hi = (__attribute__((ext_vector_type(8))) int32_t)high;
        return result;
    }
};

template <>
struct Dot<4> {
    // Eight sums of a pair, each within 8 * 2 * 15 * 127 = 30,480, fit in 16 bits.
    __m256i low = _mm256_setzero_si256(), high = _mm256_setzero_si256();
    KERNELS_INLINE Dot(int32_t) {}
    KERNELS_INLINE void add(i8x64 weights, uint32_t x) {
        const __m256i four = _mm256_set1_epi32(int32_t(x));
        low = _mm256_add_epi16(low, _mm256_maddubs_epi16((__m256i)weights.lo, four));
        high = _mm256_add_epi16(high, _mm256_maddubs_epi16((__m256i)weights.hi, four));
    }
    KERNELS_INLINE i32x16 total() const {
        const __m256i one = _mm256_set1_epi16(1);
        i32x16 result;
        result.lo = (__attribute__((ext_vector_type(8))) int32_t)_mm256_madd_epi16(low, one);
        result.hi = (__attribute__((ext_vector_type(8))) int32_t)_mm256_madd_epi16(high, one);
        return result;
    }
};

#elif KERNELS_NEON

template <int Bits>
struct Dot {
    int32x4_t sums[4] = {};
    KERNELS_INLINE Dot(int32_t) {}
    KERNELS_INLINE void add(i8x64 weights, uint32_t x) {
        const int8x16_t four = vreinterpretq_s8_u32(vdupq_n_u32(x));
        const int8x16_t parts[4] = {
            (int8x16_t)weights.lo.lo, (int8x16_t)weights.lo.hi, (int8x16_t)weights.hi.lo, (int8x16_t)weights.hi.hi};
        for (int i = 0; i < 4; i++) {
#if defined(__ARM_FEATURE_DOTPROD)
            sums[i] = vdotq_s32(sums[i], parts[i], four);
#else
            const int32x4_t first = vpaddlq_s16(vmull_s8(vget_low_s8(parts[i]), vget_low_s8(four)));
            const int32x4_t second = vpaddlq_s16(vmull_s8(vget_high_s8(parts[i]), vget_high_s8(four)));
            sums[i] = vaddq_s32(sums[i], vpaddq_s32(first, second));
#endif
        }
    }
    KERNELS_INLINE i32x16 total() const {
        i32x16 result;
        __builtin_memcpy(&result, sums, sizeof result);
        return result;
    }
};

#else

template <int Bits>
struct Dot {
    i32x16 sums = 0;
    KERNELS_INLINE Dot(int32_t) {}
    KERNELS_INLINE void add(i8x64 weights, uint32_t x) {
        const i32x16 fours = (i32x16)weights;
        for (int i = 0; i < 4; i++) sums += (fours << (24 - 8 * i) >> 24) * int32_t(int8_t(x >> 8 * i));
    }
    KERNELS_INLINE i32x16 total() const { return sums; }
};

#endif

// --- x, quantized ---------------------------------------------------------------------------------------------------

/// The maximum number of rows of x multiplied at once: registers hold their sums.
constexpr int quantized_block = KERNELS_VNNI ? 8 : 4;

/// One block of quantized rows in the scratch memory.
struct QuantizedRows {
    /// [group][8][row]: four int8 each.
    uint32_t *numbers;
    /// [group][row]
    float *scales;
    /// [group][row]: the sum of the numbers; with 4 bits the bits of a float, the sum times the scale.
    uint32_t *sums;

    QuantizedRows(uint8_t *scratch, int64_t first, int64_t rows, int64_t groups) {
        numbers = reinterpret_cast<uint32_t *>(scratch + first * groups * 40);
        scales = reinterpret_cast<float *>(numbers + rows * groups * 8);
        sums = reinterpret_cast<uint32_t *>(scales + rows * groups);
    }
};

/// 32 numbers of x, quantized to -127...127 with one scale, in two halves.
struct QuantizedGroup {
    f32x16 whole[2];
    i8x16 numbers[2];
    float scale;

    KERNELS_INLINE explicit QuantizedGroup(const float *x) {
        constexpr float magic = 12582912.0f;
        const f32x16 a = load<f32x16>(x), b = load<f32x16>(x + 16);
        // Compared as integers, NaN is the maximum: it becomes the scale and reaches the result.
        const u32x16 sizes = __builtin_elementwise_max((u32x16)a & 0x7FFFFFFF, (u32x16)b & 0x7FFFFFFF);
        const float maximum = __builtin_bit_cast(float, __builtin_reduce_max(sizes));
        const float inverse = maximum > 0 ? 127.0f / maximum : 0.0f;
        // If the scale is too small to have a finite inverse, all numbers become zero.
        const f32x16 factor = f32x16(inverse <= 3e38f ? inverse : 0.0f);
        const f32x16 p = a * factor + magic, q = b * factor + magic;
        whole[0] = p - magic;
        whole[1] = q - magic;
        numbers[0] = __builtin_convertvector((i32x16)p, i8x16);
        numbers[1] = __builtin_convertvector((i32x16)q, i8x16);
        scale = maximum * (1.0f / 127.0f);
    }
};

/// Quantizes x to row `row` of a block of `rows`.
static void quantize_row(const float *x, int64_t groups, int bits, const QuantizedRows &to, int64_t row, int64_t rows) {
    for (int64_t g = 0; g < groups; g++, x += 32) {
        const QuantizedGroup group(x);
        const float sum = KERNELS::sum(group.whole[0] + group.whole[1]);
        uint32_t fours[8];
        store(fours, group.numbers[0]);
        store(fours + 4, group.numbers[1]);
        for (int i = 0; i < 8; i++) to.numbers[(g * 8 + i) * rows + row] = fours[i];
        to.scales[g * rows + row] = group.scale;
        // If x is not finite, the sum is NaN, which has no integer: only the scale carries NaN on.
        const int32_t whole = sum == sum ? int32_t(sum) : 0;
        const float weighted = sum * group.scale;
        to.sums[g * rows + row] = bits == 8 ? uint32_t(whole) : __builtin_bit_cast(uint32_t, weighted);
    }
}

// --- The product ----------------------------------------------------------------------------------------------------

/// The prefetch distance in bytes.
constexpr int64_t quantized_prefetch = 2048;

/// Multiplies one tile with a block of rows.
template <int Bits, int Rows>
__attribute__((noinline)) static void multiply_tile(
    const uint8_t *data, int64_t groups, const QuantizedRows &x, float *y, int64_t stride, int64_t count,
    bool accumulates) {
    constexpr int blocks = Bits == 8 ? 8 : 4;
    f32x16 sums[Rows];
    for (int r = 0; r < Rows; r++) sums[r] = 0;
    const uint32_t *numbers = x.numbers;
    const float *scales = x.scales;
    const uint32_t *totals = x.sums;
    for (int64_t g = 0; g < groups; g++) {
        using Sum = Dot<Bits>;
        alignas(Sum) unsigned char memory[Rows * sizeof(Sum)];
        Sum *dots = reinterpret_cast<Sum *>(memory);
        for (int r = 0; r < Rows; r++) new (dots + r) Sum(int32_t(totals[r]));
// If unrolled, the compiler adds row after row and spills the block's weights.
#pragma clang loop unroll(disable)
        for (int b = 0; b < blocks; b++) {
            __builtin_prefetch(data + 64 * b + quantized_prefetch);
            const u8x64 bytes = load<u8x64>(data + 64 * b);
            if constexpr (Bits == 8) {
                for (int r = 0; r < Rows; r++) dots[r].add((i8x64)bytes, numbers[r]);
                numbers += Rows;
            } else {
                const i8x64 low = (i8x64)(bytes & 15);
                // Shifted as 16-bit words because no processor shifts bytes.
                using u16x32 = uint16_t __attribute__((ext_vector_type(32)));
                const i8x64 high = (i8x64)((u8x64)((u16x32)bytes >> 4) & 15);
                for (int r = 0; r < Rows; r++) dots[r].add(low, numbers[r]);
                for (int r = 0; r < Rows; r++) dots[r].add(high, numbers[Rows + r]);
                numbers += 2 * Rows;
            }
        }
        data += 64 * blocks;
        const f32x16 d = from_f16(load<u16x16>(data));
        data += 32;
        for (int r = 0; r < Rows; r++) {
            sums[r] += __builtin_convertvector(dots[r].total(), f32x16) * (d * scales[r]);
        }
        if constexpr (Bits == 4) {
            const f32x16 m = from_f16(load<u16x16>(data));
            data += 32;
            for (int r = 0; r < Rows; r++) sums[r] += m * __builtin_bit_cast(float, totals[r]);
        }
        scales += Rows;
        totals += Rows;
    }
    for (int r = 0; r < Rows; r++) {
        float *row = y + r * stride;
        if (count == 16) {
            store(row, accumulates ? load<f32x16>(row) + sums[r] : sums[r]);
        } else {
            float values[16];
            store(values, sums[r]);
            for (int64_t i = 0; i < count; i++) row[i] = accumulates ? row[i] + values[i] : values[i];
        }
    }
}

template <int Bits>
static void multiply_tile(
    int64_t rows, const uint8_t *data, int64_t groups, const QuantizedRows &x, float *y, int64_t stride, int64_t count,
    bool accumulates) {
    const auto call = [&](auto multiply) { multiply(data, groups, x, y, stride, count, accumulates); };
    switch (rows) {
        case 1: return call(multiply_tile<Bits, 1>);
        case 2: return call(multiply_tile<Bits, 2>);
        case 3: return call(multiply_tile<Bits, 3>);
        case 4: return call(multiply_tile<Bits, 4>);
#if KERNELS_VNNI
        case 5: return call(multiply_tile<Bits, 5>);
        case 6: return call(multiply_tile<Bits, 6>);
        case 7: return call(multiply_tile<Bits, 7>);
        default: return call(multiply_tile<Bits, 8>);
#endif
    }
}

/// The blocks of a product's rows: as few as the registers allow, of about equal size.
struct QuantizedBlocks {
    int64_t count, rows;
    explicit QuantizedBlocks(int64_t rows) : count((rows + quantized_block - 1) / quantized_block), rows(rows) {}
    int64_t start(int64_t block) const { return block * rows / count; }
};

/// Pieces of weights, split into one run per thread. A thread reads its own run in one forward stream, then helps with
/// the other runs, `step` pieces at a time, so that a late or preempted thread delays little.
struct WeightRuns {
    static constexpr int64_t max_runs = 64;
    struct alignas(64) Run {
        std::atomic<int64_t> next;
        int64_t end;
    };
    int64_t count, step;
    mutable Run run[max_runs];

    WeightRuns(int64_t pieces, int64_t step, int64_t bytes, int64_t threads)
        : count(std::max<int64_t>(1, std::min({threads, max_runs, bytes / 16384, pieces}))), step(step) {
        for (int64_t i = 0; i < count; i++) {
            run[i].next.store(i * pieces / count, std::memory_order_relaxed);
            run[i].end = (i + 1) * pieces / count;
        }
    }

    /// The work of thread `worker`: calls `body(begin, end)` for pieces that no thread has taken.
    template <typename Body>
    void work(int64_t worker, const Body &body) const {
        for (int64_t i = 0; i < count; i++) {
            Run &current = run[(worker + i) % count];
            for (int64_t piece; (piece = current.next.fetch_add(step, std::memory_order_relaxed)) < current.end;) {
                body(piece, std::min(piece + step, current.end));
            }
        }
    }
};

struct QuantizedLoop {
    const ctorch::QuantizedLinear &linear;
    QuantizedBlocks blocks;
    WeightRuns runs;

    explicit QuantizedLoop(const ctorch::QuantizedLinear &linear)
        : linear(linear),
          blocks(linear.count),
          runs(
              linear.weights.tiles(), std::max<int64_t>(1, 4096 / linear.weights.tile_bytes()), linear.weights.bytes(),
              linear.threads) {}

    void multiply(int64_t tile) const {
        const ctorch::QuantizedWeights &weights = linear.weights;
        const uint8_t *data = weights.data + tile * weights.tile_bytes();
        const int64_t count = std::min<int64_t>(16, weights.rows - 16 * tile), groups = weights.groups();
        for (int64_t block = 0; block < blocks.count; block++) {
            const int64_t first = blocks.start(block), rows = blocks.start(block + 1) - first;
            const QuantizedRows x(linear.scratch, first, rows, groups);
            float *y = linear.y + first * linear.y_stride + 16 * tile;
            if (weights.bits == 8) {
                multiply_tile<8>(rows, data, groups, x, y, linear.y_stride, count, linear.accumulates);
            } else {
                multiply_tile<4>(rows, data, groups, x, y, linear.y_stride, count, linear.accumulates);
            }
        }
    }

    static void work(const void *context, int64_t worker) {
        const QuantizedLoop &loop = *static_cast<const QuantizedLoop *>(context);
        loop.runs.work(worker, [&](int64_t tile, int64_t end) {
            for (; tile < end; tile++) loop.multiply(tile);
        });
    }
};

static void quantized_linear(const ctorch::QuantizedLinear &linear) {
    const int64_t groups = linear.weights.groups();
    const QuantizedLoop loop(linear);
    for (int64_t block = 0; block < loop.blocks.count; block++) {
        const int64_t first = loop.blocks.start(block), rows = loop.blocks.start(block + 1) - first;
        const QuantizedRows to(linear.scratch, first, rows, groups);
        for (int64_t row = 0; row < rows; row++) {
            quantize_row(linear.x + (first + row) * linear.x_stride, groups, linear.weights.bits, to, row, rows);
        }
    }
    ctorch::run_tasks(loop.runs.count, QuantizedLoop::work, &loop);
}

// --- Quantizing a group ---------------------------------------------------------------------------------------------

/// The 32 weights of a group.
struct Group {
    f32x16 a, b;
    bool is_bf16;

    /// The maximum error of rounding weights to bfloat16: half a unit in the last of eight significant bits, plus a
    /// little for the rounding of sums.
    static f32x16 tolerance(f32x16 w) { return (f32x16)((i32x16)w & 0x7F800000) * 0x1.01p-8f; }

    /// Whether numbers are these weights, or may have been before rounding to bfloat16.
    bool matches(f32x16 x, f32x16 y) const {
        if (!is_bf16) return !__builtin_reduce_or((x != a) | (y != b));
        return !__builtin_reduce_or(
            (__builtin_elementwise_abs(x - a) > tolerance(a)) | (__builtin_elementwise_abs(y - b) > tolerance(b)));
    }
};

/// The quantized numbers of a group as float, with scale and minimum.
struct Numbers {
    f32x16 a, b;
    float d, m;
};

inline f32x16 rounded(f32x16 x, float minimum, float maximum) {
    constexpr float magic = 12582912.0f;
    x = __builtin_elementwise_min(__builtin_elementwise_max(x, f32x16(minimum)), f32x16(maximum));
    return (x + magic) - magic;
}

static Numbers numbers_of(const Group &group, float d, float m, float minimum, float maximum) {
    const float inverse = d != 0 ? 1.0f / d : 0.0f;
    const f32x16 factor = f32x16(std::fabs(inverse) <= 3e38f ? inverse : 0.0f);
    return {rounded((group.a - m) * factor, minimum, maximum), rounded((group.b - m) * factor, minimum, maximum), d, m};
}

static float squared_error(const Group &group, const Numbers &n) {
    const f32x16 a = n.a * n.d + n.m - group.a, b = n.b * n.d + n.m - group.b;
    return sum(a * a + b * b);
}

inline float to_half(float x) {
    const float limited = std::min(std::max(x, -65504.0f), 65504.0f);
    return from_f16(to_f16(limited));
}

/// Fits the scale, and with `HasMinimum` the minimum, to the numbers. For bfloat16, whose error is relative, each
/// number is weighted by 1 / weight².
template <bool HasMinimum>
static Numbers refit(const Group &group, Numbers n) {
    f32x16 p = f32x16(1), q = f32x16(1);
    if (group.is_bf16) {
        const float floor = std::max(std::fabs(n.d) * 0.25f, 1e-30f);
        p = 1.0f / (group.a * group.a + floor * floor);
        q = 1.0f / (group.b * group.b + floor * floor);
        // Prevents overflow of sums.
        const float scale = floor * floor;
        p *= scale;
        q *= scale;
    }
    const float xx = sum(p * n.a * n.a + q * n.b * n.b), xy = sum(p * n.a * group.a + q * n.b * group.b);
    if (!HasMinimum) {
        if (xx > 0) n.d = to_half(xy / xx);
        return n;
    }
    const float w = sum(p + q), x = sum(p * n.a + q * n.b), y = sum(p * group.a + q * group.b);
    const float determinant = w * xx - x * x;
    if (determinant > 1e-6f * w * xx) {
        n.d = to_half((w * xy - x * y) / determinant);
        n.m = to_half((y - n.d * x) / w);
    }
    return n;
}

inline float minimum_of(const Group &g) { return __builtin_reduce_min(__builtin_elementwise_min(g.a, g.b)); }
inline float maximum_of(const Group &g) { return __builtin_reduce_max(__builtin_elementwise_max(g.a, g.b)); }

/// The float16 neighbours of a number: itself, one up, one down, two up...
inline float neighbour(float half, int number) {
    const int step = number % 2 ? (number + 1) / 2 : -(number / 2);
    return from_f16(uint16_t(to_f16(half) + step));
}
constexpr int neighbours = 13;

/// Finds a minimum that puts all numbers, for a given scale, within the weights' tolerance; false if none exists.
static bool find_minimum(const Group &group, Numbers &n) {
    const f32x16 x = group.a - n.a * n.d, y = group.b - n.b * n.d;
    const f32x16 p = Group::tolerance(group.a), q = Group::tolerance(group.b);
    const float from = __builtin_reduce_max(max(x - p, y - q));
    const float to = __builtin_reduce_min(__builtin_elementwise_min(x + p, y + q));
    if (!(from <= to)) return false;
    n.m = to_half((from + to) * 0.5f);
    return n.m >= from && n.m <= to && group.matches(n.a * n.d + n.m, n.b * n.d + n.m);
}

/// The middle of the range of scales that put all numbers, less 8, within the weights' tolerance; 0 if none exists.
static float find_scale(const Group &group, const Numbers &n) {
    const auto bounds = [](f32x16 w, f32x16 number, f32x16 &from, f32x16 &to) {
        const f32x16 divisor = 1.0f / (number - 8.0f);
        const f32x16 middle = w * divisor, half = Group::tolerance(w) * __builtin_elementwise_abs(divisor);
        // 8 represents zero for any scale.
        const i32x16 is_free = number == 8.0f;
        from = is_free ? f32x16(-3e38f) : middle - half;
        to = is_free ? f32x16(3e38f) : middle + half;
    };
    f32x16 from[2], to[2];
    bounds(group.a, n.a, from[0], to[0]);
    bounds(group.b, n.b, from[1], to[1]);
    const float lower = __builtin_reduce_max(max(from[0], from[1]));
    const float upper = __builtin_reduce_min(__builtin_elementwise_min(to[0], to[1]));
    return lower <= upper && lower > -1e38f ? to_half((lower + upper) * 0.5f) : 0;
}

/// Recovers the 4-bit group that these weights came from; false if they did not come from one.
static bool recognise(const Group &group, bool thoroughly, Numbers &result) {
    const float minimum = minimum_of(group), greatest = maximum_of(group);
    const auto is = [&](float step, float m) {
        result = numbers_of(group, to_half(step), to_half(m), 0, 15);
        if (group.matches(result.a * result.d + result.m, result.b * result.d + result.m)) return true;
        if (!group.is_bf16) return false;
        // Rounded weights give only an estimate, but small weights are precise enough to leave few scales and minima.
        result = numbers_of(group, step, m, 0, 15);
        const Numbers fitted = refit<true>(group, result);
        for (int i = 0; i < neighbours; i++) {
            result.d = neighbour(fitted.d, i);
            if (find_minimum(group, result)) return true;
        }
        return false;
    };
    // GGUF's Q4_0 takes d from the weight of the largest magnitude, which it stores as 0, and m = -8 d.
    const float extreme = greatest > -minimum ? greatest : minimum;
    result = numbers_of(group, extreme / -8, extreme, 0, 15);
    result.d = group.is_bf16 ? find_scale(group, result) : to_half(extreme / -8);
    result.m = -8 * result.d;
    if (group.matches((result.a - 8) * result.d, (result.b - 8) * result.d)) return true;
    // Q4_1 stores the minimum weight as 0 and the maximum as 15.
    if (is((greatest - minimum) / 15, minimum)) return true;
    // The numbers need not span 0 to 15.
    for (int range = thoroughly ? 14 : 0; range > 0; range--) {
        const float step = (greatest - minimum) / float(range);
        for (int lowest = 0; lowest <= 15 - range; lowest++) {
            if (is(step, minimum - (group.is_bf16 ? step : to_half(step)) * float(lowest))) return true;
        }
    }
    return false;
}

/// The best 4-bit group: starts with scale and minimum from the range of the weights, then refits both to the rounded
/// numbers by least squares.
static Numbers fit4(const Group &group) {
    const float minimum = minimum_of(group), greatest = maximum_of(group);
    Numbers best = numbers_of(group, to_half((greatest - minimum) / 15), to_half(minimum), 0, 15);
    float error = squared_error(group, best);
    Group plain = group;
    plain.is_bf16 = false;
    Numbers next = best;
    for (int i = 0; i < 3; i++) {
        next = refit<true>(plain, next);
        next = numbers_of(group, next.d, next.m, 0, 15);
        const float e = squared_error(group, next);
        if (!(e < error)) break;
        error = e;
        best = next;
    }
    return best;
}

/// The best 8-bit group: the largest magnitude becomes 127 (GGUF's Q8_0), then the scale is refitted to the numbers.
static Numbers fit8(const Group &group) {
    const float maximum = std::max(-minimum_of(group), maximum_of(group));
    Numbers best = numbers_of(group, to_half(maximum / 127), 0, -127, 127);
    if (group.matches(best.a * best.d, best.b * best.d) && !group.is_bf16) return best;
    Numbers next = refit<false>(group, best);
    for (int i = 0; group.is_bf16 && i < neighbours; i++) {
        const float d = neighbour(next.d, i);
        if (group.matches(best.a * d, best.b * d)) return {best.a, best.b, d, 0};
    }
    next = numbers_of(group, next.d, 0, -127, 127);
    return squared_error(group, next) < squared_error(group, best) ? next : best;
}

struct QuantizationLoop {
    const ctorch::Quantization &quantization;
    mutable std::atomic<ctorch::QuantizationResult> result{ctorch::QuantizationResult::done};

    bool has_failed() const { return result.load(std::memory_order_relaxed) != ctorch::QuantizationResult::done; }
    void fail(ctorch::QuantizationResult with) const { result.store(with, std::memory_order_relaxed); }
};

static void quantize_tile(const void *context, int64_t tile) {
    const QuantizationLoop &loop = *static_cast<const QuantizationLoop *>(context);
    const ctorch::Quantization &quantization = loop.quantization;
    const ctorch::QuantizedWeights &weights = quantization.weights;
    if (loop.has_failed()) return;
    uint8_t *data = weights.data + tile * weights.tile_bytes();
    const int64_t count = std::min<int64_t>(16, weights.rows - 16 * tile);
    if (count < 16) std::memset(data, 0, size_t(weights.tile_bytes()));
    for (int64_t g = 0; g < weights.groups(); g++, data += weights.group_bytes()) {
        for (int64_t row = 0; row < count; row++) {
            const int64_t start = (16 * tile + row) * weights.columns + 32 * g;
            Group group;
            group.is_bf16 = quantization.is_bf16;
            if (quantization.is_bf16) {
                const bf16 *w = static_cast<const bf16 *>(quantization.weight) + start;
                group.a = load_f32(w);
                group.b = load_f32(w + 16);
            } else {
                const float *w = static_cast<const float *>(quantization.weight) + start;
                group.a = load_f32(w);
                group.b = load_f32(w + 16);
            }
            const u32x16 sizes = __builtin_elementwise_max((u32x16)group.a & 0x7FFFFFFF, (u32x16)group.b & 0x7FFFFFFF);
            if (__builtin_reduce_max(sizes) > __builtin_bit_cast(uint32_t, 65504.0f)) {
                return loop.fail(ctorch::QuantizationResult::out_of_range);
            }
            Numbers n;
            if (weights.bits == 8) {
                n = fit8(group);
            } else if (!recognise(group, quantization.only_lossless, n)) {
                if (quantization.only_lossless) return loop.fail(ctorch::QuantizationResult::lossy);
                n = fit4(group);
            }
            uint32_t fours[8];
            store(fours, __builtin_convertvector(__builtin_convertvector(n.a, i32x16), i8x16));
            store(fours + 4, __builtin_convertvector(__builtin_convertvector(n.b, i32x16), i8x16));
            const uint16_t d = to_f16(n.d), m = to_f16(n.m);
            if (weights.bits == 8) {
                for (int b = 0; b < 8; b++) std::memcpy(data + 64 * b + 4 * row, fours + b, 4);
                std::memcpy(data + 512 + 2 * row, &d, 2);
            } else {
                for (int b = 0; b < 4; b++) {
                    const uint32_t both = fours[2 * b] | fours[2 * b + 1] << 4;
                    std::memcpy(data + 64 * b + 4 * row, &both, 4);
                }
                std::memcpy(data + 256 + 2 * row, &d, 2);
                std::memcpy(data + 288 + 2 * row, &m, 2);
            }
        }
    }
}

static ctorch::QuantizationResult quantize(const ctorch::Quantization &quantization) {
    const QuantizationLoop loop{quantization};
    ctorch::run_tasks(quantization.weights.tiles(), quantize_tile, &loop);
    return loop.result.load(std::memory_order_relaxed);
}

static void dequantize_row(const ctorch::QuantizedWeights &weights, int64_t row, float *out) {
    const uint8_t *data = weights.data + row / 16 * weights.tile_bytes();
    const int64_t lane = row % 16;
    for (int64_t g = 0; g < weights.groups(); g++, data += weights.group_bytes(), out += 32) {
        uint16_t d, m;
        if (weights.bits == 8) {
            std::memcpy(&d, data + 512 + 2 * lane, 2);
            const float scale = from_f16(d);
            for (int i = 0; i < 32; i++) out[i] = scale * float(int8_t(data[64 * (i / 4) + 4 * lane + i % 4]));
        } else {
            std::memcpy(&d, data + 256 + 2 * lane, 2);
            std::memcpy(&m, data + 288 + 2 * lane, 2);
            const float scale = from_f16(d), minimum = from_f16(m);
            for (int i = 0; i < 32; i++) {
                const uint8_t both = data[64 * (i / 8) + 4 * lane + i % 4];
                out[i] = scale * float(i % 8 < 4 ? both & 15 : both >> 4) + minimum;
            }
        }
    }
}

}  // namespace KERNELS

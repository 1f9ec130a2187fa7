// The gradient of x = the gradient of y times a file's weights, for many rows, in 16-bit integers.
//
// Why: a LoRA step multiplies with every frozen weight in the forward and the backward pass, and the backward products
// in libtorch's float32 were half of the step. A register holds twice as many 16-bit products as float32 ones. The
// gradient is rounded to 14 bits and the weights to 13, with one scale per 64 numbers along the sum: an error of about
// 1e-4 of a product, a tenth of bfloat16's. Sums within such a group are exact integers; groups are added in float32.
//
// A panel of rows of weights is dequantized and rounded to tiles of sixteen columns. A few groups of two tiles at a
// time stay in the L1 cache and are multiplied with all rows of y, a few at a time.

#pragma once

#ifndef KERNELS
#error "include kernels through a file of sets/"
#endif

namespace KERNELS {

/// NEON multiplies float32 as fast. The emulated set represents AVX-512.
#if KERNELS_X86 || defined(KERNELS_EMULATED)
constexpr bool has_fast_words = true;
#else
constexpr bool has_fast_words = false;
#endif

/// The number of numbers per scale. The sum of that many products of the maximum numbers fits in 32 bits.
constexpr int64_t word_group = 64;
constexpr int greatest_input = 8191, greatest_weight = 4095;
static_assert(int64_t(greatest_input) * greatest_weight * word_group <= INT32_MAX);

/// A group of `product_rows` rows of y, in pairs of columns.
struct alignas(4) WordInput {
    uint32_t pairs[word_group / 2][product_rows];
    float scales[product_rows];
};

/// Sixteen columns of a group of rows of weights, in pairs of rows.
struct alignas(64) WordTile {
    uint32_t pairs[word_group / 2][16];
    float scales[16];
};

/// Rounds to pairs of integers, the first of each from `low`; requires |x| < 2^15.
KERNELS_INLINE u32x16 rounded_pairs(f32x16 low, f32x16 high) {
    // Adding 1.5 * 2^23 leaves the integer in the lowest bits.
    const u32x16 a = (u32x16)(low + 12582912.0f), b = (u32x16)(high + 12582912.0f);
    return (a & 0xFFFF) | b << 16;
}

/// The range of the numbers that share a scale, lane by lane.
struct WordRange {
    f32x16 greatest = 0, finite = 0;

    KERNELS_INLINE void add(f32x16 x) {
        greatest = max(__builtin_elementwise_abs(x), greatest);
        // NaN if a number is NaN or infinite.
        finite += x * 0.0f;
    }
};

/// The scale of numbers up to `greatest`, and its inverse. If `finite` is NaN, so is the scale, and thus the product.
template <typename Number>
KERNELS_INLINE void word_scale(Number greatest, Number finite, int maximum, Number &scale, Number &inverse) {
    // Below the minimum the inverse could be infinite: such numbers become zero.
    constexpr float minimum = 1e-30f;
    scale = (greatest > minimum ? greatest * (1.0f / float(maximum)) : greatest * 0.0f) + finite;
    inverse = greatest > minimum ? float(maximum) / greatest : greatest * 0.0f;
}

/// Adds the products of a group.
KERNELS_INLINE void add_word_dots(const WordTile &weights, const WordInput &y, i32x16 (&sums)[product_rows]) {
#if KERNELS_X86 == 512
#pragma clang loop unroll_count(2)
    for (int p = 0; p < word_group / 2; p++) {
        const __m512i w = load<__m512i>(weights.pairs[p]);
        for (int r = 0; r < product_rows; r++) {
            sums[r] = (i32x16)_mm512_dpwssd_epi32((__m512i)sums[r], w, _mm512_set1_epi32(int32_t(y.pairs[p][r])));
        }
    }
#elif KERNELS_X86 == 256
    __m256i low[product_rows], high[product_rows];
    for (int r = 0; r < product_rows; r++) low[r] = high[r] = _mm256_setzero_si256();
#pragma clang loop unroll_count(2)
    for (int p = 0; p < word_group / 2; p++) {
        const __m256i w[2] = {load<__m256i>(weights.pairs[p]), load<__m256i>(weights.pairs[p] + 8)};
#pragma clang loop unroll(full)
        for (int r = 0; r < product_rows; r++) {
            const __m256i pair = _mm256_set1_epi32(int32_t(y.pairs[p][r]));
            low[r] = _mm256_add_epi32(low[r], _mm256_madd_epi16(w[0], pair));
            high[r] = _mm256_add_epi32(high[r], _mm256_madd_epi16(w[1], pair));
        }
    }
    for (int r = 0; r < product_rows; r++) {
        sums[r].lo = (i32x8)low[r];
        sums[r].hi = (i32x8)high[r];
    }
#else
    for (int p = 0; p < word_group / 2; p++) {
        const i32x16 w = load<i32x16>(weights.pairs[p]);
        for (int r = 0; r < product_rows; r++) {
            const int32_t pair = int32_t(y.pairs[p][r]);
            sums[r] += (w << 16 >> 16) * int32_t(int16_t(pair)) + (w >> 16) * (pair >> 16);
        }
    }
#endif
}

struct WordLoop {
    const ctorch::WordProduct &product;
    /// The shape of all parts together.
    int64_t rows, columns;
    /// The number of groups of weight rows, of tiles of columns, and of blocks of rows of y.
    int64_t groups, tiles, blocks;
    /// The maximum number of groups of a panel.
    int64_t max_groups;
    WordInput *inputs;
    WordTile *panel;
    uint8_t *memory;

    static constexpr int64_t panel_bytes = 2 << 20;
    /// The number of columns of weights dequantized at once: a whole number of blocks.
    static constexpr int64_t segment = 256;
    /// The number of groups of a tile that are multiplied with all rows of y before the next ones.
    static constexpr int64_t slab = 4;

    explicit WordLoop(const ctorch::WordProduct &product)
        : product(product), rows(0), columns(product.parts[0].columns) {
        for (int64_t i = 0; i < product.part_count; i++) rows += product.parts[i].rows;
        groups = (rows + word_group - 1) / word_group;
        tiles = (columns + 15) / 16;
        blocks = (product.count + product_rows - 1) / product_rows;
        max_groups = std::max<int64_t>(1, panel_bytes / (tiles * int64_t(sizeof(WordTile))));
        max_groups = std::min(max_groups, groups);
        inputs = reinterpret_cast<WordInput *>(product.scratch);
        panel = reinterpret_cast<WordTile *>(product.scratch + input_bytes());
        memory = product.scratch + input_bytes() + max_groups * tiles * int64_t(sizeof(WordTile));
    }

    int64_t input_bytes() const { return (blocks * groups * int64_t(sizeof(WordInput)) + 63) / 64 * 64; }
    /// The memory of a worker for dequantized weights.
    static constexpr int64_t worker_bytes = segment * word_group * int64_t(sizeof(float));
    int64_t scratch_bytes() const {
        return input_bytes() + max_groups * tiles * int64_t(sizeof(WordTile)) + product.threads * worker_bytes;
    }

    /// Packs a group of a row of y, with at most `count` numbers.
    static void pack_input(const float *from, int64_t count, WordInput &to, int row) {
        float numbers[word_group] = {};
        if (count > 0) __builtin_memcpy(numbers, from, size_t(std::min(count, word_group)) * sizeof(float));
        WordRange range;
        for (int i = 0; i < word_group; i += 16) range.add(load<f32x16>(numbers + i));
        float greatest = 0, inverse;
        for (int i = 0; i < 16; i++) greatest = std::max(greatest, range.greatest[i]);
        word_scale(greatest, KERNELS::sum(range.finite), greatest_input, to.scales[row], inverse);
        for (int i = 0; i < word_group; i += 32) {
            const f32x16 a = load<f32x16>(numbers + i) * inverse, b = load<f32x16>(numbers + i + 16) * inverse;
            const u32x16 pairs = rounded_pairs(
                __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30),
                __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31));
            for (int p = 0; p < 16; p++) to.pairs[i / 2 + p][row] = pairs[p];
        }
    }

    void pack_inputs(int64_t block) const {
        for (int64_t g = 0; g < groups; g++) {
            for (int r = 0; r < product_rows; r++) {
                const int64_t row = block * product_rows + r;
                const int64_t count = row < product.count ? rows - g * word_group : 0;
                const float *from = count > 0 ? product.y + row * product.y_stride + g * word_group : product.y;
                pack_input(from, count, inputs[block * groups + g], r);
            }
        }
    }

    /// Packs a segment of columns of a group of weight rows, from row `first` and column `begin` on, to tiles that are
    /// `stride` apart.
    void pack_weights(int64_t first, int64_t begin, WordTile *to, int64_t stride, float *numbers) const {
        const int64_t count = std::min(segment, columns - begin), width = (count + 15) / 16 * 16;
        const ctorch::BlockWeights *part = product.parts;
        int64_t index = first;
        for (int64_t row = 0; row < word_group; row++, index++) {
            float *line = numbers + row * segment;
            const bool exists = first + row < rows;
            for (int64_t i = exists ? count : 0; i < width; i++) line[i] = 0;
            if (!exists) continue;
            for (; index >= part->rows; part++) index -= part->rows;
            const int64_t block = ctorch::block_columns(part->type);
            expand_row(part->type, count, part->row(index) + begin / block * ctorch::block_bytes(part->type), line);
        }
        for (int64_t i = 0; i < width; i += 16, to += stride) {
            WordRange range;
            for (int64_t row = 0; row < word_group; row++) range.add(load<f32x16>(numbers + row * segment + i));
            f32x16 scale, inverse;
            word_scale(range.greatest, range.finite, greatest_weight, scale, inverse);
            store(to->scales, scale);
            for (int64_t row = 0; row < word_group; row += 2) {
                const float *from = numbers + row * segment + i;
                store(
                    to->pairs[row / 2],
                    rounded_pairs(load<f32x16>(from) * inverse, load<f32x16>(from + segment) * inverse));
            }
        }
    }

    /// x += a block of y times a few groups of a tile; the first groups overwrite x.
    void multiply(const WordTile *weights, int64_t count, int64_t block, int64_t group, int64_t tile) const {
        const int64_t row = block * product_rows, column = 16 * tile;
        const int row_count = int(std::min<int64_t>(product_rows, product.count - row));
        const size_t bytes = size_t(std::min<int64_t>(16, columns - column)) * sizeof(float);
        float *x = product.x + row * product.x_stride + column;
        float sums[product_rows][16] = {};
        if (group > 0) {
            for (int r = 0; r < row_count; r++) copy(sums[r], x + r * product.x_stride, bytes);
        }
        const WordInput *input = inputs + block * groups + group;
        for (int64_t g = 0; g < count; g++) {
            i32x16 dots[product_rows] = {};
            add_word_dots(weights[g], input[g], dots);
            const f32x16 scales = load<f32x16>(weights[g].scales);
#pragma clang loop unroll(full)
            for (int r = 0; r < product_rows; r++) {
                const f32x16 dot = __builtin_convertvector(dots[r], f32x16) * input[g].scales[r];
                store(sums[r], load<f32x16>(sums[r]) + dot * scales);
            }
        }
        for (int r = 0; r < row_count; r++) copy(x + r * product.x_stride, sums[r], bytes);
    }

    /// Copies up to sixteen numbers, in most cases all.
    static KERNELS_INLINE void copy(float *to, const float *from, size_t bytes) {
        if (bytes == 64) {
            store(to, load<f32x16>(from));
        } else {
            __builtin_memcpy(to, from, bytes);
        }
    }

    void operator()() const {
        ctorch::parallel(blocks, [&](int64_t block) { pack_inputs(block); });
        const int64_t segments = (columns + segment - 1) / segment;
        for (int64_t first = 0; first < groups; first += max_groups) {
            const int64_t count = std::min(max_groups, groups - first);
            const WeightRuns runs(count * segments, 1, INT64_MAX, product.threads);
            ctorch::parallel(runs.count, [&](int64_t worker) {
                float *numbers = reinterpret_cast<float *>(memory + worker * worker_bytes);
                runs.work(worker, [&](int64_t task, int64_t) {
                    const int64_t g = task / segments, begin = task % segments * segment;
                    pack_weights((first + g) * word_group, begin, panel + begin / 16 * count + g, count, numbers);
                });
            });
            ctorch::parallel((tiles + 1) / 2, [&](int64_t pair) {
                const int64_t end = std::min(2 * pair + 2, tiles);
                for (int64_t g = 0; g < count; g += slab) {
                    for (int64_t block = 0; block < blocks; block++) {
                        for (int64_t tile = 2 * pair; tile < end; tile++) {
                            multiply(panel + tile * count + g, std::min(slab, count - g), block, first + g, tile);
                        }
                    }
                }
            });
        }
    }
};

static int64_t word_product_scratch(const ctorch::WordProduct &product) { return WordLoop(product).scratch_bytes(); }
static void word_product(const ctorch::WordProduct &product) {
    const WordLoop loop(product);
    loop();
}

}  // namespace KERNELS

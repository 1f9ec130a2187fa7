// Products of many rows of x with weights in the blocks of a GGUF file, in 8-bit integers.
//
// Why: a processor without bfloat16 products multiplies bytes two to three times as fast as float32, and a weight is
// expanded to one byte only. x is rounded as for a few rows (blocks.h), so that prefill and decode compute alike.
//
// Sixteen rows of weights form a tile. A slab of it, a few groups of 32 columns, is unpacked once, stays in the L1
// cache, and is multiplied with all rows of x, a few at a time. A group of a tile is 8 blocks of 64 bytes, each with
// four columns of every row, as in quantized.h; then the scales of the rows, and each row's offset, which multiplies
// the sum of x. x is packed in the order of reading: for a few rows, group by group, four columns of each row, the
// scales, and the sums.

#pragma once

#ifndef KERNELS
#error "include kernels through a file of sets/"
#endif

namespace KERNELS {

/// The number of rows of x, or of y in the backward pass, multiplied at once: registers hold their sums.
#if KERNELS_X86 == 512
constexpr int product_rows = 12;
#elif KERNELS_X86 == 256
constexpr int product_rows = 6;
#else
constexpr int product_rows = 4;
#endif

/// The number of groups of a slab.
constexpr int64_t slab_groups = 16;

/// A group of x for `product_rows` rows.
struct alignas(4) InputGroup {
    uint32_t fours[8][product_rows];
    float scales[product_rows];
    /// The sum of each half's numbers, times the scale.
    float sums[2][product_rows];
};

/// A group of a tile of weights: w = scale * number + offset. Each half has its own scale and offset if the format's
/// halves do.
template <int Halves>
struct alignas(64) TileGroup {
    uint8_t numbers[8][64];
    float scales[Halves][16];
    float offsets[Halves][16];
};

// --- Sums of products of bytes, for sixteen rows of weights and a few of x ------------------------------------------

/// Adds the products of `Count` fours of columns. Weights are signed if `IsSigned`, else 0 ... `Greatest`.
template <bool IsSigned, int Greatest, int Count>
KERNELS_INLINE void add_dots(
    const uint8_t (*weights)[64], const uint32_t (*x)[product_rows], i32x16 (&sums)[product_rows]) {
#if KERNELS_VNNI && !defined(KERNELS_EMULATED)
    for (int f = 0; f < Count; f++) {
        const __m512i w = load<__m512i>(weights[f]);
        for (int r = 0; r < product_rows; r++) {
            sums[r] = (i32x16)_mm512_dpbusd_epi32((__m512i)sums[r], w, _mm512_set1_epi32(int32_t(x[f][r])));
        }
    }
#elif KERNELS_X86 == 256
    const __m256i one = _mm256_set1_epi16(1);
    // Pairs of products are added in 16 bits as long as they fit.
    constexpr int fits = IsSigned ? 1 : 32767 / (2 * 127 * Greatest), step = fits < Count ? fits : Count;
    static_assert(step >= 1 && Count % step == 0);
#pragma clang loop unroll(full)
    for (int begin = 0; begin < Count; begin += step) {
        __m256i pairs[product_rows][2];
#pragma clang loop unroll(full)
        for (int f = begin; f < begin + step; f++) {
            const __m256i w[2] = {load<__m256i>(weights[f]), load<__m256i>(weights[f] + 32)};
#pragma clang loop unroll(full)
            for (int r = 0; r < product_rows; r++) {
                const __m256i four = _mm256_set1_epi32(int32_t(x[f][r]));
                for (int h = 0; h < 2; h++) {
                    __m256i products;
                    if constexpr (IsSigned) {
                        products = _mm256_maddubs_epi16(_mm256_abs_epi8(w[h]), _mm256_sign_epi8(four, w[h]));
                    } else {
                        products = _mm256_maddubs_epi16(w[h], four);
                    }
                    pairs[r][h] = f == begin ? products : _mm256_add_epi16(pairs[r][h], products);
                }
            }
            // Two fours at once would exceed the registers: a fifth slower.
            asm volatile("" ::: "memory");
        }
#pragma clang loop unroll(full)
        for (int r = 0; r < product_rows; r++) {
            sums[r].lo += (i32x8)_mm256_madd_epi16(pairs[r][0], one);
            sums[r].hi += (i32x8)_mm256_madd_epi16(pairs[r][1], one);
        }
    }
#elif KERNELS_NEON && defined(__ARM_FEATURE_DOTPROD)
    for (int f = 0; f < Count; f++) {
        for (int i = 0; i < 4; i++) {
            const int8x16_t w = load<int8x16_t>(weights[f] + 16 * i);
            for (int r = 0; r < product_rows; r++) {
                int32x4_t part;
                __builtin_memcpy(&part, reinterpret_cast<char *>(&sums[r]) + 16 * i, sizeof part);
                part = vdotq_s32(part, w, vreinterpretq_s8_u32(vdupq_n_u32(x[f][r])));
                __builtin_memcpy(reinterpret_cast<char *>(&sums[r]) + 16 * i, &part, sizeof part);
            }
        }
    }
#else
    for (int f = 0; f < Count; f++) {
        const i32x16 w = load<i32x16>(weights[f]);
        for (int r = 0; r < product_rows; r++) {
            for (int i = 0; i < 4; i++) {
                // Byte i of each four, sign-extended if signed.
                const i32x16 number = IsSigned ? w << (24 - 8 * i) >> 24 : (i32x16)((u32x16)w >> (8 * i) & 255);
                sums[r] += number * int32_t(int8_t(x[f][r] >> 8 * i));
            }
        }
    }
#endif
}

/// Whether signed numbers of the file are unpacked as signed: VNNI expects weights in 0...255.
#if KERNELS_VNNI && !defined(KERNELS_EMULATED)
constexpr bool unpacks_signs = false;
#else
constexpr bool unpacks_signs = true;
#endif

// --- A tile ---------------------------------------------------------------------------------------------------------

/// The unpacked form of a format.
template <typename Format>
struct Unpacked {
    using Block = typename Format::Type;
    static constexpr bool is_signed = Block::is_signed && unpacks_signs;
    static constexpr int halves = Block::has_halves ? 2 : 1;
    static constexpr int zero = Block::is_signed && !is_signed ? 128 : Block::zero;
    static constexpr int greatest = Format::greatest;
    using Group = TileGroup<halves>;
};

/// Unpacks groups `begin` ..< `end` of a row to row `row` of a tile.
template <typename Format>
static void unpack_row(const uint8_t *data, int64_t begin, int64_t end, int row, typename Unpacked<Format>::Group *to) {
    using U = Unpacked<Format>;
    using Block = typename Format::Type;
    data += begin / Block::groups * Format::bytes;
    for (int64_t group = begin; group < end; group += Block::groups, data += Format::bytes) {
        const Block block(data);
        float scales[2][Block::groups], minima[Block::groups];
        for (int half = 0; half < U::halves; half++) store(scales[half], block.scales(half));
        store(minima, block.minima());
#pragma clang loop unroll(full)
        for (int g = 0; g < Block::groups; g++, to++) {
            u8x32 numbers = block.numbers(g);
            if constexpr (Block::is_signed && !U::is_signed) numbers ^= uint8_t(128);
            uint32_t fours[8];
            store(fours, numbers);
            for (int f = 0; f < 8; f++) __builtin_memcpy(to->numbers[f] + 4 * row, fours + f, 4);
            for (int half = 0; half < U::halves; half++) {
                to->scales[half][row] = scales[half][g];
                to->offsets[half][row] = minima[g] - float(U::zero) * scales[half][g];
            }
        }
    }
}

/// sums [product_rows][16] += a slab of a tile times a few rows of x.
template <typename Format>
static void multiply_slab(
    const typename Unpacked<Format>::Group *weights, const InputGroup *x, int64_t groups, float *sums) {
    using U = Unpacked<Format>;
    for (int64_t g = 0; g < groups; g++, weights++, x++) {
        for (int half = 0; half < U::halves; half++) {
            i32x16 dots[product_rows] = {};
            constexpr int count = 8 / U::halves;
            add_dots<U::is_signed, U::greatest, count>(weights->numbers + half * count, x->fours + half * count, dots);
            const f32x16 scales = load<f32x16>(weights->scales[half]);
#pragma clang loop unroll(full)
            for (int r = 0; r < product_rows; r++) {
                f32x16 sum = load<f32x16>(sums + 16 * r);
                sum += scales * (__builtin_convertvector(dots[r], f32x16) * x->scales[r]);
                if constexpr (!U::is_signed) {
                    const float added = U::halves == 2 ? x->sums[half][r] : x->sums[0][r] + x->sums[1][r];
                    sum += load<f32x16>(weights->offsets[half]) * added;
                }
                store(sums + 16 * r, sum);
            }
        }
    }
}

// --- The product ----------------------------------------------------------------------------------------------------

struct ProductLoop {
    const ctorch::BlockProduct &product;
    int64_t groups, blocks, tiles;
    InputGroup *x;
    uint8_t *memory;

    explicit ProductLoop(const ctorch::BlockProduct &product)
        : product(product),
          groups(product.parts[0].columns / 32),
          blocks((product.count + product_rows - 1) / product_rows),
          tiles(0),
          x(reinterpret_cast<InputGroup *>(product.scratch)),
          memory(product.scratch + (blocks * groups * int64_t(sizeof(InputGroup)) + 63) / 64 * 64) {
        for (int64_t i = 0; i < product.part_count; i++) tiles += (product.parts[i].rows + 15) / 16;
    }

    static constexpr int64_t slab_bytes = slab_groups * int64_t(sizeof(TileGroup<2>));
    int64_t worker_bytes() const { return slab_bytes + blocks * product_rows * 64; }
    int64_t scratch_bytes() const {
        return (blocks * groups * int64_t(sizeof(InputGroup)) + 63) / 64 * 64 + product.threads * worker_bytes();
    }

    /// Quantizes the rows of x from `block * product_rows` on; rows past the last are zero.
    void pack(int64_t block) const {
        for (int r = 0; r < product_rows; r++) {
            const int64_t row = block * product_rows + r;
            InputGroup *to = x + block * groups;
            for (int64_t g = 0; g < groups; g++, to++) {
                if (row >= product.count) {
                    for (int f = 0; f < 8; f++) to->fours[f][r] = 0;
                    to->scales[r] = to->sums[0][r] = to->sums[1][r] = 0;
                    continue;
                }
                const QuantizedGroup group(product.x + row * product.x_stride + 32 * g);
                uint32_t fours[8];
                store(fours, group.numbers[0]);
                store(fours + 4, group.numbers[1]);
                for (int f = 0; f < 8; f++) to->fours[f][r] = fours[f];
                to->scales[r] = group.scale;
                for (int half = 0; half < 2; half++) {
                    to->sums[half][r] = KERNELS::sum(group.whole[half]) * group.scale;
                }
            }
        }
    }

    template <typename Format>
    void multiply(const ctorch::BlockWeights &part, int64_t first, int64_t start, uint8_t *scratch) const {
        using Group = typename Unpacked<Format>::Group;
        Group *slab = reinterpret_cast<Group *>(scratch);
        float *sums = reinterpret_cast<float *>(scratch + slab_bytes);
        const int count = int(std::min<int64_t>(16, part.rows - first));
        f32x16 bias = 0;
        if (product.bias) {
            float numbers[16] = {};
            __builtin_memcpy(numbers, product.bias + start + first, size_t(count) * sizeof(float));
            bias = load<f32x16>(numbers);
        }
        for (int64_t row = 0; row < blocks * product_rows; row++) store(sums + 16 * row, bias);
        for (int64_t group = 0; group < groups; group += slab_groups) {
            const int64_t end = std::min(groups, group + slab_groups);
            for (int row = 0; row < 16; row++) {
                unpack_row<Format>(part.row(first + std::min(row, count - 1)), group, end, row, slab);
            }
            for (int64_t block = 0; block < blocks; block++) {
                multiply_slab<Format>(slab, x + block * groups + group, end - group, sums + block * product_rows * 16);
            }
        }
        for (int64_t row = 0; row < product.count; row++) {
            float *y = product.y + row * product.y_stride + start + first;
            if (count == 16) {
                store(y, load<f32x16>(sums + 16 * row));
            } else {
                __builtin_memcpy(y, sums + 16 * row, size_t(count) * sizeof(float));
            }
        }
    }

    void multiply(int64_t tile, uint8_t *scratch) const {
        int64_t start = 0;
        for (const ctorch::BlockWeights *part = product.parts;; part++) {
            const int64_t count = (part->rows + 15) / 16;
            if (tile < count) {
                with_blocks(part->type, [&]<typename Format>() { multiply<Format>(*part, 16 * tile, start, scratch); });
                return;
            }
            tile -= count;
            start += part->rows;
        }
    }
};

static int64_t block_product_scratch(const ctorch::BlockProduct &product) {
    return ProductLoop(product).scratch_bytes();
}

static void block_product(const ctorch::BlockProduct &product) {
    const ProductLoop loop(product);
    ctorch::parallel(loop.blocks, [&](int64_t block) { loop.pack(block); });
    const WeightRuns runs(loop.tiles, 1, INT64_MAX, product.threads);
    ctorch::parallel(runs.count, [&](int64_t worker) {
        uint8_t *scratch = loop.memory + worker * loop.worker_bytes();
        runs.work(worker, [&](int64_t tile, int64_t end) {
            for (; tile < end; tile++) loop.multiply(tile, scratch);
        });
    });
}

}  // namespace KERNELS

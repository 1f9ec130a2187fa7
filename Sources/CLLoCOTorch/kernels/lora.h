// The low-rank products of LoRA adapters. They have few multiplications, so their cost is reading the activations. Each
// product reads them once, converts them to float32 and applies dropout on the way.
//
// Why: adapters of rank 8 on SmolLM2-135M's query, key and value projections, 1,536 positions in float32 on one Zen 3
// core, forward and backward: 87 ms composed of libtorch's operations, 65 here, of which the frozen weight's products
// are 56.

#ifndef KERNELS
#error "include kernels through a file of sets/"
#endif

namespace KERNELS {

/// The number of rows of a tile, whose sums fill the registers.
constexpr int lora_rows = KERNELS_ROWS;

/// A 32-bit hash of one word or of sixteen.
template <typename Word>
inline Word scrambled(Word x) {
    x = (x ^ (x >> 16)) * 0x7FEB352Du;
    x = (x ^ (x >> 15)) * 0x846CA68Bu;
    return x ^ (x >> 16);
}

/// Sixteen dropout factors, 0 or the scale, from column `i` of a row on.
struct DropoutRow {
    u32x16 start;
    u32x16 threshold;
    f32x16 scale;

    DropoutRow(const ctorch::Dropout &dropout, int64_t row) {
        u32x16 lanes;
        for (int lane = 0; lane < 16; lane++) lanes[lane] = uint32_t(lane) * 0x9E3779B9u;
        start = lanes + scrambled(dropout.seed ^ scrambled(uint32_t(row) + 0x6A09E667u));
        threshold = u32x16(dropout.threshold);
        scale = f32x16(dropout.scale);
    }

    f32x16 operator()(int64_t i) const {
        const u32x16 x = scrambled(start + uint32_t(i) * 0x9E3779B9u);
        return (f32x16)((i32x16)scale & (i32x16)(x >= threshold));
    }
};

/// Computes `Rows` rows of lora_down, converted to float32 in `buffer` first.
template <typename T, int Rows>
static void lora_down_tile(
    const T *x, int64_t stride, int64_t size, const float *a, int64_t width, const ctorch::Dropout *dropout,
    int64_t first_row, float *buffer, float *out, int64_t out_stride) {
    for (int row = 0; row < Rows; row++) {
        const T *from = x + row * stride;
        float *to = buffer + row * size;
        if (dropout) {
            const DropoutRow factors(*dropout, first_row + row);
            sixteens(size, [&](int64_t i, auto part) {
                store_f32(to + i, load_f32(from + i, part) * factors(i), part);
            });
        } else {
            sixteens(size, [&](int64_t i, auto part) { store_f32(to + i, load_f32(from + i, part), part); });
        }
    }
    for (int64_t column = 0; column < width; column += 16) {
        f32x16 sums[Rows] = {};
        for (int64_t i = 0; i < size; i++) {
            const f32x16 v = load_f32(a + i * width + column);
#pragma clang loop unroll(full)
            for (int row = 0; row < Rows; row++) sums[row] += buffer[row * size + i] * v;
        }
        for (int row = 0; row < Rows; row++) store_f32(out + row * out_stride + column, sums[row]);
    }
}

template <typename T>
static void lora_down(
    const void *x_, int64_t stride, int64_t rows, int64_t size, const float *a, int64_t rank,
    const ctorch::Dropout *dropout, int64_t first_row, float *out, int64_t out_stride) {
    const T *x = static_cast<const T *>(x_);
    const int64_t width = (rank + 15) / 16 * 16;
    const std::unique_ptr<float[]> buffer(new float[size_t(lora_rows * size)]);
    int64_t row = 0;
    for (; row + lora_rows <= rows; row += lora_rows) {
        lora_down_tile<T, lora_rows>(
            x + row * stride, stride, size, a, width, dropout, first_row + row, buffer.get(), out + row * out_stride,
            out_stride);
    }
    for (; row < rows; row++) {
        lora_down_tile<T, 1>(
            x + row * stride, stride, size, a, width, dropout, first_row + row, buffer.get(), out + row * out_stride,
            out_stride);
    }
}

template <typename T, int Rows>
static void lora_up_tile(
    T *x, int64_t stride, int64_t size, const float *h, int64_t h_stride, int64_t rank, const float *b,
    const ctorch::Dropout *dropout, int64_t first_row) {
    sixteens(size, [&](int64_t i, auto part) {
        f32x16 sums[Rows] = {};
        for (int64_t r = 0; r < rank; r++) {
            const f32x16 v = load_f32(b + r * size + i, part);
#pragma clang loop unroll(full)
            for (int row = 0; row < Rows; row++) sums[row] += h[row * h_stride + r] * v;
        }
        for (int row = 0; row < Rows; row++) {
            if (dropout) sums[row] *= DropoutRow(*dropout, first_row + row)(i);
            T *to = x + row * stride + i;
            store_f32(to, load_f32(to, part) + sums[row], part);
        }
    });
}

template <typename T>
static void lora_up(
    void *x_, int64_t stride, int64_t rows, int64_t size, const float *h, int64_t h_stride, int64_t rank,
    const float *b, const ctorch::Dropout *dropout, int64_t first_row) {
    T *x = static_cast<T *>(x_);
    int64_t row = 0;
    for (; row + lora_rows <= rows; row += lora_rows) {
        lora_up_tile<T, lora_rows>(
            x + row * stride, stride, size, h + row * h_stride, h_stride, rank, b, dropout, first_row + row);
    }
    for (; row < rows; row++) {
        lora_up_tile<T, 1>(
            x + row * stride, stride, size, h + row * h_stride, h_stride, rank, b, dropout, first_row + row);
    }
}

/// The number of columns and rows of x that `lora_outer` converts at a time: they stay in the L1 cache for all ranks.
constexpr int lora_block = 64;

template <int Rank>
static void lora_outer_tile(
    const float *block, int64_t rows, int64_t columns, const float *h, int64_t h_stride, float *out,
    int64_t out_stride) {
    sixteens(columns, [&](int64_t i, auto part) {
        f32x16 sums[Rank];
        for (int r = 0; r < Rank; r++) sums[r] = load_f32(out + r * out_stride + i, part);
        for (int64_t row = 0; row < rows; row++) {
            const f32x16 v = load_f32(block + row * lora_block + i);
#pragma clang loop unroll(full)
            for (int r = 0; r < Rank; r++) sums[r] += h[row * h_stride + r] * v;
        }
        for (int r = 0; r < Rank; r++) store_f32(out + r * out_stride + i, sums[r], part);
    });
}

template <typename T>
static void lora_outer(
    const void *x_, int64_t stride, int64_t rows, const float *h, int64_t h_stride, int64_t rank,
    const ctorch::Dropout *dropout, int64_t begin, int64_t end, float *out, int64_t out_stride) {
    for (int64_t r = 0; r < rank; r++) std::fill(out + r * out_stride + begin, out + r * out_stride + end, 0.0f);
    float block[lora_block * lora_block] = {};
    for (int64_t first = 0; first < rows; first += lora_block) {
        const int64_t count = std::min<int64_t>(lora_block, rows - first);
        for (int64_t column = begin; column < end; column += lora_block) {
            const int64_t columns = std::min<int64_t>(lora_block, end - column);
            for (int64_t row = 0; row < count; row++) {
                const T *from = static_cast<const T *>(x_) + (first + row) * stride + column;
                float *to = block + row * lora_block;
                if (dropout) {
                    const DropoutRow factors(*dropout, first + row);
                    sixteens(columns, [&](int64_t i, auto part) {
                        store_f32(to + i, load_f32(from + i, part) * factors(column + i));
                    });
                } else {
                    sixteens(columns, [&](int64_t i, auto part) { store_f32(to + i, load_f32(from + i, part)); });
                }
            }
            const float *left = h + first * h_stride;
            float *sums = out + column;
            int64_t r = 0;
            for (; r + 4 <= rank; r += 4) {
                lora_outer_tile<4>(block, count, columns, left + r, h_stride, sums + r * out_stride, out_stride);
            }
            for (; r < rank; r++) {
                lora_outer_tile<1>(block, count, columns, left + r, h_stride, sums + r * out_stride, out_stride);
            }
        }
    }
}

}  // namespace KERNELS

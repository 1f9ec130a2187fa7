// The operations of a decode step between its linear layers.
//
// Why: with one query per sequence, libtorch's attention copies cached keys and values that are in pieces, reads them
// once per query head that shares them and divides its work by heads only. This attention reads 4,096 positions at 0.5
// to 0.65 of the memory bandwidth (2-core Zen 3, AVX2, where computing takes as long as reading). In libtorch a step's
// small operations each allocate their result and cost more to dispatch than to compute; here all those of a token take
// 0.1 ms.

#pragma once

#ifndef KERNELS
#error "include kernels through a file of sets/"
#endif

namespace KERNELS {

using f32x8 = float __attribute__((ext_vector_type(8)));

// --- Attention of one query position per sequence -------------------------------------------------------------------
//
// The positions are split into chunks, so that one sequence with few heads still keeps all threads busy
// (flash-decoding, Dao et al. 2023). A task computes one chunk of one key head for all query rows that share it. It
// reads the chunk once, 64 positions at a time, with the online softmax of Milakov and Gimelshein 2018. Finally the
// chunks' results are combined.

/// The number of positions between two updates of the softmax.
constexpr int64_t decode_step = 64;
/// The prefetch distance in positions.
constexpr int64_t decode_ahead = 16;
/// The maximum number of query rows computed at once.
constexpr int decode_rows = 4;

// The registers that a row of keys or values is read into: AVX-512's if available.
#if KERNELS_X86 == 512
using Lanes = f32x16;
inline f32x8 halved(Lanes v) { return v.lo + v.hi; }
#else
using Lanes = f32x8;
inline f32x8 halved(Lanes v) { return v; }
#endif
constexpr int64_t lanes = sizeof(Lanes) / sizeof(float);

/// Reads numbers in memory order, `count` registers per address.
template <typename T>
struct InOrder {
    using Number = T;
    static constexpr int count = 1;
    static KERNELS_INLINE Lanes read(const T *p, int) {
        if constexpr (sizeof(T) == 4) {
            return load<Lanes>(p);
        } else {
#if KERNELS_X86 == 512
            return load_f32(p);
#elif KERNELS_X86 == 256
            if constexpr (std::is_same_v<T, f16>) {
                return (Lanes)_mm256_cvtph_ps(load<__m128i>(p));
            } else {
                return (Lanes)_mm256_slli_epi32(_mm256_cvtepu16_epi32(load<__m128i>(p)), 16);
            }
#else
            using u16x8 = uint16_t __attribute__((ext_vector_type(8)));
            u16x16 bits = 0;
            bits.lo = load<u16x8>(p);
            if constexpr (std::is_same_v<T, f16>) {
                return from_any_f16(bits).lo;
            } else {
                return from_bf16(bits).lo;
            }
#endif
        }
    }
};
/// Reads pairs of bfloat16 as 32 bits. A shift extracts the even numbers and a mask the odd ones: half the work of
/// widening them in order. Queries are reordered beforehand, mixtures of values afterwards.
struct EvenThenOdd {
    using Number = bf16;
    using Bits = uint32_t __attribute__((ext_vector_type(lanes)));
    static constexpr int count = 2;
    static KERNELS_INLINE Lanes read(const bf16 *p, int part) {
        // A second read costs less than a register: the assembly statement hides from the compiler that it is a repeat.
        __asm__ volatile("" : "+r"(p));
        const Bits pairs = load<Bits>(p);
        return part == 0 ? (Lanes)(pairs << 16) : (Lanes)(pairs & 0xFFFF0000u);
    }
    /// Reorders numbers from memory order to the order of `read`.
    static void arrange(const float *from, int64_t size, float *to) {
        for (int64_t e = 0; e < size; e++) {
            const int64_t start = e / (2 * lanes) * (2 * lanes), i = e - start;
            to[start + i % 2 * lanes + i / 2] = from[e];
        }
    }
    /// Restores memory order, in place.
    static void rearrange(float *x, int64_t size) {
        float ordered[2 * lanes];
        for (int64_t start = 0; start < size; start += 2 * lanes) {
            for (int64_t i = 0; i < 2 * lanes; i++) ordered[i] = x[start + i % 2 * lanes + i / 2];
            std::memcpy(x + start, ordered, sizeof ordered);
        }
    }
};

inline f32x8 load_f32x8(const float *p) { return load<f32x8>(p); }
inline f32x8 load_f32x8(const bf16 *p) {
    using u16x8 = uint16_t __attribute__((ext_vector_type(8)));
    using u32x8 = uint32_t __attribute__((ext_vector_type(8)));
    return (f32x8)(__builtin_convertvector(load<u16x8>(p), u32x8) << 16);
}

KERNELS_INLINE f32x8 pair_sums(f32x8 a, f32x8 b) {
    return __builtin_shufflevector(a, b, 0, 2, 8, 10, 4, 6, 12, 14) +
           __builtin_shufflevector(a, b, 1, 3, 9, 11, 5, 7, 13, 15);
}
/// The sums of eight vectors.
KERNELS_INLINE f32x8 sums(const f32x8 *v) {
    const f32x8 a = pair_sums(pair_sums(v[0], v[1]), pair_sums(v[2], v[3]));
    const f32x8 b = pair_sums(pair_sums(v[4], v[5]), pair_sums(v[6], v[7]));
    return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11) +
           __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
}

/// One chunk's result for one query row.
struct DecodeState {
    float *mixture;
    /// The maximum of the scores (base 2) and the sum of the exponentials relative to it.
    float *maximum, *sum;
};

struct DecodeLoop {
    const ctorch::DecodeAttention &attention;
    int64_t chunks, tasks;
    float *queries, *arranged_queries, *mixtures, *statistics;

    explicit DecodeLoop(const ctorch::DecodeAttention &a) : attention(a), chunks(a.chunks()), tasks(0) {
        queries = a.scratch;
        arranged_queries = queries + a.batch * a.heads * a.size;
        mixtures = arranged_queries + a.batch * a.heads * a.size;
        statistics = mixtures + a.batch * a.heads * chunks * a.size;
        for (int64_t i = 0; i < a.piece_count; i++) tasks += tasks_of(a.pieces[i]);
    }
    int64_t chunks_of(const ctorch::AttentionPiece &piece) const {
        return (piece.count + attention.chunk - 1) / attention.chunk;
    }
    int64_t tasks_of(const ctorch::AttentionPiece &piece) const {
        return chunks_of(piece) * attention.groups * (piece.is_shared ? 1 : attention.batch);
    }
    DecodeState state(int64_t row, int64_t chunk) const {
        const int64_t index = row * chunks + chunk;
        return {mixtures + index * attention.size, statistics + 2 * index, statistics + 2 * index + 1};
    }
};

/// Prefetches memory. Keys and values are read alternately, which hides both streams from the hardware prefetcher.
template <typename T>
KERNELS_INLINE void prefetch(const T *p, int64_t count) {
    for (int64_t i = 0; i < count; i += 64 / int64_t(sizeof(T))) __builtin_prefetch(p + i);
}

/// The scores of `count` positions (at most 64) for `Rows` queries, padded to a multiple of eight with the last one.
template <typename Reader, int Rows>
__attribute__((noinline)) static void score(
    const float *const *queries, const typename Reader::Number *keys, int64_t stride, int64_t count, int64_t size,
    float (*scores)[decode_step]) {
    // The number of sums that leaves registers for a row of keys and the queries.
    constexpr int width = KERNELS_X86 == 512 ? 4 : Rows == 1 ? 8 : Rows == 4 ? 2 : 4;
    for (int64_t s = 0; s < count; s += 8) {
        f32x8 parts[Rows][8];
        for (int64_t t = 0; t < 8; t += width) {
            const typename Reader::Number *key[width];
            for (int i = 0; i < width; i++) {
                key[i] = keys + std::min(s + t + i, count - 1) * stride;
                prefetch(key[i] + decode_ahead * stride, size);
            }
            Lanes products[Rows][width];
            for (int r = 0; r < Rows; r++) {
                for (int i = 0; i < width; i++) products[r][i] = 0;
            }
            for (int64_t e = 0; e < size; e += lanes * Reader::count) {
                for (int j = 0; j < Reader::count; j++) {
                    Lanes q[Rows];
                    for (int r = 0; r < Rows; r++) q[r] = load<Lanes>(queries[r] + e + j * lanes);
                    for (int i = 0; i < width; i++) {
                        const Lanes k = Reader::read(key[i] + e, j);
                        for (int r = 0; r < Rows; r++) products[r][i] += q[r] * k;
                    }
                }
            }
            for (int r = 0; r < Rows; r++) {
                for (int i = 0; i < width; i++) parts[r][t + i] = halved(products[r][i]);
            }
        }
        for (int r = 0; r < Rows; r++) store(scores[r] + s, sums(parts[r]));
    }
}

/// Adds weighted values to mixtures: `Width` registers of each.
template <typename Reader, int Rows, int Width>
__attribute__((noinline)) static void mix(
    const float (*weights)[decode_step], const typename Reader::Number *values, int64_t stride, int64_t count,
    const DecodeState *states, int64_t offset) {
    Lanes sums[Rows][Width];
    for (int r = 0; r < Rows; r++) {
        for (int i = 0; i < Width; i++) sums[r][i] = load<Lanes>(states[r].mixture + offset + lanes * i);
    }
    values += offset;
    for (int64_t s = 0; s < count; s++, values += stride) {
        prefetch(values + decode_ahead * stride, lanes * Width);
        for (int i = 0; i < Width; i++) {
            const Lanes v = Reader::read(values + lanes * (i / Reader::count * Reader::count), i % Reader::count);
            for (int r = 0; r < Rows; r++) sums[r][i] += v * weights[r][s];
        }
    }
    for (int r = 0; r < Rows; r++) {
        for (int i = 0; i < Width; i++) store(states[r].mixture + offset + lanes * i, sums[r][i]);
    }
}

/// Adds a number to each position's scores. A separate function, so that attention without biases stays as fast.
__attribute__((noinline)) static void add(const float *numbers, int64_t count, int rows, float (*scores)[decode_step]) {
    for (int r = 0; r < rows; r++) {
        for (int64_t s = 0; s < count; s++) scores[r][s] += numbers[s];
    }
}

/// Attends to up to 64 positions for `Rows` queries; `added` (or NULL) is added to the scores.
template <typename Reader, int Rows>
static void attend(
    const float *const *queries, const DecodeState *states, const typename Reader::Number *keys, int64_t key_stride,
    const typename Reader::Number *values, int64_t value_stride, int64_t count, int64_t size, const float *added) {
    alignas(64) float scores[Rows][decode_step];
    score<Reader, Rows>(queries, keys, key_stride, count, size, scores);
    if (added) add(added, count, Rows, scores);
    const int64_t padded = (count + 15) / 16 * 16;
    for (int r = 0; r < Rows; r++) {
        for (int64_t s = count; s < padded; s++) scores[r][s] = -INFINITY;
        f32x16 greatest = load<f32x16>(scores[r]);
        for (int64_t s = 16; s < padded; s += 16) greatest = max(load<f32x16>(scores[r] + s), greatest);
        const DecodeState &state = states[r];
        // The maximum may skip NaN; the weights and their sum keep it.
        const float before = *state.maximum, now = std::max(before, __builtin_reduce_max(greatest));
        f32x16 total = 0;
        for (int64_t s = 0; s < padded; s += 16) {
            const f32x16 weights = exp2<5>(load<f32x16>(scores[r] + s) - now);
            total += weights;
            store(scores[r] + s, weights);
        }
        if (now > before) {
            const float factor = exp2<5>(f32x16(before - now))[0];
            *state.sum *= factor;
            for (int64_t e = 0; e < size; e += 16) {
                store(state.mixture + e, load<f32x16>(state.mixture + e) * factor);
            }
            *state.maximum = now;
        }
        *state.sum += sum(total);
    }
    constexpr int width = KERNELS_X86 != 512 && Rows == 4 ? 2 : 4;
    int64_t e = 0;
    for (; e + lanes * width <= size; e += lanes * width) {
        mix<Reader, Rows, width>(scores, values, value_stride, count, states, e);
    }
    for (; e < size; e += lanes * Reader::count) {
        mix<Reader, Rows, Reader::count>(scores, values, value_stride, count, states, e);
    }
}

template <typename Reader>
static void attend_chunk(
    const DecodeLoop &loop, const ctorch::AttentionPiece &piece, int64_t chunk, int64_t first_chunk, int64_t group,
    int64_t sequence) {
    const ctorch::DecodeAttention &a = loop.attention;
    using T = typename Reader::Number;
    constexpr bool is_arranged = std::is_same_v<Reader, EvenThenOdd>;
    const int64_t start = chunk * a.chunk;
    int64_t end = std::min(start + a.chunk, piece.count);
    const float *bias = piece.bias ? piece.bias + sequence * piece.bias_batch + group * piece.bias_group : nullptr;
    // Masked keys at the end of a chunk are not read.
    while (bias && end > start && bias[end - 1] == -INFINITY) end--;
    const T *keys = static_cast<const T *>(piece.keys) + sequence * piece.key.batch + group * piece.key.group;
    const T *values = static_cast<const T *>(piece.values) + sequence * piece.value.batch + group * piece.value.group;
    const int64_t shares = a.heads / a.groups, rows = shares * (piece.is_shared ? a.batch : 1);
    const auto row_of = [&](int64_t i) { return (sequence + i / shares) * a.heads + group * shares + i % shares; };
    for (int64_t i = 0; i < rows; i++) {
        const DecodeState state = loop.state(row_of(i), first_chunk + chunk);
        std::memset(state.mixture, 0, size_t(a.size) * sizeof(float));
        *state.maximum = -INFINITY;
        *state.sum = 0;
    }
    const int64_t blocks = (rows + decode_rows - 1) / decode_rows;
    for (int64_t s = start; s < end; s += decode_step) {
        const int64_t count = std::min(decode_step, end - s);
        const T *k = keys + s * piece.key.position, *v = values + s * piece.value.position;
        float added[decode_step];
        for (int64_t i = 0; bias && i < count; i++) added[i] = std::max(bias[s + i] * log2_e, hidden_score);
        for (int64_t block = 0; block < blocks; block++) {
            const int64_t first = block * rows / blocks, number = (block + 1) * rows / blocks - first;
            const float *queries[decode_rows];
            DecodeState states[decode_rows];
            for (int64_t i = 0; i < number; i++) {
                const int64_t row = row_of(first + i);
                queries[i] = (is_arranged ? loop.arranged_queries : loop.queries) + row * a.size;
                states[i] = loop.state(row, first_chunk + chunk);
            }
            const auto call = [&](auto attend) {
                attend(
                    queries, states, k, piece.key.position, v, piece.value.position, count, a.size,
                    bias ? added : nullptr);
            };
            switch (number) {
                case 1: call(attend<Reader, 1>); break;
                case 2: call(attend<Reader, 2>); break;
                case 3: call(attend<Reader, 3>); break;
                default: call(attend<Reader, 4>); break;
            }
        }
    }
    // The log weight is the same for all scores of the chunk, so it only scales the chunk's share of the result.
    for (int64_t i = 0; i < rows; i++) *loop.state(row_of(i), first_chunk + chunk).maximum += piece.log_weight * log2_e;
    if constexpr (is_arranged) {
        for (int64_t i = 0; i < rows; i++) {
            EvenThenOdd::rearrange(loop.state(row_of(i), first_chunk + chunk).mixture, a.size);
        }
    }
}

static void attend_task(const void *context, int64_t task) {
    const DecodeLoop &loop = *static_cast<const DecodeLoop *>(context);
    const ctorch::DecodeAttention &a = loop.attention;
    int64_t first_chunk = 0;
    for (int64_t i = 0; i < a.piece_count; i++) {
        const ctorch::AttentionPiece &piece = a.pieces[i];
        const int64_t chunks = loop.chunks_of(piece), tasks = loop.tasks_of(piece);
        if (task < tasks) {
            const int64_t chunk = task % chunks, group = task / chunks % a.groups;
            const int64_t sequence = task / chunks / a.groups;
            switch (piece.element) {
                case ctorch::Element::f32:
                    return attend_chunk<InOrder<float>>(loop, piece, chunk, first_chunk, group, sequence);
                case ctorch::Element::f16:
                    return attend_chunk<InOrder<f16>>(loop, piece, chunk, first_chunk, group, sequence);
                case ctorch::Element::bf16:
                    if (a.size % (2 * lanes) != 0) {
                        return attend_chunk<InOrder<bf16>>(loop, piece, chunk, first_chunk, group, sequence);
                    }
                    return attend_chunk<EvenThenOdd>(loop, piece, chunk, first_chunk, group, sequence);
            }
        }
        task -= tasks;
        first_chunk += chunks;
    }
}

static void decode_attention(const ctorch::DecodeAttention &a) {
    const DecodeLoop loop(a);
    // Scores are base 2: 2^x costs less than e^x.
    const float scale = a.scale * log2_e;
    for (int64_t b = 0; b < a.batch; b++) {
        for (int64_t h = 0; h < a.heads; h++) {
            const float *q = a.q + b * a.q_batch + h * a.q_head;
            float *scaled = loop.queries + (b * a.heads + h) * a.size;
            for (int64_t e = 0; e < a.size; e += 16) store(scaled + e, load<f32x16>(q + e) * scale);
            if (a.size % (2 * lanes) == 0) {
                EvenThenOdd::arrange(scaled, a.size, loop.arranged_queries + (b * a.heads + h) * a.size);
            }
        }
    }
    if (loop.tasks == 1) {
        attend_task(&loop, 0);
    } else {
        ctorch::run_tasks(loop.tasks, attend_task, &loop);
    }
    for (int64_t b = 0; b < a.batch; b++) {
        for (int64_t h = 0; h < a.heads; h++) {
            const int64_t row = b * a.heads + h;
            float *out = a.out + b * a.out_batch + h * a.out_head;
            float maximum = hidden_score, total = 0;
            for (int64_t c = 0; c < loop.chunks; c++) maximum = std::max(maximum, *loop.state(row, c).maximum);
            for (int64_t e = 0; e < a.size; e += 16) store(out + e, f32x16(0));
            for (int64_t c = 0; c < loop.chunks; c++) {
                const DecodeState state = loop.state(row, c);
                const float factor = exp2<5>(f32x16(*state.maximum - maximum))[0];
                total += *state.sum * factor;
                for (int64_t e = 0; e < a.size; e += 16) {
                    store(out + e, load<f32x16>(out + e) + load<f32x16>(state.mixture + e) * factor);
                }
            }
            const float factor = maximum > hidden_score ? 1 / total : 0;
            for (int64_t e = 0; e < a.size; e += 16) store(out + e, load<f32x16>(out + e) * factor);
        }
    }
}

// --- Small operations -----------------------------------------------------------------------------------------------

static void rms_norm(const float *x, const void *weight, bool is_bf16, int64_t size, float epsilon, float *y) {
    const auto norm = is_bf16 ? rms_norm<float, bf16> : rms_norm<float, float>;
    norm(x, nullptr, weight, nullptr, y, nullptr, 1, size, epsilon);
}

template <typename T>
static void convert(const float *x, int64_t count, T *to) {
    for (int64_t i = 0; i < count; i++) store_scalar(to + i, x[i]);
}

template <typename T>
static void rotary_append(const ctorch::RotaryAppend &a) {
    for (int64_t row = 0; row < a.rows; row++) {
        float *x = a.qkv + row * a.stride;
        const float *cosine = a.cosine + row * a.cosine_stride, *sine = a.sine + row * a.sine_stride;
        rotate<float>(x, x, cosine, sine, 1, a.heads + a.groups, a.size, a.rotated_size);
        const float *key = x + a.heads * a.size, *value = key + a.groups * a.size;
        for (int64_t g = 0; g < a.groups; g++) {
            convert(key + g * a.size, a.size, static_cast<T *>(a.keys) + row * a.key_row + g * a.key_group);
            convert(value + g * a.size, a.size, static_cast<T *>(a.values) + row * a.value_row + g * a.value_group);
        }
    }
}

static void rotary_append(const ctorch::RotaryAppend &a) {
    switch (a.element) {
        case ctorch::Element::f32: return rotary_append<float>(a);
        case ctorch::Element::f16: return rotary_append<f16>(a);
        case ctorch::Element::bf16: return rotary_append<bf16>(a);
    }
}

static int64_t argmax(const float *x, int64_t count) {
    int64_t i = 0;
    i32x16 unordered = 0;
    f32x16 maximum[4] = {f32x16(-INFINITY), f32x16(-INFINITY), f32x16(-INFINITY), f32x16(-INFINITY)};
    for (; i + 64 <= count; i += 64) {
        for (int j = 0; j < 4; j++) {
            const f32x16 v = load<f32x16>(x + i + 16 * j);
            maximum[j] = max(v, maximum[j]);
            unordered |= v != v;
        }
    }
    float greatest = __builtin_reduce_max(max(max(maximum[0], maximum[1]), max(maximum[2], maximum[3])));
    bool is_number = !__builtin_reduce_or(unordered);
    for (; i < count; i++) {
        greatest = x[i] > greatest ? x[i] : greatest;
        is_number = is_number && x[i] == x[i];
    }
    if (!is_number || !std::isfinite(greatest)) return -1;
    for (i = 0; i + 16 <= count; i += 16) {
        const i32x16 equal = load<f32x16>(x + i) == greatest;
        if (__builtin_reduce_or(equal)) break;
    }
    for (; i < count; i++) {
        if (x[i] == greatest) return i;
    }
    return -1;
}

template <typename T>
static void add_product(const float *x, const T *b, int64_t count, int64_t size, float *y) {
    int64_t i = 0;
    // Eight rows at a time: an adapter's rows are as short as a register, and a horizontal sum costs more than the
    // product.
    for (; i + 8 <= count && size % 8 == 0; i += 8, b += 8 * size) {
        f32x8 parts[8] = {};
        for (int64_t j = 0; j < size; j += 8) {
            const f32x8 numbers = load<f32x8>(x + j);
            for (int k = 0; k < 8; k++) parts[k] += numbers * load_f32x8(b + k * size + j);
        }
        store(y + i, load<f32x8>(y + i) + sums(parts));
    }
    for (; i < count; i++, b += size) {
        float total = 0;
        for (int64_t j = 0; j < size; j++) total += x[j] * scalar(b[j]);
        y[i] += total;
    }
}

static void add_product(const float *x, const void *b, bool is_bf16, int64_t count, int64_t size, float *y) {
    if (is_bf16) {
        add_product(x, static_cast<const bf16 *>(b), count, size, y);
    } else {
        add_product(x, static_cast<const float *>(b), count, size, y);
    }
}

static const ctorch::DecodingKernels decoding_table = {
    .quantize = quantize,
    .quantized_linear = quantized_linear,
    .dequantize_row = dequantize_row,
    .block_linear = block_linear,
    .block_product_scratch = block_product_scratch,
    .block_product = block_product,
    .has_fast_words = has_fast_words,
    .word_product_scratch = word_product_scratch,
    .word_product = word_product,
    .expand_block_row = expand_block_row,
    .decode_attention = decode_attention,
    .rms_norm = rms_norm,
    .rotary_append = rotary_append,
    .argmax = argmax,
    .add_product = add_product,
};

}  // namespace KERNELS

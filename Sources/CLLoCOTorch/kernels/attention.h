// Causal attention, forward and backward, in tiles that stay in the caches (Dao 2023, FlashAttention-2).
//
// Why it is written here: in SmolLM2-135M's prefill over 1,536 tokens on two Zen 4 cores, libtorch's attention took 45
// % of the time at 93 GFLOP/s, and its backward pass 38 % of a LoRA step; the linear layers run at 380 GFLOP/s. See
// Docs/performance.md.
//
// Everything is computed transposed, with a row per key and a lane per query: S = K · Qᵀ [keys, queries]. So the
// maxima, sums and corrections of the softmax are lane by lane, and none of a step's five products needs transposed
// operands in the inner loop. Tiles have 64 queries and 64 keys. In bfloat16 products the inner dimension is in pairs.
//
// NaN propagation: a NaN key or query affects only queries that attend to it. A NaN value affects every query of its
// tile, because masked weights are tiny numbers, not zeros; with libtorch's operation it affects all queries.

#pragma once

#include "attention_arguments.h"
#include "buffer.h"
#include "parallel.h"
#include "product.h"

namespace KERNELS {

/// The queries (lanes) and keys (rows) of a tile.
constexpr int64_t tile_queries = 64, tile_keys = 64;
constexpr int64_t max_head_size = 256;

/// The score of a masked key. Minus infinity would make differences NaN.
constexpr float hidden_score = -1e30f;

using ctorch::AttentionArguments;
using ctorch::AttentionGradients;
using ctorch::Buffer;
using ctorch::KeyValuePiece;

// --- Packing of rows for products

/// The address of a row's first element.
template <typename Element, typename Pointer>
inline auto row(const ctorch::Rows<Pointer> &rows, int64_t batch, int64_t head, int64_t position) {
    using Target = std::conditional_t<std::is_const_v<std::remove_pointer_t<Pointer>>, const Element, Element>;
    return static_cast<Target *>(rows.data) + batch * rows.batch + head * rows.head + position * rows.position;
}

/// Packs rows to [filled, size / elements] units: `count` rows, then zeros.
template <typename Unit, typename Element>
inline void pack_rows(const Element *from, int64_t stride, int64_t count, int64_t filled, int64_t size, Unit *to) {
    for (int64_t r = 0; r < filled; r++) {
        Unit *line = to + r * (size / UnitLanes<Unit>::elements);
        if (r >= count) {
            std::memset(line, 0, sizeof(Unit) * size_t(size / UnitLanes<Unit>::elements));
        } else if constexpr (std::is_same_v<Element, bf16> && UnitLanes<Unit>::elements == 2) {
            std::memcpy(line, from + r * stride, sizeof(bf16) * size_t(size));
        } else {
            for (int64_t e = 0; e < size; e += 16) store(line + e, load_f32(from + r * stride + e));
        }
    }
}

/// Packs rows to [filled / elements, size] units; a unit of two has the elements of two consecutive rows.
template <typename Unit, typename Element>
inline void pack_positions(const Element *from, int64_t stride, int64_t count, int64_t filled, int64_t size, Unit *to) {
    if constexpr (UnitLanes<Unit>::elements == 1) {
        pack_rows(from, stride, count, filled, size, to);
    } else {
        for (int64_t r = 0; r < filled; r += 2) {
            for (int64_t e = 0; e < size; e += 16) {
                const u32x16 low =
                    r < count ? __builtin_convertvector(load<u16x16>(from + r * stride + e), u32x16) : u32x16(0);
                const u32x16 high = r + 1 < count
                                        ? __builtin_convertvector(load<u16x16>(from + (r + 1) * stride + e), u32x16)
                                        : u32x16(0);
                store(to + r / 2 * size + e, low | (high << 16));
            }
        }
    }
}

/// Transposes rows [count <= 64, size] to lanes: [size / elements, 64] units.
template <typename Unit, typename Element>
inline void pack_lanes(const Element *from, int64_t stride, int64_t count, int64_t size, Unit *to) {
    alignas(64) Unit rows[64 * max_head_size];
    const int64_t units = size / UnitLanes<Unit>::elements;
    pack_rows(from, stride, count, 64, size, rows);
    transpose(rows, units, 64, units, to, 64);
}

/// Transposes rows [count <= tile_keys, size] to [size, tile_keys / elements] units: for each element, keys side by
/// side.
template <typename Unit, typename Element>
inline void pack_columns(const Element *from, int64_t stride, int64_t count, int64_t size, Unit *to) {
    alignas(64) Unit positions[tile_keys * max_head_size];
    constexpr int64_t units = tile_keys / UnitLanes<Unit>::elements;
    pack_positions(from, stride, count, tile_keys, size, positions);
    transpose(positions, size, units, size, to, units);
}

/// Transposes a tile [size, 64] back to rows: out [count, size] = from · factor, with one factor per lane.
template <typename Element>
inline void unpack_lanes(float *from, const float *factors, int64_t count, int64_t size, Element *out, int64_t stride) {
    alignas(64) float rows[64 * max_head_size];
    for (int64_t e = 0; e < size; e++) {
        for (int64_t q = 0; q < 64; q += 16) {
            store(from + e * 64 + q, load<f32x16>(from + e * 64 + q) * load<f32x16>(factors + q));
        }
    }
    transpose(from, 64, size, 64, rows, size);
    for (int64_t q = 0; q < count; q++) {
        for (int64_t e = 0; e < size; e += 16) store_f32(out + q * stride + e, load<f32x16>(rows + q * size + e));
    }
}

// --- Tiles

/// Up to 64 keys of one piece.
struct KeyTile {
    const KeyValuePiece *piece;
    int64_t index;     // of the piece
    int64_t offset;    // of the first key within the piece
    int64_t position;  // of the first key in the sequence
    int64_t count;
};

/// All keys in tiles, in order. A tile lies within one piece, so that a shared piece is packed once.
struct KeyTiles {
    Buffer<KeyTile> tiles;
    int64_t count = 0;

    explicit KeyTiles(const AttentionArguments &a) : tiles(a.total / tile_keys + a.piece_count + 1) {
        int64_t position = 0;
        for (int64_t s = 0; s < a.piece_count; s++) {
            for (int64_t offset = 0; offset < a.pieces[s].count; offset += tile_keys) {
                const int64_t size = std::min(tile_keys, a.pieces[s].count - offset);
                tiles[count++] = {a.pieces + s, s, offset, position + offset, size};
            }
            position += a.pieces[s].count;
        }
    }
};

/// The biases of a tile's keys in a head; NULL if the piece has none.
inline const float *bias_of(const KeyTile &tile, int64_t b, int64_t group) {
    return tile.piece->bias.data ? row<float>(tile.piece->bias, b, group, tile.offset) : nullptr;
}

/// The number of a tile's keys to read for a head: trailing keys with a bias of -infinity are skipped.
inline int64_t keys_of(const KeyTile &tile, int64_t b, int64_t group) {
    int64_t count = tile.count;
    if (const float *bias = bias_of(tile, b, group)) {
        while (count > 0 && bias[count - 1] == -INFINITY) count--;
    }
    return count;
}

/// Packed keys and values of all tiles, sequences and key heads.
template <typename Unit>
struct PackedKeys {
    static constexpr int64_t elements = UnitLanes<Unit>::elements;
    const AttentionArguments &a;
    const KeyTiles &tiles;
    const int64_t tile_units, batch;
    /// Forward: rows of keys and columns of values. Backward: rows and columns of keys, and rows of values.
    Buffer<Unit> key_rows, value_columns, key_columns, value_rows;

    PackedKeys(const AttentionArguments &a, const KeyTiles &tiles, bool backward)
        : a(a),
          tiles(tiles),
          tile_units(tile_keys * a.size / elements),
          batch(sequences(a)),
          key_rows(total()),
          value_columns(backward ? 0 : total()),
          key_columns(backward ? total() : 0),
          value_rows(backward ? total() : 0) {
        ctorch::parallel(tiles.count * a.groups * batch, [&](int64_t task) {
            const KeyTile &tile = tiles.tiles[task % tiles.count];
            const int64_t head = task / tiles.count % a.groups, b = task / tiles.count / a.groups;
            if (b > 0 && tile.piece->is_shared) return;
            if (a.is_bf16) {
                pack<bf16>(tile, b, head, backward);
            } else if constexpr (elements == 1) {
                pack<float>(tile, b, head, backward);
            }
        });
    }

    /// The start of a tile's part of a buffer.
    Unit *at(Unit *buffer, int64_t b, int64_t head, int64_t tile) const {
        const int64_t sequence = tiles.tiles[tile].piece->is_shared ? 0 : b;
        return buffer + ((sequence * a.groups + head) * tiles.count + tile) * tile_units;
    }

private:
    int64_t total() const { return batch * a.groups * tiles.count * tile_units; }

    static int64_t sequences(const AttentionArguments &a) {
        for (int64_t s = 0; s < a.piece_count; s++) {
            if (!a.pieces[s].is_shared) return a.batch;
        }
        return 1;
    }

    template <typename Element>
    void pack(const KeyTile &tile, int64_t b, int64_t head, bool backward) {
        const auto &keys = tile.piece->keys, &values = tile.piece->values;
        const Element *key = row<Element>(keys, b, head, tile.offset);
        const Element *value = row<Element>(values, b, head, tile.offset);
        const int64_t index = &tile - &tiles.tiles[0], count = keys_of(tile, b, head);
        pack_rows(key, keys.position, count, tile_keys, a.size, at(key_rows, b, head, index));
        if (backward) {
            pack_columns(key, keys.position, count, a.size, at(key_columns, b, head, index));
            pack_rows(value, values.position, count, tile_keys, a.size, at(value_rows, b, head, index));
        } else {
            pack_columns(value, values.position, count, a.size, at(value_columns, b, head, index));
        }
    }
};

/// Adds log weights and biases to the scores [rows, 64], which are not scaled yet.
inline void add_weights(
    const AttentionArguments &a, const KeyTile &tile, int64_t b, int64_t group, int64_t rows, float *scores) {
    const float log_weight = tile.piece->log_weight;
    if (const float *bias = bias_of(tile, b, group)) {
        for (int64_t r = 0; r < rows; r++) {
            const float shift = (log_weight + bias[r]) / a.scale;
            for (int64_t i = r * 64; i < (r + 1) * 64; i += 16) {
                store(scores + i, bias[r] == -INFINITY ? f32x16(hidden_score) : load<f32x16>(scores + i) + shift);
            }
        }
        return;
    }
    if (log_weight == 0) return;
    const float shift = log_weight / a.scale;
    for (int64_t i = 0; i < rows * 64; i += 16) store(scores + i, load<f32x16>(scores + i) + shift);
}

/// Masks the keys after each query: row r is the key at `position` + r, lane n the query at `first` + n.
inline void hide_later_keys(float *scores, int64_t rows, int64_t position, int64_t first) {
    const i32x16 lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t n = 0; n < 64; n += 16) {
            const i32x16 query = lanes + int32_t(first + n - position - r);
            float *p = scores + r * 64 + n;
            store(p, query >= 0 ? load<f32x16>(p) : f32x16(hidden_score));
        }
    }
}

/// Stores probabilities [rows, 64] packed for a product, keys side by side: [rows / elements, 64] units.
template <typename Unit>
inline void store_pair(Unit *to, f32x16 low, f32x16 high) {
    if constexpr (UnitLanes<Unit>::elements == 2) {
        store(to, to_bf16x2(low, high));
    } else {
        store(to, low);
        store(to + 64, high);
    }
}

// --- Forward

template <typename Unit, typename Element>
void attention_tile(
    const AttentionArguments &a, const KeyTiles &tiles, const PackedKeys<Unit> &packed, int64_t b, int64_t head,
    int64_t start) {
    constexpr int64_t elements = UnitLanes<Unit>::elements;
    constexpr int terms = elements == 2 ? 3 : 5;
    alignas(64) Unit query[64 * max_head_size / elements];
    alignas(64) float scores[tile_keys * 64];
    alignas(64) Unit weights[tile_keys * 64 / elements];
    alignas(64) float mixed[64 * max_head_size];
    alignas(64) float maxima[64], sums[64], factors[64];

    const int64_t size = a.size, group = head / (a.heads / a.groups);
    const int64_t count = std::min(tile_queries, a.queries - start), columns = (count + 15) / 16 * 16;
    const int64_t first = a.total - a.queries + start;
    const float scale = a.scale * log2_e;
    pack_lanes(row<Element>(a.query, b, head, start), a.query.position, count, size, query);
    for (int64_t n = 0; n < 64; n++) maxima[n] = hidden_score, sums[n] = 0;

    bool is_first = true;
    for (int64_t t = 0; t < tiles.count && tiles.tiles[t].position < first + count; t++) {
        const KeyTile &tile = tiles.tiles[t];
        // No query attends to keys after the last query.
        const int64_t rows = std::min(keys_of(tile, b, group), first + count - tile.position);
        const int64_t even = (rows + 1) / 2 * 2;
        if (rows == 0) continue;
        product<false>(
            rows, columns, size / elements, packed.at(packed.key_rows, b, group, t), size / elements, query, 64, scores,
            64);
        add_weights(a, tile, b, group, rows, scores);
        if (tile.position + rows - 1 > first) hide_later_keys(scores, rows, tile.position, first);
        if (even > rows) std::fill(scores + rows * 64, scores + even * 64, hidden_score);
        for (int64_t n = 0; n < columns; n += 16) {
            const f32x16 before = load<f32x16>(maxima + n);
            // The maximum skips NaN; the weights and their sum keep it.
            f32x16 maximum = before, other = before;
            for (int64_t r = 0; r < even; r += 2) {
                maximum = max(load<f32x16>(scores + r * 64 + n), maximum);
                other = max(load<f32x16>(scores + (r + 1) * 64 + n), other);
            }
            maximum = max(maximum, other);
            const f32x16 shift = maximum * -scale;
            f32x16 low_sum = 0.0f, high_sum = 0.0f;
            for (int64_t r = 0; r < even; r += 2) {
                const f32x16 low = exp2<terms>(load<f32x16>(scores + r * 64 + n) * scale + shift);
                const f32x16 high = exp2<terms>(load<f32x16>(scores + (r + 1) * 64 + n) * scale + shift);
                low_sum += low;
                high_sum += high;
                store_pair(weights + r / elements * 64 + n, low, high);
            }
            // Exactly 1 in lanes whose maximum does not change.
            const f32x16 factor = exp2<5>((before - maximum) * scale);
            store(maxima + n, maximum);
            store(sums + n, load<f32x16>(sums + n) * factor + low_sum + high_sum);
            if (!is_first && __builtin_reduce_or(maximum > before)) {
                for (int64_t e = 0; e < size; e++) {
                    store(mixed + e * 64 + n, load<f32x16>(mixed + e * 64 + n) * factor);
                }
            }
        }
        const Unit *values = packed.at(packed.value_columns, b, group, t);
        constexpr int64_t stride = tile_keys / elements;
        if (is_first) {
            product<false>(size, columns, even / elements, values, stride, weights, 64, mixed, 64);
        } else {
            product<true>(size, columns, even / elements, values, stride, weights, 64, mixed, 64);
        }
        is_first = false;
    }
    if (is_first) std::memset(mixed, 0, sizeof(float) * size_t(size * 64));
    for (int64_t n = 0; n < 64; n++) factors[n] = maxima[n] > hidden_score ? 1 / sums[n] : 0;
    unpack_lanes(mixed, factors, count, size, row<Element>(a.out, b, head, start), a.out.position);
    if (a.log_sums) {
        float *log_sums = a.log_sums + (b * a.heads + head) * a.queries + start;
        for (int64_t n = 0; n < count; n++) log_sums[n] = maxima[n] * scale + std::log2(sums[n]);
    }
}

template <typename Unit>
void attention_forward_in(const AttentionArguments &a) {
    const KeyTiles tiles(a);
    const PackedKeys<Unit> packed(a, tiles, false);
    const int64_t blocks = (a.queries + tile_queries - 1) / tile_queries, heads = a.batch * a.heads;
    ctorch::parallel(blocks * heads, [&](int64_t task) {
        // The last queries attend to the most keys: longest tasks first.
        const int64_t block = blocks - 1 - task / heads, b = task % heads / a.heads, head = task % heads % a.heads;
        if (a.is_bf16) {
            attention_tile<Unit, bf16>(a, tiles, packed, b, head, block * tile_queries);
        } else if constexpr (UnitLanes<Unit>::elements == 1) {
            attention_tile<Unit, float>(a, tiles, packed, b, head, block * tile_queries);
        }
    });
}

inline void attention_forward(const AttentionArguments &a) {
#if KERNELS_BF16
    if (a.is_bf16) return attention_forward_in<bf16x2>(a);
#endif
    attention_forward_in<float>(a);
}

// --- Backward

/// Packed queries and output gradients, shared by all key tiles.
template <typename Unit>
struct PackedQueries {
    static constexpr int64_t elements = UnitLanes<Unit>::elements;
    const int64_t blocks, block_units;
    /// Queries and the output's gradients [B · H][blocks]: lanes [E / elements, 64], and positions [64 / elements, E].
    Buffer<Unit> query_lanes, query_positions, out_lanes, out_positions;
    /// [B · H][blocks · 64]: log2 of the softmax's denominators, and Σ out · gradient.
    Buffer<float> log_sums, products;

    PackedQueries(const AttentionArguments &a, const AttentionGradients &g)
        : blocks((a.queries + 63) / 64),
          block_units(64 * a.size / elements),
          query_lanes(total(a)),
          query_positions(total(a)),
          out_lanes(total(a)),
          out_positions(total(a)),
          log_sums(a.batch * a.heads * blocks * 64),
          products(a.batch * a.heads * blocks * 64) {
        ctorch::parallel(a.batch * a.heads * blocks, [&](int64_t task) {
            if (a.is_bf16) {
                pack<bf16>(a, g, task);
            } else if constexpr (elements == 1) {
                pack<float>(a, g, task);
            }
        });
    }

    int64_t at(int64_t head, int64_t block) const { return (head * blocks + block) * block_units; }

private:
    int64_t total(const AttentionArguments &a) const { return a.batch * a.heads * blocks * block_units; }

    template <typename Element>
    void pack(const AttentionArguments &a, const AttentionGradients &g, int64_t task) {
        const int64_t block = task % blocks, b = task / blocks / a.heads, head = task / blocks % a.heads;
        const int64_t start = block * 64, count = std::min<int64_t>(64, a.queries - start), size = a.size;
        const Element *query = row<Element>(a.query, b, head, start);
        const Element *out = row<const Element>(a.out, b, head, start);
        const Element *gradient = row<Element>(g.out, b, head, start);
        pack_lanes(query, a.query.position, count, size, query_lanes + task * block_units);
        pack_positions(query, a.query.position, count, 64, size, query_positions + task * block_units);
        pack_lanes(gradient, g.out.position, count, size, out_lanes + task * block_units);
        pack_positions(gradient, g.out.position, count, 64, size, out_positions + task * block_units);
        for (int64_t n = 0; n < 64; n++) {
            // Lanes without a query get a weight of 0.
            log_sums[task * 64 + n] = n < count ? a.log_sums[(b * a.heads + head) * a.queries + start + n] : 1e30f;
            f32x16 product = 0.0f;
            for (int64_t e = 0; n < count && e < size; e += 16) {
                product += load_f32(out + n * a.out.position + e) * load_f32(gradient + n * g.out.position + e);
            }
            products[task * 64 + n] = sum(product);
        }
    }
};

/// Float32 sums of gradients over tiles, before heads and parts are added up.
struct GradientSums {
    /// The number of parts to which a head's key tiles are distributed, each with separate sums for the queries. So
    /// tasks suffice for any number of threads, and sums do not depend on that number.
    int64_t parts;
    /// [B · H][parts][blocks][E, 64], and [B · H][tiles][64, E].
    Buffer<float> queries, keys, values;

    GradientSums(const AttentionArguments &a, int64_t tiles, int64_t blocks)
        : parts(std::clamp<int64_t>(32 / (a.batch * a.heads), 1, std::min<int64_t>(4, tiles))),
          queries(a.batch * a.heads * parts * blocks * 64 * a.size),
          keys(a.batch * a.heads * tiles * tile_keys * a.size),
          values(a.batch * a.heads * tiles * tile_keys * a.size) {}
};

/// Adds the gradients of one key tile, over all queries that attend to it.
template <typename Unit>
void attention_gradient_tile(
    const AttentionArguments &a, const KeyTiles &tiles, const PackedKeys<Unit> &packed,
    const PackedQueries<Unit> &queries, const GradientSums &sums, int64_t b, int64_t head, int64_t part, int64_t t) {
    constexpr int64_t elements = UnitLanes<Unit>::elements;
    constexpr int terms = elements == 2 ? 3 : 5;
    constexpr int64_t width = 64 / elements;
    alignas(64) float scores[tile_keys * 64], slopes[tile_keys * 64];
    // Weights and the scores' gradients with queries side by side; the gradients also with keys side by side.
    alignas(64) Unit weight_rows[tile_keys * width], slope_rows[tile_keys * width];
    alignas(64) Unit slope_lanes[tile_keys * width];

    const KeyTile &tile = tiles.tiles[t];
    const int64_t size = a.size, units = size / elements, group = head / (a.heads / a.groups);
    const int64_t rows = keys_of(tile, b, group), even = (rows + 1) / 2 * 2, past = a.total - a.queries;
    const int64_t index = b * a.heads + head;
    const float scale = a.scale * log2_e;
    float *key_sum = sums.keys + (index * tiles.count + t) * tile_keys * size;
    float *value_sum = sums.values + (index * tiles.count + t) * tile_keys * size;
    std::memset(key_sum, 0, sizeof(float) * size_t(tile_keys * size));
    std::memset(value_sum, 0, sizeof(float) * size_t(tile_keys * size));
    if (rows == 0) return;

    const int64_t seen_from = std::max<int64_t>(0, tile.position - past) / 64;
    for (int64_t block = seen_from; block < queries.blocks; block++) {
        const int64_t first = past + block * 64, place = queries.at(index, block);
        product<false>(
            rows, 64, units, packed.at(packed.key_rows, b, group, t), units, queries.query_lanes + place, 64, scores,
            64);
        product<false>(
            rows, 64, units, packed.at(packed.value_rows, b, group, t), units, queries.out_lanes + place, 64, slopes,
            64);
        add_weights(a, tile, b, group, rows, scores);
        if (tile.position + rows - 1 > first) hide_later_keys(scores, rows, tile.position, first);
        if (even > rows) {
            std::fill(scores + rows * 64, scores + even * 64, hidden_score);
            std::fill(slopes + rows * 64, slopes + even * 64, 0.0f);
        }
        const float *log_sums = queries.log_sums + (index * queries.blocks + block) * 64;
        const float *products = queries.products + (index * queries.blocks + block) * 64;
        for (int64_t n = 0; n < 64; n += 16) {
            const f32x16 log_sum = load<f32x16>(log_sums + n), shared = load<f32x16>(products + n);
            for (int64_t r = 0; r < even; r += 2) {
                const auto weight = [&](int64_t r) __attribute__((always_inline)) {
                    return exp2<terms>(load<f32x16>(scores + r * 64 + n) * scale - log_sum);
                };
                const f32x16 low = weight(r), high = weight(r + 1);
                const f32x16 low_slope = low * (load<f32x16>(slopes + r * 64 + n) - shared);
                const f32x16 high_slope = high * (load<f32x16>(slopes + (r + 1) * 64 + n) - shared);
                if constexpr (elements == 2) {
                    store((bf16 *)(weight_rows + r * width) + n, to_bf16(low));
                    store((bf16 *)(weight_rows + (r + 1) * width) + n, to_bf16(high));
                    store((bf16 *)(slope_rows + r * width) + n, to_bf16(low_slope));
                    store((bf16 *)(slope_rows + (r + 1) * width) + n, to_bf16(high_slope));
                    store(slope_lanes + r / 2 * 64 + n, to_bf16x2(low_slope, high_slope));
                } else {
                    store(weight_rows + r * width + n, low);
                    store(weight_rows + (r + 1) * width + n, high);
                    store(slope_rows + r * width + n, low_slope);
                    store(slope_rows + (r + 1) * width + n, high_slope);
                }
            }
        }
        product<true>(rows, size, width, weight_rows, width, queries.out_positions + place, size, value_sum, size);
        product<true>(rows, size, width, slope_rows, width, queries.query_positions + place, size, key_sum, size);
        float *query_sum = sums.queries + ((index * sums.parts + part) * queries.blocks + block) * 64 * size;
        product<true>(
            size, 64, even / elements, packed.at(packed.key_columns, b, group, t), tile_keys / elements,
            elements == 2 ? slope_lanes : slope_rows, 64, query_sum, 64);
    }
}

/// Writes a tile's gradient: the sum over the query heads of a key head and, for a shared piece, over all sequences.
template <typename Element>
void write_key_gradient(
    const AttentionArguments &a, const KeyTiles &tiles, const Buffer<float> &sums, float scale,
    const ctorch::Rows<void *> &to, int64_t b, int64_t group, int64_t t) {
    const KeyTile &tile = tiles.tiles[t];
    const int64_t size = a.size, per_group = a.heads / a.groups;
    const int64_t from = tile.piece->is_shared ? 0 : b, until = tile.piece->is_shared ? a.batch : b + 1;
    for (int64_t r = 0; r < tile.count; r++) {
        Element *out = row<Element>(to, b, group, tile.offset + r);
        for (int64_t e = 0; e < size; e += 16) {
            f32x16 total = 0.0f;
            for (int64_t s = from; s < until; s++) {
                for (int64_t h = group * per_group; h < (group + 1) * per_group; h++) {
                    total += load<f32x16>(sums + (((s * a.heads + h) * tiles.count + t) * tile_keys + r) * size + e);
                }
            }
            store_f32(out + e, total * scale);
        }
    }
}

template <typename Unit, typename Element>
void attention_backward_in(const AttentionArguments &a, const AttentionGradients &g) {
    const KeyTiles tiles(a);
    const PackedKeys<Unit> packed(a, tiles, true);
    const PackedQueries<Unit> queries(a, g);
    const GradientSums sums(a, tiles.count, queries.blocks);
    const int64_t heads = a.batch * a.heads, part_size = queries.blocks * 64 * a.size;
    ctorch::parallel(heads * sums.parts, [&](int64_t task) {
        const int64_t part = task / heads, index = task % heads;
        std::memset(sums.queries + (index * sums.parts + part) * part_size, 0, sizeof(float) * size_t(part_size));
        for (int64_t t = part; t < tiles.count; t += sums.parts) {
            attention_gradient_tile(a, tiles, packed, queries, sums, index / a.heads, index % a.heads, part, t);
        }
    });
    if (g.query.data) {
        ctorch::parallel(heads * queries.blocks, [&](int64_t task) {
            const int64_t index = task / queries.blocks, block = task % queries.blocks, start = block * 64;
            float *total = sums.queries + index * sums.parts * part_size + block * 64 * a.size;
            for (int64_t part = 1; part < sums.parts; part++) {
                for (int64_t i = 0; i < 64 * a.size; i += 16) {
                    store(total + i, load<f32x16>(total + i) + load<f32x16>(total + part * part_size + i));
                }
            }
            alignas(64) float factors[64];
            std::fill(factors, factors + 64, a.scale);
            unpack_lanes(
                total, factors, std::min<int64_t>(64, a.queries - start), a.size,
                row<Element>(g.query, index / a.heads, index % a.heads, start), g.query.position);
        });
    }
    ctorch::parallel(tiles.count * a.groups * a.batch, [&](int64_t task) {
        const int64_t t = task % tiles.count, group = task / tiles.count % a.groups;
        const int64_t b = task / tiles.count / a.groups, s = tiles.tiles[t].index;
        if (b > 0 && tiles.tiles[t].piece->is_shared) return;
        if (g.keys[s].data) write_key_gradient<Element>(a, tiles, sums.keys, a.scale, g.keys[s], b, group, t);
        if (g.values[s].data) write_key_gradient<Element>(a, tiles, sums.values, 1, g.values[s], b, group, t);
    });
}

inline void attention_backward(const AttentionArguments &a, const AttentionGradients &g) {
#if KERNELS_BF16
    if (a.is_bf16) return attention_backward_in<bf16x2, bf16>(a, g);
#endif
    if (a.is_bf16) return attention_backward_in<float, bf16>(a, g);
    attention_backward_in<float, float>(a, g);
}

}  // namespace KERNELS

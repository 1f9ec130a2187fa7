// Attention over keys and values that lie in pieces: a shared prefix, a cache's pages, the queries' own.

#include "internal.h"

using namespace ctorch;

namespace {

/// The pieces as one tensor [B, K, S, E].
at::Tensor joined(const ctorch_tensor *const *pieces, size_t count, int64_t batch) {
    std::vector<at::Tensor> list;
    for (size_t i = 0; i < count; i++) {
        const at::Tensor &piece = unwrap(pieces[i]);
        list.push_back(piece.size(0) == batch ? piece : piece.expand({batch, -1, -1, -1}));
    }
    return list.size() == 1 ? list[0] : at::cat(list, 2);
}

}  // namespace

int ctorch_attention(
    const ctorch_tensor *q, const ctorch_tensor *const *keys, const ctorch_tensor *const *values, size_t segments,
    const ctorch_tensor *mask, bool causal, double scale, ctorch_tensor **out) {
    const ctorch_tensor *first_key = segments > 0 ? keys[0] : nullptr;
    const ctorch_tensor *first_value = segments > 0 ? values[0] : nullptr;
    return produce("attention", {q, first_key, first_value, mask}, out, [&] {
        const at::Tensor &query = unwrap(q);
        TORCH_CHECK(segments > 0, "expected keys and values");
        TORCH_CHECK(query.dim() == 4, "expected four dimensions");
        for (size_t i = 0; i < segments; i++) {
            const at::Tensor &key = unwrap(keys[i]), &value = unwrap(values[i]);
            TORCH_CHECK(key.dim() == 4 && value.dim() == 4, "expected four dimensions");
            TORCH_CHECK(
                (key.size(0) == query.size(0) || key.size(0) == 1) && key.sizes() == value.sizes() &&
                    key.size(3) == query.size(3) && key.size(1) == unwrap(keys[0]).size(1),
                "keys and values of other shapes than the first ones or the queries");
        }
        const int64_t heads = query.size(1), groups = unwrap(keys[0]).size(1);
        TORCH_CHECK(groups > 0 && heads % groups == 0, heads, " query heads over ", groups, " key and value heads");
        at::Tensor key = joined(keys, segments, query.size(0)), value = joined(values, segments, query.size(0));
        const int64_t count = query.size(2), past = key.size(2) - count;
        // libtorch's kernels differ in what they make of these.
        TORCH_CHECK(!causal || (!mask && past >= 0), "causal only without a mask, for T <= S");
        auto visible = optional(mask);
        if (causal && past > 0 && count > 1) {
            visible = at::ones({count, past + count}, query.options().dtype(at::kBool)).tril(past);
        }
        const at::Tensor mixed = at::scaled_dot_product_attention(
            query, key, value, visible, 0.0, causal && past == 0 && count > 1, scale, /*enable_gqa=*/heads != groups);
        return mixed.transpose(1, 2).contiguous().transpose(1, 2);
    });
}

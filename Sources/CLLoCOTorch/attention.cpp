// Attention over keys and values in pieces: a shared prefix, a cache's pages, those at the queries' positions.

#include "libtorch.h"

#include <torch/csrc/autograd/custom_function.h>

#include "internal.h"
#include "kernels/attention_arguments.h"
#include "kernels/kernels.h"

using namespace ctorch;

namespace {

/// Keys and values in pieces, with the weights and biases added to their scores.
struct Pieces {
    /// all keys, then all values
    std::vector<at::Tensor> tensors;
    std::vector<double> log_weights;
    /// [B or 1, K, S_i] each; undefined for a piece without one
    std::vector<at::Tensor> biases;

    size_t count() const { return log_weights.size(); }
};

// --- Our kernel

/// The kernel's view of a tensor [B, H, T, E].
template <typename Pointer>
Rows<Pointer> rows(const at::Tensor &tensor) {
    const bool is_shared = tensor.size(0) == 1;
    return {tensor.data_ptr(), is_shared ? 0 : tensor.stride(0), tensor.stride(1), tensor.stride(2)};
}

/// Whether the kernel supports the operands: float32 or bfloat16 on the CPU, a head size that is a multiple of 16.
bool fits_kernel(const at::Tensor &query, const Pieces &pieces) {
    const at::ScalarType dtype = query.scalar_type();
    if (dtype != at::kFloat && dtype != at::kBFloat16) return false;
    const int64_t size = query.size(3);
    if (!query.is_cpu() || size % 16 != 0 || size > 256 || size == 0 || query.numel() == 0) return false;
    const auto fits = [&](const at::Tensor &piece) {
        return piece.is_cpu() && piece.scalar_type() == dtype && piece.size(2) > 0;
    };
    return std::all_of(pieces.tensors.begin(), pieces.tensors.end(), fits);
}

at::Tensor with_contiguous_elements(const at::Tensor &tensor) {
    return tensor.stride(-1) == 1 ? tensor : tensor.contiguous();
}

/// The kernel arguments of a call.
struct Call {
    std::vector<KeyValuePiece> list;
    AttentionArguments arguments = {};

    Call(const at::Tensor &query, const Pieces &pieces, double scale) {
        const size_t count = pieces.count();
        int64_t total = 0;
        for (size_t i = 0; i < count; i++) {
            const at::Tensor &keys = pieces.tensors[i], &values = pieces.tensors[count + i], &bias = pieces.biases[i];
            list.push_back(
                {rows<const void *>(keys),
                 rows<const void *>(values),
                 keys.size(2),
                 keys.size(0) == 1 && query.size(0) > 1,
                 float(pieces.log_weights[i]),
                 {}});
            if (bias.defined()) {
                list.back().bias = {const_data<float>(bias), bias.size(0) == 1 ? 0 : bias.stride(0), bias.stride(1), 1};
            }
            total += keys.size(2);
        }
        arguments.batch = query.size(0);
        arguments.heads = query.size(1);
        arguments.groups = pieces.tensors[0].size(1);
        arguments.queries = query.size(2);
        arguments.size = query.size(3);
        arguments.total = total;
        arguments.scale = float(scale);
        arguments.is_bf16 = query.scalar_type() == at::kBFloat16;
        arguments.query = rows<const void *>(query);
        arguments.pieces = list.data();
        arguments.piece_count = int64_t(count);
    }
};

/// An uninitialized [B, H, T, E], in memory [B, T, H, E].
at::Tensor empty_by_position(const at::Tensor &like) {
    return at::empty({like.size(0), like.size(2), like.size(1), like.size(3)}, like.options()).transpose(1, 2);
}

at::Tensor attend(const at::Tensor &query, const Pieces &pieces, double scale, at::Tensor *log_sums) {
    Call call(query, pieces, scale);
    at::Tensor out = empty_by_position(query);
    call.arguments.out = rows<void *>(out);
    if (log_sums) {
        *log_sums = at::empty({query.size(0), query.size(1), query.size(2)}, query.options().dtype(at::kFloat));
        call.arguments.log_sums = log_sums->data_ptr<float>();
    }
    kernels().attention_forward(call.arguments);
    return out;
}

/// Attention of one query position per sequence, with the decode kernel, which reads keys and values without packing.
at::Tensor attend_one_query(const at::Tensor &query, const Pieces &pieces, double scale) {
    const at::Tensor only = query.squeeze(2).to(at::kFloat);
    at::Tensor out = at::empty(only.sizes(), only.options());
    std::vector<const ctorch_tensor *> handles, biases;
    for (const at::Tensor &piece : pieces.tensors) handles.push_back(borrow(piece));
    for (const at::Tensor &bias : pieces.biases) biases.push_back(bias.defined() ? borrow(bias) : nullptr);
    const size_t count = pieces.count();
    const int status = ctorch_decode_attention_in(
        borrow(only), handles.data(), handles.data() + count, pieces.log_weights.data(), biases.data(), count, -1,
        scale, reinterpret_cast<ctorch_tensor *>(&out));
    TORCH_CHECK(status == 0, ctorch_error());
    return out.to(query.scalar_type()).unsqueeze(2);
}

struct CausalAttention : torch::autograd::Function<CausalAttention> {
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &query, const at::TensorList &tensors,
        const std::vector<double> &log_weights, const std::vector<at::Tensor> &biases, double scale) {
        at::Tensor log_sums;
        at::Tensor out = attend(query, {tensors.vec(), log_weights, biases}, scale, &log_sums);
        std::vector<at::Tensor> saved = {query, out, log_sums};
        saved.insert(saved.end(), tensors.begin(), tensors.end());
        saved.insert(saved.end(), biases.begin(), biases.end());
        context->save_for_backward(saved);
        context->saved_data["scale"] = scale;
        context->saved_data["log_weights"] = log_weights;
        return out;
    }

    static std::vector<at::Tensor> backward(
        torch::autograd::AutogradContext *context, const std::vector<at::Tensor> &outputs) {
        const std::vector<at::Tensor> saved = context->get_saved_variables();
        const at::Tensor &query = saved[0], out = saved[1], log_sums = saved[2];
        Pieces pieces;
        pieces.log_weights = context->saved_data["log_weights"].toDoubleVector();
        pieces.biases.assign(saved.end() - int64_t(pieces.count()), saved.end());
        pieces.tensors.assign(saved.begin() + 3, saved.end() - int64_t(pieces.count()));
        const at::Tensor gradient = with_contiguous_elements(outputs[0].to(query.scalar_type()));
        Call call(query, pieces, context->saved_data["scale"].toDouble());
        call.arguments.out = rows<void *>(out);
        call.arguments.log_sums = log_sums.data_ptr<float>();

        std::vector<at::Tensor> results = {at::Tensor()};
        std::vector<Rows<void *>> places;
        if (context->needs_input_grad(0)) results[0] = empty_by_position(query);
        for (size_t i = 0; i < pieces.tensors.size(); i++) {
            const bool is_wanted = context->needs_input_grad(i + 1);
            results.push_back(is_wanted ? empty_by_position(pieces.tensors[i]) : at::Tensor());
            places.push_back(is_wanted ? rows<void *>(results.back()) : Rows<void *>());
        }
        AttentionGradients gradients = {};
        gradients.out = rows<const void *>(gradient);
        if (results[0].defined()) gradients.query = rows<void *>(results[0]);
        gradients.keys = places.data();
        gradients.values = places.data() + pieces.count();
        kernels().attention_backward(call.arguments, gradients);
        results.resize(results.size() + 3);  // the weights, the biases and the scale
        return results;
    }
};

// --- libtorch's operation

/// Pieces as one tensor [B, K, S, E].
at::Tensor joined(const at::Tensor *pieces, size_t count, int64_t batch) {
    std::vector<at::Tensor> list;
    for (size_t i = 0; i < count; i++) list.push_back(pieces[i].expand({batch, -1, -1, -1}));
    return count == 1 ? list[0] : at::cat(list, 2);
}

/// The numbers added to the scores of all keys: [S], or with biases [B or 1, H, 1, S]; undefined if none.
at::Tensor added_to_scores(const at::Tensor &query, const Pieces &pieces) {
    const auto &weights = pieces.log_weights;
    const auto &biases = pieces.biases;
    const bool are_weighted = std::any_of(weights.begin(), weights.end(), [](double w) { return w != 0; });
    const bool are_biased = std::any_of(biases.begin(), biases.end(), [](auto &bias) { return bias.defined(); });
    if (!are_biased && !are_weighted) return at::Tensor();
    const int64_t groups = pieces.tensors[0].size(1);
    int64_t batch = 1;
    for (const at::Tensor &bias : biases) batch = std::max(batch, bias.defined() ? bias.size(0) : 1);
    std::vector<at::Tensor> parts;
    for (size_t i = 0; i < pieces.count(); i++) {
        at::Tensor part = at::full({pieces.tensors[i].size(2)}, weights[i], query.options());
        if (are_biased) part = part.expand({batch, groups, -1});
        if (biases[i].defined()) part = part + biases[i].to(query.options());
        parts.push_back(part);
    }
    const at::Tensor added = at::cat(parts, -1);
    return are_biased ? added.repeat_interleave(query.size(1) / groups, 1).unsqueeze(2) : added;
}

at::Tensor attend_by_libtorch(
    const at::Tensor &query, const Pieces &pieces, const ctorch_tensor *mask, bool causal, double scale) {
    const size_t count = pieces.count();
    at::Tensor key = joined(pieces.tensors.data(), count, query.size(0));
    at::Tensor value = joined(pieces.tensors.data() + count, count, query.size(0));
    const int64_t queries = query.size(2), past = key.size(2) - queries;
    auto visible = optional(mask);
    const at::Tensor added = added_to_scores(query, pieces);
    if (causal && queries > 1 && (past > 0 || added.defined())) {
        visible = at::ones({queries, past + queries}, query.options().dtype(at::kBool)).tril(past);
    }
    if (added.defined()) {
        if (!visible) {
            visible = added.dim() == 1 ? added.expand({queries, -1}) : added.expand({-1, -1, queries, -1});
        } else if (visible->scalar_type() == at::kBool) {
            visible = at::where(*visible, added, -std::numeric_limits<double>::infinity());
        } else {
            visible = *visible + added;
        }
    }
    if (visible && !query.is_cpu() && query.size(1) != key.size(1)) {
        // On a GPU only libtorch's slow implementation supports both a mask and grouped heads. It would materialize all
        // scores.
        const int64_t heads = query.size(1) / key.size(1);
        key = key.repeat_interleave(heads, 1);
        value = value.repeat_interleave(heads, 1);
    }
    const at::Tensor mixed = at::scaled_dot_product_attention(
        query, key, value, visible, 0.0, causal && past == 0 && queries > 1 && !added.defined(), scale,
        /*enable_gqa=*/query.size(1) != key.size(1));
    return mixed.transpose(1, 2).contiguous().transpose(1, 2);
}

}  // namespace

int ctorch_attention(
    const ctorch_tensor *q, const ctorch_tensor *const *keys, const ctorch_tensor *const *values,
    const double *log_weights, const ctorch_tensor *const *biases, size_t piece_count, const ctorch_tensor *mask,
    bool causal, double scale, ctorch_tensor **out) {
    const ctorch_tensor *first_key = piece_count > 0 ? keys[0] : nullptr;
    const ctorch_tensor *first_value = piece_count > 0 ? values[0] : nullptr;
    return produce("attention", {q, first_key, first_value, mask}, out, [&]() -> at::Tensor {
        TORCH_CHECK(piece_count > 0, "expected keys and values");
        const at::Tensor query = with_contiguous_elements(unwrap(q));
        Pieces pieces{list(keys, piece_count), std::vector<double>(piece_count, 0.0), {}};
        const std::vector<at::Tensor> others = list(values, piece_count);
        TORCH_CHECK(query.dim() == 4, "expected four dimensions");
        int64_t total = 0;
        for (size_t i = 0; i < piece_count; i++) {
            const at::Tensor &key = pieces.tensors[i], &value = others[i];
            TORCH_CHECK(key.dim() == 4 && value.dim() == 4, "expected four dimensions");
            TORCH_CHECK(
                (key.size(0) == query.size(0) || key.size(0) == 1) && key.sizes() == value.sizes() &&
                    key.size(3) == query.size(3) && key.size(1) == pieces.tensors[0].size(1),
                "piece ", i, " has keys ", key.sizes(), " and values ", value.sizes(),
                ", expected [B or 1, K, S, E] of both");
            total += key.size(2);
            pieces.biases.push_back(biases && biases[i] ? with_contiguous_elements(unwrap(biases[i])) : at::Tensor());
            if (pieces.biases[i].defined()) check_bias(pieces.biases[i], key);
        }
        pieces.tensors.insert(pieces.tensors.end(), others.begin(), others.end());
        if (log_weights) std::copy_n(log_weights, piece_count, pieces.log_weights.begin());
        TORCH_CHECK(
            std::all_of(
                pieces.log_weights.begin(), pieces.log_weights.end(), [](double w) { return std::isfinite(w); }),
            "expected finite log weights");
        const int64_t heads = query.size(1), groups = pieces.tensors[0].size(1), queries = query.size(2);
        TORCH_CHECK(groups > 0 && heads % groups == 0, heads, " query heads over ", groups, " key and value heads");
        // libtorch's kernels disagree about these cases.
        TORCH_CHECK(!causal || (!mask && queries <= total), "causal expects no mask and T <= S");
        // Only then is the score of a masked key the lowest.
        TORCH_CHECK(!causal || scale > 0, "causal expects a scale of more than 0, found ", scale);
        // The kernel has no gradient for biases.
        if (mask || !(causal || queries == 1) || !(scale > 0) || !fits_kernel(query, pieces) ||
            records_gradients(pieces.biases)) {
            return attend_by_libtorch(query, pieces, mask, causal, scale);
        }
        for (at::Tensor &piece : pieces.tensors) piece = with_contiguous_elements(piece);
        if (records_gradients({query}) || records_gradients(pieces.tensors)) {
            return CausalAttention::apply(
                query, at::TensorList(pieces.tensors), pieces.log_weights, pieces.biases, scale);
        }
        const bool is_step = queries == 1 && piece_count <= max_piece_count;
        return is_step ? attend_one_query(query, pieces, scale) : attend(query, pieces, scale, nullptr);
    });
}

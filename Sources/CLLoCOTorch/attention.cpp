// Attention over keys and values that lie in pieces: a shared prefix, a cache's pages, the queries' own.

#include <torch/csrc/autograd/custom_function.h>

#include "internal.h"
#include "kernels/attention_arguments.h"
#include "kernels/kernels.h"

using namespace ctorch;

namespace {

// --- Our kernel

/// What the kernel takes of a tensor [B, H, T, E].
template <typename Pointer>
Rows<Pointer> rows(const at::Tensor &tensor) {
    const bool is_shared = tensor.size(0) == 1;
    return {tensor.data_ptr(), is_shared ? 0 : tensor.stride(0), tensor.stride(1), tensor.stride(2)};
}

/// Whether the kernel computes it: float32 and bfloat16 on the CPU, heads of a multiple of 16 elements.
bool fits_kernel(const at::Tensor &query, const std::vector<at::Tensor> &pieces) {
    const at::ScalarType dtype = query.scalar_type();
    if (dtype != at::kFloat && dtype != at::kBFloat16) return false;
    const int64_t size = query.size(3);
    if (!query.is_cpu() || size % 16 != 0 || size > 256 || size == 0 || query.numel() == 0) return false;
    return std::all_of(pieces.begin(), pieces.end(), [&](const at::Tensor &piece) {
        return piece.is_cpu() && piece.scalar_type() == dtype && piece.size(2) > 0;
    });
}

at::Tensor with_contiguous_elements(const at::Tensor &tensor) {
    return tensor.stride(-1) == 1 ? tensor : tensor.contiguous();
}

/// Shapes and places of a call; `pieces` are all keys, then all values.
struct Call {
    std::vector<KeyValuePiece> list;
    AttentionArguments arguments = {};

    Call(
        const at::Tensor &query, const std::vector<at::Tensor> &pieces, const std::vector<double> &log_weights,
        double scale) {
        const size_t count = pieces.size() / 2;
        int64_t total = 0;
        for (size_t i = 0; i < count; i++) {
            const at::Tensor &keys = pieces[i], &values = pieces[count + i];
            list.push_back(
                {rows<const void *>(keys), rows<const void *>(values), keys.size(2),
                 keys.size(0) == 1 && query.size(0) > 1, float(log_weights[i])});
            total += keys.size(2);
        }
        arguments.batch = query.size(0);
        arguments.heads = query.size(1);
        arguments.groups = pieces[0].size(1);
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

/// An empty [B, H, T, E] that lies in memory as [B, T, H, E].
at::Tensor empty_by_position(const at::Tensor &like) {
    return at::empty({like.size(0), like.size(2), like.size(1), like.size(3)}, like.options()).transpose(1, 2);
}

at::Tensor attend(
    const at::Tensor &query, const std::vector<at::Tensor> &pieces, const std::vector<double> &log_weights,
    double scale, at::Tensor *log_sums) {
    Call call(query, pieces, log_weights, scale);
    at::Tensor out = empty_by_position(query);
    call.arguments.out = rows<void *>(out);
    if (log_sums) {
        *log_sums = at::empty({query.size(0), query.size(1), query.size(2)}, query.options().dtype(at::kFloat));
        call.arguments.log_sums = log_sums->data_ptr<float>();
    }
    kernels().attention_forward(call.arguments);
    return out;
}

/// One query a sequence, whose scores are no matrix: the kernel of decoding reads keys and values where they lie.
at::Tensor attend_by_one(
    const at::Tensor &query, const std::vector<at::Tensor> &pieces, const std::vector<double> &log_weights,
    double scale) {
    const at::Tensor only = query.squeeze(2).to(at::kFloat);
    at::Tensor out = at::empty(only.sizes(), only.options());
    std::vector<const ctorch_tensor *> handles;
    for (const at::Tensor &piece : pieces) handles.push_back(borrow(piece));
    const size_t count = pieces.size() / 2;
    const int status = ctorch_decode_attention_in(
        borrow(only), handles.data(), handles.data() + count, log_weights.data(), count, -1, scale,
        reinterpret_cast<ctorch_tensor *>(&out));
    TORCH_CHECK(status == 0, ctorch_error());
    return out.to(query.scalar_type()).unsqueeze(2);
}

struct CausalAttention : torch::autograd::Function<CausalAttention> {
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &query, const at::TensorList &pieces,
        const std::vector<double> &log_weights, double scale) {
        at::Tensor log_sums;
        at::Tensor out = attend(query, pieces.vec(), log_weights, scale, &log_sums);
        std::vector<at::Tensor> saved = {query, out, log_sums};
        saved.insert(saved.end(), pieces.begin(), pieces.end());
        context->save_for_backward(saved);
        context->saved_data["scale"] = scale;
        context->saved_data["log_weights"] = log_weights;
        return out;
    }

    static std::vector<at::Tensor> backward(
        torch::autograd::AutogradContext *context, const std::vector<at::Tensor> &outputs) {
        const std::vector<at::Tensor> saved = context->get_saved_variables();
        const at::Tensor &query = saved[0], out = saved[1], log_sums = saved[2];
        const std::vector<at::Tensor> pieces(saved.begin() + 3, saved.end());
        const at::Tensor gradient = with_contiguous_elements(outputs[0].to(query.scalar_type()));
        Call call(
            query, pieces, context->saved_data["log_weights"].toDoubleVector(),
            context->saved_data["scale"].toDouble());
        call.arguments.out = rows<void *>(out);
        call.arguments.log_sums = log_sums.data_ptr<float>();

        std::vector<at::Tensor> results = {at::Tensor()};
        std::vector<Rows<void *>> places;
        if (context->needs_input_grad(0)) results[0] = empty_by_position(query);
        for (size_t i = 0; i < pieces.size(); i++) {
            const bool is_wanted = context->needs_input_grad(i + 1);
            results.push_back(is_wanted ? empty_by_position(pieces[i]) : at::Tensor());
            places.push_back(is_wanted ? rows<void *>(results.back()) : Rows<void *>());
        }
        AttentionGradients gradients = {};
        gradients.out = rows<const void *>(gradient);
        if (results[0].defined()) gradients.query = rows<void *>(results[0]);
        gradients.keys = places.data();
        gradients.values = places.data() + pieces.size() / 2;
        kernels().attention_backward(call.arguments, gradients);
        results.resize(results.size() + 2);  // the weights and the scale
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

at::Tensor attend_by_libtorch(
    const at::Tensor &query, const std::vector<at::Tensor> &pieces, const std::vector<double> &log_weights,
    const ctorch_tensor *mask, bool causal, double scale) {
    const size_t count = pieces.size() / 2;
    at::Tensor key = joined(pieces.data(), count, query.size(0));
    at::Tensor value = joined(pieces.data() + count, count, query.size(0));
    const int64_t queries = query.size(2), past = key.size(2) - queries;
    auto visible = optional(mask);
    const bool are_weighted = std::any_of(log_weights.begin(), log_weights.end(), [](double w) { return w != 0; });
    if (causal && queries > 1 && (past > 0 || are_weighted)) {
        visible = at::ones({queries, past + queries}, query.options().dtype(at::kBool)).tril(past);
    }
    if (are_weighted) {
        at::Tensor added = at::empty({past + queries}, query.options());
        int64_t position = 0;
        for (size_t i = 0; i < count; i++) {
            added.narrow(0, position, pieces[i].size(2)).fill_(log_weights[i]);
            position += pieces[i].size(2);
        }
        if (!visible) {
            visible = added.expand({queries, -1});
        } else if (visible->scalar_type() == at::kBool) {
            visible = at::where(*visible, added, -std::numeric_limits<double>::infinity());
        } else {
            visible = *visible + added;
        }
    }
    if (visible && !query.is_cpu() && query.size(1) != key.size(1)) {
        // On a GPU only libtorch's slow way has both a mask and groups of heads: it would hold the scores of all pairs.
        const int64_t heads = query.size(1) / key.size(1);
        key = key.repeat_interleave(heads, 1);
        value = value.repeat_interleave(heads, 1);
    }
    const at::Tensor mixed = at::scaled_dot_product_attention(
        query, key, value, visible, 0.0, causal && past == 0 && queries > 1 && !are_weighted, scale,
        /*enable_gqa=*/query.size(1) != key.size(1));
    return mixed.transpose(1, 2).contiguous().transpose(1, 2);
}

}  // namespace

int ctorch_attention(
    const ctorch_tensor *q, const ctorch_tensor *const *keys, const ctorch_tensor *const *values,
    const double *log_weights, size_t piece_count, const ctorch_tensor *mask, bool causal, double scale,
    ctorch_tensor **out) {
    const ctorch_tensor *first_key = piece_count > 0 ? keys[0] : nullptr;
    const ctorch_tensor *first_value = piece_count > 0 ? values[0] : nullptr;
    return produce("attention", {q, first_key, first_value, mask}, out, [&]() -> at::Tensor {
        TORCH_CHECK(piece_count > 0, "expected keys and values");
        const at::Tensor query = with_contiguous_elements(unwrap(q));
        std::vector<at::Tensor> pieces = list(keys, piece_count), others = list(values, piece_count);
        TORCH_CHECK(query.dim() == 4, "expected four dimensions");
        int64_t total = 0;
        for (size_t i = 0; i < piece_count; i++) {
            const at::Tensor &key = pieces[i], &value = others[i];
            TORCH_CHECK(key.dim() == 4 && value.dim() == 4, "expected four dimensions");
            TORCH_CHECK(
                (key.size(0) == query.size(0) || key.size(0) == 1) && key.sizes() == value.sizes() &&
                    key.size(3) == query.size(3) && key.size(1) == pieces[0].size(1),
                "piece ", i, " has keys ", key.sizes(), " and values ", value.sizes(),
                ", expected [B or 1, K, S, E] of both");
            total += key.size(2);
        }
        pieces.insert(pieces.end(), others.begin(), others.end());
        std::vector<double> weights(piece_count, 0.0);
        if (log_weights) std::copy_n(log_weights, piece_count, weights.begin());
        TORCH_CHECK(
            std::all_of(weights.begin(), weights.end(), [](double w) { return std::isfinite(w); }),
            "a log weight is not finite");
        const int64_t heads = query.size(1), groups = pieces[0].size(1), queries = query.size(2);
        TORCH_CHECK(groups > 0 && heads % groups == 0, heads, " query heads over ", groups, " key and value heads");
        // libtorch's kernels differ in what they make of these.
        TORCH_CHECK(!causal || (!mask && queries <= total), "causal only without a mask, for T <= S");
        // A score that stands for a hidden key stays the lowest only so.
        TORCH_CHECK(!causal || scale > 0, "causal only with a scale of more than 0, found ", scale);
        if (mask || !(causal || queries == 1) || !(scale > 0) || !fits_kernel(query, pieces)) {
            return attend_by_libtorch(query, pieces, weights, mask, causal, scale);
        }
        for (at::Tensor &piece : pieces) piece = with_contiguous_elements(piece);
        if (records_gradients({query}) || records_gradients(pieces)) {
            return CausalAttention::apply(query, at::TensorList(pieces), weights, scale);
        }
        const bool is_step = queries == 1 && piece_count <= largest_piece_count;
        return is_step ? attend_by_one(query, pieces, weights, scale) : attend(query, pieces, weights, scale, nullptr);
    });
}

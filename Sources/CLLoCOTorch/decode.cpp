// The operations of a decode step between its linear layers, on preallocated tensors.

#include "libtorch.h"

#include <ATen/Parallel.h>

#include "internal.h"
#include "kernels/kernels.h"
#include "scratch.h"
#include "weight.h"

using namespace ctorch;

namespace {

/// Checks for Float on the CPU, contiguous in the last dimension.
void check(const at::Tensor &tensor, int64_t rank, const char *name) {
    TORCH_CHECK(tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat, name, ": expected Float on the CPU");
    TORCH_CHECK(
        tensor.dim() == rank && (tensor.size(-1) <= 1 || tensor.stride(-1) == 1), name, ": expected ", rank,
        " dimensions, adjacent elements in the last");
}

/// Checks that a weight is contiguous Float or BFloat16 on the CPU; returns whether it is BFloat16.
bool is_bf16(const at::Tensor &tensor, const char *name) {
    TORCH_CHECK(
        tensor.device().is_cpu() && (tensor.scalar_type() == at::kFloat || tensor.scalar_type() == at::kBFloat16) &&
            tensor.is_contiguous(),
        name, ": expected Float or BFloat16 on the CPU, contiguous");
    return tensor.scalar_type() == at::kBFloat16;
}

Element element(const at::Tensor &tensor, const char *name) {
    TORCH_CHECK(tensor.device().is_cpu(), name, ": expected the CPU");
    switch (tensor.scalar_type()) {
        case at::kFloat: return Element::f32;
        case at::kHalf: return Element::f16;
        case at::kBFloat16: return Element::bf16;
        default: TORCH_CHECK(false, name, ": expected Float, Half or BFloat16");
    }
}

void write_gated(Gate gate, const at::Tensor &input, at::Tensor &output) {
    check(input, 2, "gate_up");
    check(output, 2, "y");
    TORCH_CHECK(
        input.size(0) == output.size(0) && input.size(1) == 2 * output.size(1),
        "expected gate_up [M, 2 I] and y [M, I]");
    const float *from = const_data<float>(input);
    float *to = output.mutable_data_ptr<float>();
    for (int64_t row = 0; row < input.size(0); row++) {
        kernels().float32_rows.gated(
            gate, from + row * input.stride(0), to + row * output.stride(0), 1, output.size(1));
    }
}

}  // namespace

int ctorch_decode_attention_in(
    const ctorch_tensor *q, const ctorch_tensor *const *keys, const ctorch_tensor *const *values,
    const double *log_weights, const ctorch_tensor *const *biases, size_t piece_count, int64_t last, double scale,
    ctorch_tensor *out) {
    const ctorch_tensor *first_key = piece_count > 0 ? keys[0] : nullptr;
    const ctorch_tensor *first_value = piece_count > 0 ? values[0] : nullptr;
    return perform("decode_attention", {q, first_key, first_value, out}, [&] {
        TORCH_CHECK(piece_count > 0, "expected keys and values");
        const at::Tensor &query = unwrap(q);
        at::Tensor &output = unwrap(out);
        check(query, 3, "q");
        check(output, 3, "out");
        TORCH_CHECK(output.sizes() == query.sizes(), "out: expected the shape of q");
        const int64_t batch = query.size(0), heads = query.size(1), size = query.size(2);
        TORCH_CHECK(size > 0 && size % 16 == 0 && size <= 256, "expected heads of a multiple of 16 up to 256");
        TORCH_CHECK(batch > 0, "expected at least one sequence");

        TORCH_CHECK(piece_count <= max_piece_count, piece_count, " pieces, expected at most ", max_piece_count);
        AttentionPiece pieces[max_piece_count];
        int64_t count = 0, groups = 0, positions = 0;
        for (size_t i = 0; i < piece_count; i++) {
            const at::Tensor &key = unwrap(keys[i]), &value = unwrap(values[i]);
            TORCH_CHECK(
                key.dim() == 4 && key.sizes() == value.sizes(),
                "expected keys and values of one shape, four dimensions");
            if (i == 0) groups = key.size(1);
            TORCH_CHECK(
                (key.size(0) == batch || key.size(0) == 1) && key.size(1) == groups && key.size(3) == size, "piece ", i,
                ": found keys ", key.sizes(), ", expected [", batch, " or 1, ", groups, ", S, ", size, "]");
            TORCH_CHECK(groups > 0 && heads % groups == 0, heads, " query heads over ", groups, " key and value heads");
            TORCH_CHECK(
                key.stride(3) == 1 && value.stride(3) == 1,
                "expected adjacent elements in the last dimension of keys and values");
            const Element type = element(key, "keys");
            TORCH_CHECK(type == element(value, "values"), "expected keys and values of one dtype");
            const bool is_limited = last >= 0 && i + 1 == piece_count;
            TORCH_CHECK(!is_limited || last <= key.size(2), last, " positions of a last piece of ", key.size(2));
            const int64_t length = is_limited ? last : key.size(2);
            if (length == 0) continue;
            const at::Tensor *bias = biases && biases[i] ? &unwrap(biases[i]) : nullptr;
            if (bias) check_bias(*bias, key);
            TORCH_CHECK(
                !bias || bias->stride(2) == 1 || length == 1, "expected adjacent elements in a bias's last dimension");
            const bool is_one_bias = !bias || bias->size(0) == 1;
            // A piece that is expanded from one sequence is also read once.
            const bool shared = key.size(0) == 1 || (key.stride(0) == 0 && value.stride(0) == 0 && is_one_bias);
            pieces[count++] = {
                .keys = key.const_data_ptr(),
                .values = value.const_data_ptr(),
                .key = {shared ? 0 : key.stride(0), key.stride(1), key.stride(2)},
                .value = {shared ? 0 : value.stride(0), value.stride(1), value.stride(2)},
                .count = length,
                .element = type,
                .is_shared = shared,
                .log_weight = log_weights ? float(log_weights[i]) : 0,
                .bias = bias ? const_data<float>(*bias) : nullptr,
                .bias_batch = is_one_bias ? 0 : bias->stride(0),
                .bias_group = bias ? bias->stride(1) : 0,
            };
            positions += length * (shared ? 1 : batch);
        }
        TORCH_CHECK(count > 0, "expected at least one position");

        DecodeAttention attention{
            .q = const_data<float>(query),
            .q_batch = query.stride(0),
            .q_head = query.stride(1),
            .out = output.mutable_data_ptr<float>(),
            .out_batch = output.stride(0),
            .out_head = output.stride(1),
            .pieces = pieces,
            .piece_count = count,
            .batch = batch,
            .heads = heads,
            .groups = groups,
            .size = size,
            .scale = float(scale),
            .chunk = decode_chunk(positions, groups, at::get_num_threads()),
            .scratch = nullptr,
        };
        attention.scratch = reinterpret_cast<float *>(
            scratch_memory(size_t(decode_attention_scratch(batch * heads, attention.chunks(), size)) * sizeof(float)));
        kernels().decoding.decode_attention(attention);
    });
}

int ctorch_embedding_in(ctorch_weight weight, int64_t id, ctorch_tensor *out) {
    return perform("embedding", {weight.dense, out}, [&] {
        const Weight table(weight);
        at::Tensor &output = unwrap(out);
        check(output, 2, "out");
        TORCH_CHECK(output.size(0) == 1 && output.size(1) == table.columns(), "expected weight [V, D] and out [1, D]");
        TORCH_CHECK(id >= 0 && id < table.rows(), "found row ", id, ", expected one in 0 ..< ", table.rows());
        table.row_in(id, output.mutable_data_ptr<float>());
    });
}

int ctorch_rms_norm_in(const ctorch_tensor *x, const ctorch_tensor *weight, double epsilon, ctorch_tensor *y) {
    return perform("rms_norm", {x, weight, y}, [&] {
        const at::Tensor &input = unwrap(x), &w = unwrap(weight);
        at::Tensor &output = unwrap(y);
        check(input, 2, "x");
        check(output, 2, "y");
        const bool narrow = is_bf16(w, "weight");
        TORCH_CHECK(
            output.sizes() == input.sizes() && w.dim() == 1 && w.size(0) == input.size(1),
            "expected x and y [M, D] and weight [D]");
        const float *from = const_data<float>(input);
        float *to = output.mutable_data_ptr<float>();
        for (int64_t row = 0; row < input.size(0); row++) {
            kernels().decoding.rms_norm(
                from + row * input.stride(0), w.const_data_ptr(), narrow, input.size(1), float(epsilon),
                to + row * output.stride(0));
        }
    });
}

int ctorch_rotary_append_in(
    ctorch_tensor *qkv, const ctorch_tensor *cosine, const ctorch_tensor *sine, int64_t heads, int64_t groups,
    ctorch_tensor *keys, ctorch_tensor *values, int64_t index) {
    return perform("rotary_append", {qkv, cosine, sine, keys, values}, [&] {
        at::Tensor &projected = unwrap(qkv), &key = unwrap(keys), &value = unwrap(values);
        const at::Tensor &c = unwrap(cosine), &s = unwrap(sine);
        check(projected, 2, "qkv");
        check(c, 2, "cosine");
        check(s, 2, "sine");
        const int64_t rows = projected.size(0);
        TORCH_CHECK(rows > 0 && heads > 0 && groups > 0, "expected rows and heads");
        TORCH_CHECK(
            key.dim() == 4 && key.sizes() == value.sizes(), "keys and values: expected one shape, four dimensions");
        const int64_t size = key.size(3);
        TORCH_CHECK(
            size % 2 == 0 && projected.size(1) == (heads + 2 * groups) * size && key.size(1) == groups,
            "expected qkv [M, (", heads, " + 2 * ", groups, ") * E] and keys and values [1 or M, ", groups,
            ", capacity, E]");
        const bool together = key.size(0) == 1;
        TORCH_CHECK(together || key.size(0) == rows, "keys and values: expected a batch of 1 or ", rows);
        TORCH_CHECK(
            index >= 0 && index + (together ? rows : 1) <= key.size(2), "positions from ", index, " on exceed ",
            key.size(2));
        TORCH_CHECK(
            key.stride(3) == 1 && value.stride(3) == 1,
            "keys and values: expected adjacent elements in the last dimension");
        const int64_t half = s.size(1);
        const auto check_angles = [&](const at::Tensor &angles, const char *name) {
            TORCH_CHECK(
                (angles.size(0) == 1 || angles.size(0) == rows) && angles.size(1) == half && half <= size / 2, name,
                ": expected [1 or ", rows, ", ", size / 2, "], or fewer of both");
        };
        check_angles(c, "cosine");
        check_angles(s, "sine");
        const Element type = element(key, "keys");
        TORCH_CHECK(type == element(value, "values"), "expected keys and values of one dtype");
        const auto at = [&](at::Tensor &page) {
            return static_cast<char *>(page.mutable_data_ptr()) + index * page.stride(2) * int64_t(page.element_size());
        };
        kernels().decoding.rotary_append({
            .qkv = projected.mutable_data_ptr<float>(),
            .rows = rows,
            .stride = projected.stride(0),
            .heads = heads,
            .groups = groups,
            .size = size,
            .rotated_size = 2 * half,
            .cosine = const_data<float>(c),
            .sine = const_data<float>(s),
            .cosine_stride = c.size(0) == 1 ? 0 : c.stride(0),
            .sine_stride = s.size(0) == 1 ? 0 : s.stride(0),
            .keys = at(key),
            .values = at(value),
            .key_row = key.stride(together ? 2 : 0),
            .key_group = key.stride(1),
            .value_row = value.stride(together ? 2 : 0),
            .value_group = value.stride(1),
            .element = type,
        });
    });
}

int ctorch_swiglu_in(const ctorch_tensor *gate_up, ctorch_tensor *y) {
    return perform("swiglu", {gate_up, y}, [&] { write_gated(Gate::silu, unwrap(gate_up), unwrap(y)); });
}

int ctorch_geglu_in(const ctorch_tensor *gate_up, ctorch_tensor *y) {
    return perform("geglu", {gate_up, y}, [&] { write_gated(Gate::gelu, unwrap(gate_up), unwrap(y)); });
}

int ctorch_lora_in(
    const ctorch_tensor *x, const ctorch_tensor *a, const ctorch_tensor *b, double scale, ctorch_tensor *y) {
    return perform("lora", {x, a, b, y}, [&] {
        const at::Tensor &input = unwrap(x), &down = unwrap(a), &up = unwrap(b);
        at::Tensor &output = unwrap(y);
        check(input, 2, "x");
        check(output, 2, "y");
        const bool narrow_down = is_bf16(down, "a"), narrow_up = is_bf16(up, "b");
        TORCH_CHECK(down.dim() == 2 && up.dim() == 2, "a, b: expected two dimensions");
        const int64_t rank = down.size(0), rows = input.size(0);
        TORCH_CHECK(
            down.size(1) == input.size(1) && up.size(1) == rank && up.size(0) == output.size(1) &&
                output.size(0) == rows,
            "expected x [M, K], a [r, K], b [N, r] and y [M, N]");
        const auto add = kernels().decoding.add_product;
        const float *from = const_data<float>(input);
        float *to = output.mutable_data_ptr<float>();
        float *between = reinterpret_cast<float *>(scratch_memory(size_t(rows * rank) * sizeof(float)));
        std::fill(between, between + rows * rank, 0.0f);
        for (int64_t row = 0; row < rows; row++) {
            float *middle = between + row * rank;
            add(from + row * input.stride(0), down.const_data_ptr(), narrow_down, rank, down.size(1), middle);
            for (int64_t i = 0; i < rank; i++) middle[i] *= float(scale);
            add(middle, up.const_data_ptr(), narrow_up, up.size(0), rank, to + row * output.stride(0));
        }
    });
}

int ctorch_tensor_argmax(const ctorch_tensor *x, int64_t *out) {
    return perform("argmax", {x}, [&] {
        const at::Tensor &values = unwrap(x);
        check(values, 1, "x");
        TORCH_CHECK(values.size(0) > 0, "expected an element");
        *out = kernels().decoding.argmax(const_data<float>(values), values.size(0));
    });
}

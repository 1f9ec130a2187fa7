// RMSNorm, rotary positions and gated units with their backward passes.
//
// libtorch needs several passes over memory for each; a kernel reads and writes everything once.

#include "libtorch.h"

#include "rows.h"

#include <torch/csrc/autograd/custom_function.h>

#include "internal.h"

using namespace ctorch;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

// --- RMSNorm --------------------------------------------------------------------------------------------------------

/// The sum (x if y is undefined) and its norm. Writes `scales` if defined.
std::pair<at::Tensor, at::Tensor> normed(
    const RowKernels &kernels, const at::Tensor &x, const at::Tensor &y, const at::Tensor &weight, double epsilon,
    const at::Tensor &scales) {
    const int64_t size = weight.numel(), rows = x.numel() / size;
    const at::Tensor sum = y.defined() ? at::empty_like(x) : x, out = at::empty_like(x);
    parallel_rows(rows, size, [&](int64_t first, int64_t count) {
        kernels.rms_norm(
            row_of(x, first, size), y.defined() ? row_of(y, first, size) : nullptr, weight.data_ptr(),
            row_of(sum, first, size), row_of(out, first, size),
            scales.defined() ? scales.data_ptr<float>() + first : nullptr, count, size, float(epsilon));
    });
    return {sum, out};
}

/// Returns the sum x + y and its norm, or without y the norm of x.
struct RMSNorm : torch::autograd::Function<RMSNorm> {
    static variable_list forward(
        AutogradContext *context, const at::Tensor &x, const c10::optional<at::Tensor> &y, const at::Tensor &weight,
        double epsilon) {
        const at::Tensor input = x.contiguous(), other = y ? y->contiguous() : at::Tensor();
        const at::Tensor scales = at::empty({input.numel() / weight.numel()}, input.options().dtype(at::kFloat));
        auto [sum, out] = normed(*row_kernels(input), input, other, weight, epsilon, scales);
        // Saved through `save_for_backward` because the sum is an output: otherwise it would keep its own graph alive.
        context->save_for_backward({sum, weight, scales});
        context->saved_data["adds"] = y.has_value();
        if (y) return {sum, out};
        return {out};
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        const variable_list saved = context->get_saved_variables();
        const at::Tensor &sum = saved[0], &weight = saved[1], &scales = saved[2];
        const bool adds = context->saved_data["adds"].toBool();
        const at::Tensor d_out = gradients.back(), d_sum = adds ? gradients[0] : at::Tensor();
        at::Tensor d_x;
        if (!d_out.defined()) {
            d_x = d_sum;
        } else {
            const int64_t size = weight.numel(), rows = sum.numel() / size;
            const at::Tensor out = d_out.contiguous(), direct = d_sum.defined() ? d_sum.contiguous() : d_sum;
            d_x = at::empty_like(sum);
            const RowKernels &kernels = *row_kernels(sum);
            parallel_rows(rows, size, [&](int64_t first, int64_t count) {
                kernels.rms_norm_backward(
                    row_of(sum, first, size), weight.data_ptr(), scales.data_ptr<float>() + first,
                    row_of(out, first, size), direct.defined() ? row_of(direct, first, size) : nullptr,
                    row_of(d_x, first, size), count, size);
            });
        }
        return {d_x, adds ? d_x : at::Tensor(), at::Tensor(), at::Tensor()};
    }
};

/// Whether the kernel supports the operands. It has no gradient for the weight.
bool has_kernel(const at::Tensor &x, const at::Tensor &y, const at::Tensor &weight) {
    return row_kernels(x) && x.dim() > 0 && x.numel() > 0 && weight.dim() == 1 && x.size(-1) == weight.size(0) &&
           weight.scalar_type() == x.scalar_type() && weight.device().is_cpu() && weight.is_contiguous() &&
           !records_gradients({weight}) &&
           (!y.defined() || (y.sizes() == x.sizes() && y.scalar_type() == x.scalar_type() && y.device() == x.device()));
}

at::Tensor rms_norm(const at::Tensor &x, const at::Tensor &weight, double epsilon) {
    if (!has_kernel(x, {}, weight)) return at::rms_norm(x, weight.sizes(), weight, epsilon);
    if (records_gradients({x})) return RMSNorm::apply(x, c10::optional<at::Tensor>(), weight, epsilon)[0];
    return normed(*row_kernels(x), x.contiguous(), {}, weight, epsilon, {}).second;
}

std::pair<at::Tensor, at::Tensor> add_rms_norm(
    const at::Tensor &x, const at::Tensor &y, const at::Tensor &weight, double epsilon) {
    if (!has_kernel(x, y, weight)) {
        const at::Tensor sum = x + y;
        return {sum, at::rms_norm(sum, weight.sizes(), weight, epsilon)};
    }
    if (records_gradients({x, y})) {
        variable_list results = RMSNorm::apply(x, c10::optional<at::Tensor>(y), weight, epsilon);
        return {results[0], results[1]};
    }
    return normed(*row_kernels(x), x.contiguous(), y.contiguous(), weight, epsilon, {});
}

// --- Rotary positions -----------------------------------------------------------------------------------------------

at::Tensor rotary(const at::Tensor &x, const at::Tensor &cosine, const at::Tensor &sine) {
    const int64_t size = x.size(-1), half = cosine.size(-1), rest = size - 2 * half;
    TORCH_CHECK(
        size % 2 == 0 && rest >= 0, "the angles cover at most half of the last dimension: expected ", size / 2,
        " or fewer");
    const at::Tensor first = x.narrow(-1, 0, half), second = x.narrow(-1, half, half);
    const at::Tensor c = cosine.to(x.scalar_type()), s = sine.to(x.scalar_type());
    std::vector<at::Tensor> parts = {at::addcmul(first * c, second, s, -1), at::addcmul(second * c, first, s, 1)};
    if (rest > 0) parts.push_back(x.narrow(-1, 2 * half, rest));
    return at::cat(parts, -1);
}

/// The merged projection's heads as views [B, heads, T, E].
variable_list split_heads(const at::Tensor &x, int64_t heads, int64_t groups) {
    const at::Tensor all = x.view({x.size(0), x.size(1), heads + 2 * groups, -1}).transpose(1, 2);
    return {all.narrow(1, 0, heads), all.narrow(1, heads, groups), all.narrow(1, heads + groups, groups)};
}

/// The cosines and sines of rotary positions: one row per position, or one per position and sequence.
struct Angles {
    at::Tensor cosine, sine;
    int64_t positions, half;
    bool of_each_row;

    Angles(const at::Tensor &cosine, const at::Tensor &sine)
        : cosine(cosine.contiguous()),
          sine(sine.contiguous()),
          positions(cosine.size(-2)),
          half(cosine.size(-1)),
          of_each_row(cosine.dim() == 4 && cosine.size(0) > 1) {}

    /// The angles of row `row` of [B, T] rows.
    int64_t offset(int64_t row) const { return (of_each_row ? row : row % positions) * half; }
};

/// Rotates query and key heads of x [B, T, (H + 2K) · E], contiguous, to `out`, which may be x.
void rotate_merged(const at::Tensor &x, const at::Tensor &out, const Angles &angles, int64_t heads, int64_t groups) {
    const int64_t width = x.size(2), size = width / (heads + 2 * groups), rotated = heads + groups;
    const RowKernels &kernels = *row_kernels(x);
    const bool copies = x.data_ptr() != out.data_ptr();
    parallel_rows(x.size(0) * x.size(1), width, [&](int64_t first, int64_t count) {
        for (int64_t row = first; row < first + count; row++) {
            const int64_t angle = angles.offset(row);
            char *from = static_cast<char *>(row_of(x, row, width)), *to = static_cast<char *>(row_of(out, row, width));
            kernels.rotate(
                from, to, angles.cosine.data_ptr<float>() + angle, angles.sine.data_ptr<float>() + angle, 1, rotated,
                size, 2 * angles.half);
            const size_t done = size_t(rotated * size) * x.element_size();
            if (copies) std::memcpy(to + done, from + done, size_t(groups * size) * x.element_size());
        }
    });
}

struct RotaryHeads : torch::autograd::Function<RotaryHeads> {
    static variable_list forward(
        AutogradContext *context, const at::Tensor &x, const at::Tensor &cosine, const at::Tensor &sine, int64_t heads,
        int64_t groups) {
        const at::Tensor input = x.contiguous(), out = at::empty_like(input);
        rotate_merged(input, out, Angles(cosine, sine), heads, groups);
        context->saved_data["cosine"] = cosine;
        context->saved_data["sine"] = sine;
        context->saved_data["shape"] = std::vector<int64_t>{heads, groups, x.size(0), x.size(1), x.size(2)};
        return split_heads(out, heads, groups);
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        const Angles angles(context->saved_data["cosine"].toTensor(), context->saved_data["sine"].toTensor());
        const auto shape = context->saved_data["shape"].toIntVector();
        const int64_t heads = shape[0], groups = shape[1], batch = shape[2], count = shape[3];
        const int64_t width = shape[4], size = width / (heads + 2 * groups);
        at::Tensor defined;
        for (at::Tensor &gradient : gradients) {
            if (!gradient.defined()) continue;
            if (gradient.stride(3) != 1) gradient = gradient.contiguous();
            defined = gradient;
        }
        if (!defined.defined()) return {at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
        const at::Tensor d_x = at::empty({batch, count, width}, defined.options());
        const RowKernels &kernels = *row_kernels(d_x);
        const size_t head_bytes = size_t(size) * d_x.element_size();
        parallel_rows(batch * count, width, [&](int64_t first, int64_t rows) {
            for (int64_t row = first; row < first + rows; row++) {
                const int64_t angle = angles.offset(row);
                char *to = static_cast<char *>(row_of(d_x, row, width));
                for (int part = 0; part < 3; part++) {
                    const at::Tensor &gradient = gradients[size_t(part)];
                    const int64_t number = part == 0 ? heads : groups;
                    for (int64_t head = 0; head < number; head++, to += head_bytes) {
                        if (!gradient.defined()) {
                            std::memset(to, 0, head_bytes);
                            continue;
                        }
                        const char *from = static_cast<const char *>(gradient.data_ptr()) +
                                           (row / count * gradient.stride(0) + head * gradient.stride(1) +
                                            row % count * gradient.stride(2)) *
                                               int64_t(gradient.element_size());
                        if (part == 2) {
                            std::memcpy(to, from, head_bytes);
                        } else {
                            // The backward pass rotates by the negative angle.
                            kernels.rotate(
                                from, to, angles.cosine.data_ptr<float>() + angle,
                                angles.sine.data_ptr<float>() + angle, -1, 1, size, 2 * angles.half);
                        }
                    }
                }
            }
        });
        return {d_x, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
    }
};

variable_list rotary_heads(
    const at::Tensor &x, const at::Tensor &cosine, const at::Tensor &sine, int64_t heads, int64_t groups) {
    TORCH_CHECK(
        x.dim() == 3 && heads > 0 && groups > 0 && x.size(2) % (heads + 2 * groups) == 0, "expected [B, T, (", heads,
        " + 2 * ", groups, ") * E]");
    const int64_t size = x.size(2) / (heads + 2 * groups);
    const auto fits = [&](const at::Tensor &t) {
        const bool of_rows = t.dim() == 4 && t.size(1) == 1 && (t.size(0) == x.size(0) || t.size(0) == 1);
        return (t.dim() == 2 || of_rows) && t.size(-2) == x.size(1) && t.size(-1) * 2 <= size;
    };
    TORCH_CHECK(
        size % 2 == 0 && fits(cosine) && cosine.sizes() == sine.sizes() && fits(sine), "expected angles [T, ", size / 2,
        "] or [B, 1, T, ", size / 2, "], or fewer");
    const bool fast = row_kernels(x) && cosine.scalar_type() == at::kFloat && sine.scalar_type() == at::kFloat &&
                      cosine.device().is_cpu() && sine.device().is_cpu() && x.numel() > 0;
    if (!fast) {
        variable_list parts = split_heads(x.contiguous(), heads, groups);
        return {rotary(parts[0], cosine, sine), rotary(parts[1], cosine, sine), parts[2]};
    }
    if (records_gradients({x})) return RotaryHeads::apply(x, cosine, sine, heads, groups);
    const at::Tensor all = x.contiguous();
    rotate_merged(all, all, Angles(cosine, sine), heads, groups);
    return split_heads(all, heads, groups);
}

// --- Gated units ----------------------------------------------------------------------------------------------------

at::Tensor gated_rows(Gate gate, const at::Tensor &x) {
    auto shape = x.sizes().vec();
    const int64_t size = shape.back() /= 2;
    const at::Tensor out = at::empty(shape, x.options());
    const RowKernels &kernels = *row_kernels(x);
    parallel_rows(out.numel() / size, 3 * size, [&](int64_t first, int64_t count) {
        kernels.gated(gate, row_of(x, first, 2 * size), row_of(out, first, size), count, size);
    });
    return out;
}

struct GatedUnit : torch::autograd::Function<GatedUnit> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &x, int64_t gate) {
        const at::Tensor input = x.contiguous();
        context->save_for_backward({input});
        context->saved_data["gate"] = gate;
        return gated_rows(Gate(gate), input);
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        if (!gradients[0].defined()) return {at::Tensor(), at::Tensor()};
        const at::Tensor x = context->get_saved_variables()[0], d_out = gradients[0].contiguous();
        const Gate gate = Gate(context->saved_data["gate"].toInt());
        const at::Tensor d_x = at::empty_like(x);
        const int64_t size = x.size(-1) / 2;
        const RowKernels &kernels = *row_kernels(x);
        parallel_rows(d_out.numel() / size, 5 * size, [&](int64_t first, int64_t count) {
            kernels.gated_backward(
                gate, row_of(x, first, 2 * size), row_of(d_out, first, size), row_of(d_x, first, 2 * size), count,
                size);
        });
        return {d_x, at::Tensor()};
    }
};

at::Tensor gated(Gate gate, const at::Tensor &x) {
    TORCH_CHECK(x.dim() > 0 && x.size(-1) % 2 == 0, "expected [..., 2 · I]: gate, then up");
    if (!row_kernels(x) || x.numel() == 0) {
        const int64_t size = x.size(-1) / 2;
        const at::Tensor first = x.narrow(-1, 0, size);
        return (gate == Gate::silu ? at::silu(first) : at::gelu(first, "tanh")) * x.narrow(-1, size, size);
    }
    return records_gradients({x}) ? GatedUnit::apply(x, int64_t(gate)) : gated_rows(gate, x.contiguous());
}

}  // namespace

int ctorch_rms_norm(const ctorch_tensor *x, const ctorch_tensor *weight, double epsilon, ctorch_tensor **out) {
    return produce("rms_norm", {x, weight}, out, [&] { return rms_norm(unwrap(x), unwrap(weight), epsilon); });
}

int ctorch_add_rms_norm(
    const ctorch_tensor *x, const ctorch_tensor *y, const ctorch_tensor *weight, double epsilon, ctorch_tensor **sum,
    ctorch_tensor **out) {
    return perform("add_rms_norm", {x, y, weight}, [&] {
        TORCH_CHECK(unwrap(x).sizes() == unwrap(y).sizes(), "expected two tensors of one shape");
        auto results = add_rms_norm(unwrap(x), unwrap(y), unwrap(weight), epsilon);
        *sum = wrap(std::move(results.first));
        *out = wrap(std::move(results.second));
    });
}

int ctorch_rotary(const ctorch_tensor *x, const ctorch_tensor *cosine, const ctorch_tensor *sine, ctorch_tensor **out) {
    return produce("rotary", {x, cosine, sine}, out, [&] { return rotary(unwrap(x), unwrap(cosine), unwrap(sine)); });
}

int ctorch_rotary_heads(
    const ctorch_tensor *x, const ctorch_tensor *cosine, const ctorch_tensor *sine, int64_t heads, int64_t groups,
    ctorch_tensor **queries, ctorch_tensor **keys, ctorch_tensor **values) {
    return perform("rotary_heads", {x, cosine, sine}, [&] {
        variable_list parts = rotary_heads(unwrap(x), unwrap(cosine), unwrap(sine), heads, groups);
        *queries = wrap(parts[0]);
        *keys = wrap(parts[1]);
        *values = wrap(parts[2]);
    });
}

int ctorch_swiglu(const ctorch_tensor *x, ctorch_tensor **out) {
    return produce("swiglu", {x}, out, [&] { return gated(Gate::silu, unwrap(x)); });
}

int ctorch_geglu(const ctorch_tensor *x, ctorch_tensor **out) {
    return produce("geglu", {x}, out, [&] { return gated(Gate::gelu, unwrap(x)); });
}

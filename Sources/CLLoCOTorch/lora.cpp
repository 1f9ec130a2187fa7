// A frozen linear layer plus LoRA adapters (Hu et al. 2021).
//
// Composed of libtorch's operations, an adapter costs half as much as the frozen product that it is added to, for a
// hundredth of the multiplications (figures in kernels/lora.h): every part reads the layer's input again, converts its
// matrices and adds a tensor of the output's size. Here one pass over the input serves all parts, and their products
// are added to the output in place.

#include "libtorch.h"

#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

#include "internal.h"
#include "rows.h"
#include "weight.h"

using namespace ctorch;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

/// A part without its matrices.
struct Part {
    int64_t start, size, rank;
    float scale;
    double dropout;
    /// The part's first column in the products with A: a multiple of 16.
    int64_t column;
};

int64_t padded(int64_t rank) { return (rank + 15) / 16 * 16; }

/// Sets the parts' columns; returns their total number.
int64_t assign_columns(std::vector<Part> &parts) {
    int64_t column = 0;
    for (Part &part : parts) {
        part.column = column;
        column += padded(part.rank);
    }
    return column;
}

/// Consecutive parts with the same dropout, hence the same input: one product with A.
struct Group {
    size_t begin, end;
};

std::vector<Group> groups(const std::vector<Part> &parts) {
    std::vector<Group> result;
    for (size_t i = 0; i < parts.size(); i++) {
        if (!result.empty() && parts[result.back().begin].dropout == parts[i].dropout) {
            result.back().end = i + 1;
        } else {
            result.push_back({i, i + 1});
        }
    }
    return result;
}

Dropout dropout(double probability, uint32_t seed) {
    return {uint32_t(std::min(4294967295.0, probability * 4294967296.0)), seed, float(1 / (1 - probability))};
}

/// A matrix in float32, rows of `width` columns, padded with zeros.
std::vector<float> packed(const at::Tensor &matrix, bool transposed, int64_t width, float scale) {
    const at::Tensor values = matrix.detach().to(at::kFloat).contiguous();
    const float *from = values.data_ptr<float>();
    const int64_t rows = values.size(transposed ? 1 : 0), columns = values.size(transposed ? 0 : 1);
    std::vector<float> result(size_t(rows * width), 0.0f);
    for (int64_t row = 0; row < rows; row++) {
        for (int64_t column = 0; column < columns; column++) {
            result[size_t(row * width + column)] =
                scale * (transposed ? from[column * rows + row] : from[row * columns + column]);
        }
    }
    return result;
}

/// The number of rows of a task: they stay in the L2 cache from one part to the next.
constexpr int64_t row_block = 48;

template <typename Body>
void row_blocks(int64_t rows, const Body &body) {
    parallel((rows + row_block - 1) / row_block, [&](int64_t task) {
        const int64_t first = task * row_block;
        body(first, std::min(row_block, rows - first));
    });
}

/// Adds every part to y [N, out]; returns the products with A, [N, columns], which the backward pass needs.
at::Tensor add_parts(
    const at::Tensor &x, const at::Tensor &y, const std::vector<Part> &parts, int64_t columns,
    const std::vector<at::Tensor> &a, const std::vector<at::Tensor> &b, uint32_t seed) {
    const RowKernels &kernels = *row_kernels(x);
    const int64_t rows = x.size(0), in = x.size(1), out = y.size(1);
    const at::Tensor products = at::empty({rows, columns}, x.options().dtype(at::kFloat));
    // The A matrices of a group side by side: [in, columns of the group].
    std::vector<std::vector<float>> downs, ups;
    const std::vector<Group> together = groups(parts);
    for (const Group &group : together) {
        const Part &last = parts[group.end - 1];
        const int64_t begin = parts[group.begin].column, width = last.column + padded(last.rank) - begin;
        std::vector<float> down(size_t(in * width), 0.0f);
        for (size_t i = group.begin; i < group.end; i++) {
            const std::vector<float> columns_of_part = packed(a[i], true, parts[i].rank, 1);
            for (int64_t row = 0; row < in; row++) {
                std::copy_n(
                    columns_of_part.data() + row * parts[i].rank, parts[i].rank,
                    down.data() + row * width + parts[i].column - begin);
            }
        }
        downs.push_back(std::move(down));
    }
    for (size_t i = 0; i < parts.size(); i++) ups.push_back(packed(b[i], true, parts[i].size, parts[i].scale));
    row_blocks(rows, [&](int64_t first, int64_t count) {
        float *h = products.data_ptr<float>() + first * columns;
        for (size_t g = 0; g < together.size(); g++) {
            const Group group = together[g];
            const Part &last = parts[group.end - 1], &head = parts[group.begin];
            const Dropout drop = dropout(head.dropout, seed);
            kernels.lora_down(
                row_of(x, first, in), in, count, in, downs[g].data(), last.column + padded(last.rank) - head.column,
                head.dropout > 0 ? &drop : nullptr, first, h + head.column, columns);
        }
        for (size_t i = 0; i < parts.size(); i++) {
            const Part &part = parts[i];
            kernels.lora_up(
                static_cast<char *>(row_of(y, first, out)) + part.start * int64_t(y.element_size()), out, count,
                part.size, h + part.column, columns, part.rank, ups[i].data(), nullptr, first);
        }
    });
    return products;
}

/// A weight saved for the backward pass.
struct KeptWeight : torch::CustomClassHolder {
    const Weight weight;
    explicit KeptWeight(const Weight &weight) : weight(weight) {}
};

struct LinearLoRA : torch::autograd::Function<LinearLoRA> {
    static at::Tensor forward(
        AutogradContext *context, const at::Tensor &x, const Weight &weight, const c10::optional<at::Tensor> &bias,
        const std::vector<Part> &unplaced_parts, const at::TensorList &matrices, uint32_t seed) {
        std::vector<Part> parts = unplaced_parts;
        const int64_t columns = assign_columns(parts);
        const std::vector<at::Tensor> a(matrices.begin(), matrices.begin() + parts.size()),
            b(matrices.begin() + parts.size(), matrices.end());
        const at::Tensor y = weight.linear(x, bias);
        const at::Tensor products = add_parts(x, y, parts, columns, a, b, seed);
        variable_list saved = {x, products};
        saved.insert(saved.end(), matrices.begin(), matrices.end());
        context->save_for_backward(saved);
        std::vector<int64_t> sizes;
        std::vector<double> factors;
        for (const Part &part : parts) {
            sizes.insert(sizes.end(), {part.start, part.size, part.rank, part.column});
            factors.insert(factors.end(), {double(part.scale), part.dropout});
        }
        context->saved_data["weight"] = at::IValue::make_capsule(c10::make_intrusive<KeptWeight>(weight));
        context->saved_data["sizes"] = sizes;
        context->saved_data["factors"] = factors;
        context->saved_data["seed"] = int64_t(seed);
        return y;
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        const variable_list saved = context->get_saved_variables();
        const at::Tensor &x = saved[0], &products = saved[1];
        const auto kept = context->saved_data["weight"].toCapsule();
        const Weight &weight = static_cast<const KeptWeight &>(*kept).weight;
        const auto sizes = context->saved_data["sizes"].toIntVector();
        const auto factors = context->saved_data["factors"].toDoubleVector();
        const uint32_t seed = uint32_t(context->saved_data["seed"].toInt());
        const size_t count = sizes.size() / 4;
        variable_list results(5 + 2 * count);
        if (!gradients[0].defined()) return results;
        const at::Tensor d_y = gradients[0].contiguous();
        const RowKernels &kernels = *row_kernels(x);
        const int64_t rows = x.size(0), in = x.size(1), out = d_y.size(1), columns = products.size(1);
        // Results are in the order of `forward`'s parameters: x, weight, bias, the parts, then every matrix.
        const bool needs_x = context->needs_input_grad(0);
        if (needs_x) results[0] = weight.back(d_y);

        std::vector<Part> parts;
        std::vector<std::vector<float>> ups, downs;
        for (size_t i = 0; i < count; i++) {
            parts.push_back(
                {sizes[4 * i], sizes[4 * i + 1], sizes[4 * i + 2], float(factors[2 * i]), factors[2 * i + 1],
                 sizes[4 * i + 3]});
            ups.push_back(packed(saved[2 + count + i], false, padded(parts[i].rank), parts[i].scale));
            downs.push_back(packed(saved[2 + i], false, in, 1));
        }
        const auto column_of = [&](const Part &part) {
            return static_cast<char *>(d_y.data_ptr()) + part.start * int64_t(d_y.element_size());
        };
        const at::Tensor d_products = at::empty_like(products);
        row_blocks(rows, [&](int64_t first, int64_t number) {
            float *d_h = d_products.data_ptr<float>() + first * columns;
            for (size_t i = 0; i < count; i++) {
                const Part &part = parts[i];
                kernels.lora_down(
                    column_of(part) + first * out * int64_t(d_y.element_size()), out, number, part.size, ups[i].data(),
                    part.rank, nullptr, first, d_h + part.column, columns);
                if (!needs_x) continue;
                const Dropout drop = dropout(part.dropout, seed);
                kernels.lora_up(
                    row_of(results[0], first, in), in, number, in, d_h + part.column, columns, part.rank,
                    downs[i].data(), part.dropout > 0 ? &drop : nullptr, first);
            }
        });

        // Sums over all rows: a task computes a block of columns of one matrix.
        struct Task {
            size_t part;
            bool of_a;
            int64_t begin, end;
        };
        std::vector<Task> tasks;
        std::vector<at::Tensor> d_a(count), d_b(count);
        const auto divide = [&](size_t part, bool of_a, int64_t size) {
            for (int64_t begin = 0; begin < size; begin += 64) {
                tasks.push_back({part, of_a, begin, std::min(size, begin + 64)});
            }
        };
        for (size_t i = 0; i < count; i++) {
            const auto exact = products.options();
            if (saved[2 + i].requires_grad()) {
                d_a[i] = at::empty({parts[i].rank, in}, exact);
                divide(i, true, in);
            }
            if (saved[2 + count + i].requires_grad()) {
                d_b[i] = at::empty({parts[i].rank, parts[i].size}, exact);
                divide(i, false, parts[i].size);
            }
        }
        parallel(int64_t(tasks.size()), [&](int64_t number) {
            const Task &task = tasks[size_t(number)];
            const Part &part = parts[task.part];
            if (task.of_a) {
                const Dropout drop = dropout(part.dropout, seed);
                kernels.lora_outer(
                    x.data_ptr(), in, rows, d_products.data_ptr<float>() + part.column, columns, part.rank,
                    part.dropout > 0 ? &drop : nullptr, task.begin, task.end, d_a[task.part].data_ptr<float>(), in);
            } else {
                kernels.lora_outer(
                    column_of(part), out, rows, products.data_ptr<float>() + part.column, columns, part.rank, nullptr,
                    task.begin, task.end, d_b[task.part].data_ptr<float>(), part.size);
            }
        });
        for (size_t i = 0; i < count; i++) {
            if (d_a[i].defined()) results[4 + i] = d_a[i].to(saved[2 + i].scalar_type());
            if (d_b[i].defined()) {
                results[4 + count + i] =
                    d_b[i].t().mul(double(parts[i].scale)).contiguous().to(saved[2 + count + i].scalar_type());
            }
        }
        return results;
    }
};

/// The same layer composed of libtorch's operations: for other devices and dtypes, and as the tests' reference.
at::Tensor composed(
    const at::Tensor &x, const at::Tensor &weight, const c10::optional<at::Tensor> &bias,
    const std::vector<Part> &parts, const std::vector<at::Tensor> &a, const std::vector<at::Tensor> &b) {
    at::Tensor y = at::linear(x, weight, bias);
    const auto dtype = x.scalar_type();
    const int64_t width = weight.size(0);
    // Contributions of consecutive, non-overlapping parts are concatenated and added at once.
    std::vector<at::Tensor> row;
    int64_t end = 0;
    const auto gap = [&](int64_t size) {
        auto shape = y.sizes().vec();
        shape.back() = size;
        if (size > 0) row.push_back(at::zeros(shape, y.options()));
    };
    const auto add_row = [&] {
        gap(width - end);
        y = y + (row.size() == 1 ? row[0] : at::cat(row, -1));
        row.clear();
        end = 0;
    };
    // Parts with the same dropout probability share one random draw.
    at::Tensor dropped;
    double drawn = 0;
    for (const Group &group : groups(parts)) {
        const std::vector<at::Tensor> downs(a.begin() + int64_t(group.begin), a.begin() + int64_t(group.end));
        const double probability = parts[group.begin].dropout;
        if (probability > 0 && probability != drawn) {
            dropped = drop(x, probability);
            drawn = probability;
        }
        const at::Tensor low = at::linear(probability > 0 ? dropped : x, at::cat(downs).to(dtype));
        int64_t column = 0;
        for (size_t i = group.begin; i < group.end; i++) {
            const Part &part = parts[i];
            const at::Tensor delta = at::linear(low.narrow(-1, column, part.rank), b[i].to(dtype));
            column += part.rank;
            if (part.start < end) add_row();
            gap(part.start - end);
            row.push_back(part.scale == 1 ? delta : delta * double(part.scale));
            end = part.start + part.size;
        }
    }
    if (!row.empty()) add_row();
    return y;
}

/// Whether the kernel supports the operands. It has gradients only for x and the matrices.
bool has_kernel(
    const at::Tensor &x, const Weight &weight, const c10::optional<at::Tensor> &bias,
    const std::vector<at::Tensor> &matrices) {
    if (!row_kernels(x) || x.numel() == 0 || !weight.multiplies(x) || weight.requires_grad() ||
        (bias && bias->requires_grad())) {
        return false;
    }
    return std::all_of(matrices.begin(), matrices.end(), [](const at::Tensor &matrix) {
        return matrix.device().is_cpu() &&
               (matrix.scalar_type() == at::kFloat || matrix.scalar_type() == at::kBFloat16);
    });
}

at::Tensor linear_lora(
    const at::Tensor &x, const Weight &weight, const c10::optional<at::Tensor> &bias,
    const ctorch_lora_part *part_handles, size_t count) {
    TORCH_CHECK(x.dim() > 0 && x.size(-1) == weight.columns(), "expected [..., in] and [out, in]");
    std::vector<Part> parts;
    std::vector<at::Tensor> a, b;
    bool draws = false;
    for (size_t i = 0; i < count; i++) {
        const ctorch_lora_part &part = part_handles[i];
        const at::Tensor &down = unwrap(part.a), &up = unwrap(part.b);
        TORCH_CHECK(
            down.dim() == 2 && up.dim() == 2 && down.size(1) == weight.columns() && up.size(1) == down.size(0) &&
                down.size(0) > 0 && part.start >= 0 && part.start + up.size(0) <= weight.rows(),
            "found an adapter with A ", down.sizes(), " and B ", up.sizes(), " at row ", part.start,
            ", expected A [r, in], B [n, r] and start + n <= out");
        TORCH_CHECK(part.dropout >= 0 && part.dropout < 1, "found a dropout of ", part.dropout, ", expected 0 ..< 1");
        a.push_back(down);
        b.push_back(up);
        parts.push_back({part.start, up.size(0), down.size(0), float(part.scale), part.dropout, 0});
        draws = draws || part.dropout > 0;
    }
    std::vector<at::Tensor> matrices = a;
    matrices.insert(matrices.end(), b.begin(), b.end());
    if (!has_kernel(x, weight, bias, matrices)) {
        if (weight.dense().defined()) return composed(x, weight.dense(), bias, parts, a, b);
        TORCH_CHECK(
            x.numel() == 0,
            "with weights in a file, expected Float or BFloat16 on the CPU and a bias that requires no gradient");
    }
    const uint32_t seed =
        draws ? uint32_t(at::randint(int64_t(1) << 31, {1}, generator(), at::kLong).item<int64_t>()) : 0;
    auto shape = x.sizes().vec();
    shape.back() = weight.rows();
    const at::Tensor rows = x.reshape({-1, weight.columns()}).contiguous();
    if (records_gradients({x}) || records_gradients(matrices)) {
        return LinearLoRA::apply(rows, weight, bias, parts, at::TensorList(matrices), seed).view(shape);
    }
    const at::Tensor y = weight.linear(rows, bias);
    if (parts.empty() || rows.numel() == 0) return y.view(shape);
    const int64_t columns = assign_columns(parts);
    add_parts(rows, y, parts, columns, a, b, seed);
    return y.view(shape);
}

}  // namespace

int ctorch_linear(const ctorch_tensor *x, ctorch_weight weight, const ctorch_tensor *bias, ctorch_tensor **out) {
    return produce("linear", {x, weight.dense, bias}, out, [&] {
        const Weight table(weight);
        // libtorch's operation also has gradients for the weight and the bias.
        if (table.dense().defined()) return at::linear(unwrap(x), table.dense(), optional(bias));
        return linear_lora(unwrap(x), table, optional(bias), nullptr, 0);
    });
}

int ctorch_linear_lora(
    const ctorch_tensor *x, ctorch_weight weight, const ctorch_tensor *bias, const ctorch_lora_part *parts,
    size_t count, ctorch_tensor **out) {
    return produce("linear_lora", {x, weight.dense, bias}, out, [&] {
        return linear_lora(unwrap(x), Weight(weight), optional(bias), parts, count);
    });
}

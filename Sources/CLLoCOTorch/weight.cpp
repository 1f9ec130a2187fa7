// Products with weights in a file.
//
// Few rows of x are multiplied with a file's quantized blocks directly (kernels/blocks.h). For many rows, a panel of
// rows of weights at a time is dequantized and multiplied by libtorch: the panel stays in the cache, and no copy of the
// weights is in memory. Dequantizing a row costs as much as its product with some six rows of x.
//
// If the weight allows it, float32 is rounded. Products with blocks are in 8-bit integers (kernels/block_product.h),
// with and without gradients, so that training and inference compute alike; gradients are multiplied in 16 bits
// (kernels/word_product.h).

#include "weight.h"

#include <ATen/Parallel.h>

#include "kernels/parallel.h"
#include "rows.h"
#include "scratch.h"

using namespace ctorch;

namespace ctorch {

bool FileWeight::is_quantized() const {
    return std::all_of(parts.begin(), parts.end(), [](const BlockWeights &part) {
        return ctorch::is_quantized(part.type);
    });
}

size_t FileWeight::bytes() const {
    size_t result = 0;
    for (const BlockWeights &part : parts) result += size_t(part.rows * part.row_bytes());
    return result;
}

std::pair<const BlockWeights *, int64_t> FileWeight::locate(int64_t row) const {
    const BlockWeights *part = parts.data();
    for (; row >= part->rows; part++) row -= part->rows;
    return {part, row};
}

void FileWeight::expand(int64_t begin, int64_t end, Element element, void *out, int64_t stride) const {
    const auto expand_row = kernels().decoding.expand_block_row;
    const int64_t size = element == Element::f32 ? 4 : 2;
    parallel_rows(end - begin, columns, [&](int64_t first, int64_t count) {
        auto [part, row] = locate(begin + first);
        for (int64_t i = first; i < first + count; i++, row++) {
            for (; row == part->rows; part++) row = 0;
            expand_row(part->type, columns, part->row(row), element, static_cast<char *>(out) + i * stride * size);
        }
    });
}

void FileWeight::multiply_rows(const at::Tensor &x, const at::Tensor &y, bool accumulates, bool rounds) const {
    kernels().decoding.block_linear({
        .parts = parts.data(),
        .part_count = int64_t(parts.size()),
        .x = const_data<float>(x),
        .y = y.mutable_data_ptr<float>(),
        .x_stride = x.stride(0),
        .y_stride = y.stride(0),
        .count = x.size(0),
        .accumulates = accumulates,
        .threads = at::get_num_threads(),
        .scratch = rounds ? scratch_memory(size_t(block_linear_scratch(x.size(0), columns))) : nullptr,
    });
}

namespace {

/// The size of a panel: small enough for the caches, large enough for a product at peak throughput.
constexpr int64_t panel_bytes = int64_t(4) << 20;

Element element_of(const at::Tensor &x) { return x.scalar_type() == at::kBFloat16 ? Element::bf16 : Element::f32; }

/// Calls `body(first, panel)` for all rows of the weight in x's dtype: the file's memory if it has that dtype, else
/// dequantized rows.
template <typename Body>
void panels(const FileWeight &weight, const at::Tensor &x, const Body &body) {
    const Element element = element_of(x);
    const BlockType same = element == Element::f32 ? BlockType::f32 : BlockType::bf16;
    const int64_t row_bytes = weight.columns * int64_t(x.element_size());
    const int64_t maximum = std::max<int64_t>(32, panel_bytes / row_bytes);
    int64_t start = 0;
    for (const BlockWeights &part : weight.parts) {
        if (part.type == same && part.head_rows == 0) {
            body(start, at::from_blob(const_cast<uint8_t *>(part.data), {part.rows, part.columns}, x.options()));
        } else {
            // Panels of equal size, a multiple of 16 rows.
            const int64_t number = (part.rows + maximum - 1) / maximum;
            const int64_t step = std::min(part.rows, ((part.rows + number - 1) / number + 15) / 16 * 16);
            uint8_t *memory = scratch_memory(size_t(step * row_bytes));
            for (int64_t first = 0; first < part.rows; first += step) {
                const int64_t count = std::min(step, part.rows - first);
                weight.expand(start + first, start + first + count, element, memory, weight.columns);
                body(start + first, at::from_blob(memory, {count, weight.columns}, x.options()));
            }
        }
        start += part.rows;
    }
}

/// y = x · weightᵀ + bias with x rounded to 8 bits.
void multiply_bytes(
    const FileWeight &weight, const at::Tensor &x, const c10::optional<at::Tensor> &bias, const at::Tensor &y) {
    const DecodingKernels &decoding = kernels().decoding;
    const at::Tensor input = x.contiguous();
    const at::Tensor added = bias ? bias->contiguous() : at::Tensor();
    // A prompt's chunk of 1,024 rows at once, in whole blocks of 4, 6 or 12: their sums still fit in the L2 cache.
    constexpr int64_t maximum = 1032;
    for (int64_t first = 0; first < input.size(0); first += maximum) {
        BlockProduct product{
            .parts = weight.parts.data(),
            .part_count = int64_t(weight.parts.size()),
            .x = const_data<float>(input) + first * input.size(1),
            .bias = bias ? const_data<float>(added) : nullptr,
            .y = y.mutable_data_ptr<float>() + first * y.size(1),
            .x_stride = input.size(1),
            .y_stride = y.size(1),
            .count = std::min(maximum, input.size(0) - first),
            .threads = at::get_num_threads(),
            .scratch = nullptr,
        };
        product.scratch = scratch_memory(size_t(decoding.block_product_scratch(product)));
        decoding.block_product(product);
    }
}

/// For fewer rows of gradients, expanding the weights to 16 bits does not pay.
constexpr int64_t minimum_word_rows = 32;

/// x = y · weight, in 16 bits.
void multiply_words(const FileWeight &weight, const at::Tensor &y, const at::Tensor &x) {
    const DecodingKernels &decoding = kernels().decoding;
    const at::Tensor input = y.contiguous();
    // As many rows as the L2 cache holds sums of, in whole blocks.
    constexpr int64_t maximum = 1536;
    for (int64_t first = 0; first < input.size(0); first += maximum) {
        WordProduct product{
            .parts = weight.parts.data(),
            .part_count = int64_t(weight.parts.size()),
            .y = const_data<float>(input) + first * input.size(1),
            .x = x.mutable_data_ptr<float>() + first * x.size(1),
            .y_stride = input.size(1),
            .x_stride = x.size(1),
            .count = std::min(maximum, input.size(0) - first),
            .threads = at::get_num_threads(),
            .scratch = nullptr,
        };
        product.scratch = scratch_memory(size_t(decoding.word_product_scratch(product)));
        decoding.word_product(product);
    }
}

}  // namespace

Weight::Weight(const ctorch_weight &handle) {
    TORCH_CHECK((handle.dense != nullptr) != (handle.file != nullptr), "expected a tensor or a weight in a file");
    if (handle.dense) {
        dense_ = unwrap(handle.dense);
        TORCH_CHECK(dense_.dim() == 2, "expected a weight [out, in], found ", dense_.sizes());
    } else {
        file_ = handle.file->weight;
    }
}

bool Weight::multiplies(const at::Tensor &x) const {
    return file_ ? row_kernels(x) != nullptr : dense_.scalar_type() == x.scalar_type();
}

at::Tensor Weight::linear(const at::Tensor &x, const c10::optional<at::Tensor> &bias) const {
    if (!file_) return at::linear(x, dense_, bias);
    TORCH_CHECK(multiplies(x), "with weights in a file, expected Float or BFloat16 on the CPU");
    const at::Tensor y = at::empty({x.size(0), rows()}, x.options());
    if (x.size(0) == 0) return y;
    if (x.scalar_type() == at::kFloat && file_->is_quantized()) {
        if (x.size(0) <= quantized_linear_rows) {
            if (bias) y.copy_(bias->expand_as(y));
            file_->multiply_rows(x.contiguous(), y, bias.has_value(), file_->rounds_input);
            return y;
        }
        if (file_->rounds_input) {
            multiply_bytes(*file_, x, bias, y);
            return y;
        }
    }
    panels(*file_, x, [&](int64_t first, const at::Tensor &panel) {
        at::Tensor part = y.narrow(1, first, panel.size(0));
        if (bias) {
            at::addmm_out(part, bias->narrow(0, first, panel.size(0)), x, panel.t());
        } else {
            at::mm_out(part, x, panel.t());
        }
    });
    return y;
}

void Weight::back_in(const at::Tensor &y, at::Tensor &x) const {
    if (!file_) {
        at::mm_out(x, y, dense_);
        return;
    }
    if (y.size(0) == 0) return;
    if (file_->rounds_input && y.scalar_type() == at::kFloat && y.size(0) >= minimum_word_rows && x.is_contiguous() &&
        kernels().decoding.has_fast_words) {
        return multiply_words(*file_, y, x);
    }
    panels(*file_, y, [&](int64_t first, const at::Tensor &panel) {
        const at::Tensor part = y.narrow(1, first, panel.size(0));
        if (first == 0) {
            at::mm_out(x, part, panel);
        } else {
            x.addmm_(part, panel);
        }
    });
}

void Weight::row_in(int64_t row, float *out) const {
    const auto expand_row = kernels().decoding.expand_block_row;
    if (file_) {
        const auto [part, row_in_part] = file_->locate(row);
        return expand_row(part->type, part->columns, part->row(row_in_part), Element::f32, out);
    }
    TORCH_CHECK(row_kernels(dense_) && dense_.is_contiguous(), "expected Float or BFloat16 on the CPU, contiguous");
    const BlockType type = dense_.scalar_type() == at::kFloat ? BlockType::f32 : BlockType::bf16;
    const int64_t columns = dense_.size(1);
    expand_row(type, columns, static_cast<const uint8_t *>(row_of(dense_, row, columns)), Element::f32, out);
}

}  // namespace ctorch

int ctorch_file_weight_create(
    const ctorch_file_rows *parts, size_t count, bool rounds_input, void *context, void (*release)(void *),
    ctorch_file_weight **out) {
    return perform("file_weight", {}, [&] {
        auto result = std::make_shared<FileWeight>();
        result->owner = std::shared_ptr<void>(context, release);
        result->rounds_input = rounds_input;
        TORCH_CHECK(count > 0 && count <= 64, "expected 1 to 64 parts");
        result->columns = parts[0].columns;
        for (size_t i = 0; i < count; i++) {
            const ctorch_file_rows &part = parts[i];
            const BlockType type = BlockType(part.type);
            const int64_t in_block = block_columns(type);
            TORCH_CHECK(in_block > 0, "unsupported weight type ", part.type);
            TORCH_CHECK(
                part.rows > 0 && part.columns > 0 && part.columns % in_block == 0 && part.columns == parts[0].columns,
                "expected a number of columns equal to the other parts' and a multiple of ", in_block, ", found [",
                part.rows, ", ", part.columns, "]");
            const int64_t blocks = part.columns / in_block;
            TORCH_CHECK(
                blocks <= INT64_MAX / block_bytes(type) && part.rows <= INT64_MAX / (blocks * block_bytes(type)),
                "weights of [", part.rows, ", ", part.columns, "] exceed the address space");
            const int64_t row_bytes = blocks * block_bytes(type);
            TORCH_CHECK(
                part.data && part.size == size_t(part.rows * row_bytes), "expected ", part.rows, " rows of ", row_bytes,
                " bytes, found ", part.size, " bytes");
            TORCH_CHECK(
                part.head_rows >= 0 &&
                    (part.head_rows == 0 || (part.head_rows % 2 == 0 && part.rows % part.head_rows == 0)),
                "expected an even number of rows per head that divides ", part.rows, ", found ", part.head_rows);
            result->parts.push_back(
                {static_cast<const uint8_t *>(part.data), part.rows, part.columns, type, part.head_rows});
            result->rows += part.rows;
        }
        *out = new ctorch_file_weight{std::move(result)};
    });
}

void ctorch_file_weight_free(ctorch_file_weight *weight) { delete weight; }
size_t ctorch_file_weight_bytes(const ctorch_file_weight *weight) { return weight->weight->bytes(); }
bool ctorch_file_weight_is_quantized(const ctorch_file_weight *weight) { return weight->weight->is_quantized(); }
void ctorch_file_weight_shape(const ctorch_file_weight *weight, int64_t *shape) {
    shape[0] = weight->weight->rows;
    shape[1] = weight->weight->columns;
}

int ctorch_file_weight_expand(const ctorch_file_weight *handle, ctorch_tensor *out) {
    return perform("file_weight_expand", {out}, [&] {
        const FileWeight &weight = *handle->weight;
        const at::Tensor &result = unwrap(out);
        TORCH_CHECK(
            row_kernels(result) && result.dim() == 2 && result.is_contiguous() && result.size(0) == weight.rows &&
                result.size(1) == weight.columns,
            "expected out [", weight.rows, ", ", weight.columns, "], contiguous, Float or BFloat16 on the CPU");
        weight.expand(0, weight.rows, element_of(result), result.data_ptr(), weight.columns);
    });
}

int ctorch_file_weight_embedding(
    const ctorch_file_weight *handle, const ctorch_tensor *ids, ctorch_dtype dtype, ctorch_tensor **out) {
    return produce("file_weight_embedding", {ids}, out, [&] {
        const FileWeight &weight = *handle->weight;
        const at::Tensor numbers = unwrap(ids).to(at::kLong).contiguous();
        TORCH_CHECK(numbers.device().is_cpu(), "expected ids on the CPU");
        auto shape = numbers.sizes().vec();
        shape.push_back(weight.columns);
        const at::Tensor result = at::empty(shape, options(dtype, ctorch_cpu, 0));
        TORCH_CHECK(row_kernels(result), "expected Float or BFloat16");
        const int64_t *id = const_data<int64_t>(numbers);
        for (int64_t i = 0; i < numbers.numel(); i++) {
            TORCH_CHECK(id[i] >= 0 && id[i] < weight.rows, "found id ", id[i], ", expected 0 ..< ", weight.rows);
        }
        const auto expand_row = kernels().decoding.expand_block_row;
        parallel_rows(numbers.numel(), weight.columns, [&](int64_t first, int64_t count) {
            for (int64_t i = first; i < first + count; i++) {
                const auto [part, row] = weight.locate(id[i]);
                expand_row(
                    part->type, weight.columns, part->row(row), element_of(result), row_of(result, i, weight.columns));
            }
        });
        return result;
    });
}

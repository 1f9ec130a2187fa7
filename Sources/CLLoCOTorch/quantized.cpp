// Linear layers over 8-bit and 4-bit weights, and over a file's quantized blocks, for the few rows of a decode step.

#include "libtorch.h"

#include <ATen/Parallel.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "internal.h"
#include "kernels/kernels.h"
#include "kernels/parallel.h"
#include "scratch.h"
#include "weight.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

using namespace ctorch;

struct ctorch_quantized {
    /// Owns its memory, unless the weights are in a file.
    QuantizedWeights weights;
    std::shared_ptr<const FileWeight> file;

    explicit ctorch_quantized(std::shared_ptr<const FileWeight> weight)
        : weights{nullptr, weight->rows, weight->columns, 0}, file(std::move(weight)) {}

    ctorch_quantized(int64_t rows, int64_t columns, int bits) : weights{nullptr, rows, columns, bits} {
        // 2 MB pages if the weights fill at least one: fewer TLB misses.
        const size_t page = size_t(1) << 21, alignment = size_t(weights.bytes()) >= page ? page : 64;
        const size_t size = (size_t(weights.bytes()) + alignment - 1) / alignment * alignment;
        weights.data = static_cast<uint8_t *>(std::aligned_alloc(alignment, std::max(size, alignment)));
        if (!weights.data) throw std::bad_alloc();
#if defined(__linux__)
        if (alignment == page) madvise(weights.data, size, MADV_HUGEPAGE);
#endif
    }
    ctorch_quantized(const ctorch_quantized &) = delete;
    ~ctorch_quantized() { std::free(weights.data); }

    /// The number of bytes that one product reads.
    size_t bytes() const { return file ? file->bytes() : size_t(weights.bytes()); }
};

namespace {

/// Quantizes a weight; returns null with `only_lossless` if the result is lossy.
std::unique_ptr<ctorch_quantized> quantized(const at::Tensor &weight, int bits, bool only_lossless) {
    auto result = std::make_unique<ctorch_quantized>(weight.size(0), weight.size(1), bits);
    const Quantization quantization{
        result->weights, weight.const_data_ptr(), weight.scalar_type() == at::kBFloat16, only_lossless};
    switch (kernels().decoding.quantize(quantization)) {
        case QuantizationResult::done: return result;
        case QuantizationResult::lossy: return nullptr;
        case QuantizationResult::out_of_range: break;
    }
    TORCH_CHECK(false, "expected finite weights of magnitude up to 65504");
}

void check_matrix(const at::Tensor &tensor, const char *name) {
    TORCH_CHECK(tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat, name, ": expected Float on the CPU");
    TORCH_CHECK(
        tensor.dim() == 2 && (tensor.size(1) <= 1 || tensor.stride(1) == 1), name,
        ": expected two dimensions, adjacent elements in the last");
}

}  // namespace

int ctorch_quantized_create(const ctorch_tensor *weight, int bits, ctorch_quantized **out) {
    return perform("quantized_create", {weight}, [&] {
        const at::Tensor &w = unwrap(weight);
        TORCH_CHECK(bits == 0 || bits == 4 || bits == 8, "expected 8 or 4 bits, or 0 to choose, found ", bits);
        TORCH_CHECK(
            w.device().is_cpu() && (w.scalar_type() == at::kFloat || w.scalar_type() == at::kBFloat16),
            "expected Float or BFloat16 on the CPU");
        TORCH_CHECK(w.dim() == 2 && w.size(0) > 0 && w.size(1) > 0, "expected two dimensions, none of them 0");
        TORCH_CHECK(
            w.size(1) % quantized_group == 0, "expected a number of columns that is a multiple of ", quantized_group);
        const at::Tensor rows = w.contiguous();
        auto result = bits == 8 ? nullptr : quantized(rows, 4, bits == 0);
        if (!result) result = quantized(rows, 8, false);
        *out = result.release();
    });
}

int ctorch_quantized_over(const ctorch_file_weight *weight, ctorch_quantized **out) {
    return perform("quantized_over", {}, [&] {
        TORCH_CHECK(weight->weight->is_quantized(), "expected quantized weights");
        *out = new ctorch_quantized(weight->weight);
    });
}

void ctorch_quantized_free(ctorch_quantized *quantized) { delete quantized; }
int ctorch_quantized_bits(const ctorch_quantized *quantized) { return quantized->weights.bits; }
size_t ctorch_quantized_bytes(const ctorch_quantized *quantized) { return quantized->bytes(); }
void ctorch_quantized_shape(const ctorch_quantized *quantized, int64_t *shape) {
    shape[0] = quantized->weights.rows;
    shape[1] = quantized->weights.columns;
}

int ctorch_quantized_dequantize(const ctorch_quantized *quantized, ctorch_tensor *out) {
    return perform("quantized_dequantize", {out}, [&] {
        const QuantizedWeights &weights = quantized->weights;
        at::Tensor &result = unwrap(out);
        check_matrix(result, "out");
        TORCH_CHECK(
            result.size(0) == weights.rows && result.size(1) == weights.columns, "expected out [", weights.rows, ", ",
            weights.columns, "]");
        float *data = result.mutable_data_ptr<float>();
        const int64_t stride = result.stride(0);
        if (quantized->file) return quantized->file->expand(0, weights.rows, Element::f32, data, stride);
        const auto dequantize = kernels().decoding.dequantize_row;
        parallel(weights.rows, [&](int64_t row) { dequantize(weights, row, data + row * stride); });
    });
}

int ctorch_quantized_linear_in(
    const ctorch_quantized *quantized, const ctorch_tensor *x, bool accumulate, ctorch_tensor *y) {
    return perform("quantized_linear", {x, y}, [&] {
        const QuantizedWeights &weights = quantized->weights;
        const at::Tensor &input = unwrap(x);
        at::Tensor &output = unwrap(y);
        check_matrix(input, "x");
        check_matrix(output, "y");
        const int64_t count = input.size(0);
        TORCH_CHECK(count > 0 && count <= quantized_linear_rows, "expected 1 to ", quantized_linear_rows, " rows of x");
        TORCH_CHECK(
            input.size(1) == weights.columns && output.size(0) == count && output.size(1) == weights.rows, "weights [",
            weights.rows, ", ", weights.columns, "] take x [M, ", weights.columns, "] to y [M, ", weights.rows, "]");
        if (quantized->file) return quantized->file->multiply_rows(input, output, accumulate, true);
        const size_t scratch = size_t(quantized_linear_scratch(count, weights.columns));
        kernels().decoding.quantized_linear({
            .weights = weights,
            .x = const_data<float>(input),
            .y = output.mutable_data_ptr<float>(),
            .x_stride = input.stride(0),
            .y_stride = output.stride(0),
            .count = count,
            .accumulates = accumulate,
            .threads = at::get_num_threads(),
            .scratch = scratch_memory(scratch),
        });
    });
}

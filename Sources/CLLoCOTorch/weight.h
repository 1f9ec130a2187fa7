// A linear layer's frozen weight, in a tensor or in a memory-mapped file.

#pragma once

#include "libtorch.h"

#include <memory>
#include <vector>

#include "internal.h"
#include "kernels/kernels.h"

namespace ctorch {

/// A weight [rows, columns] in a file, of vertically stacked parts.
struct FileWeight {
    std::vector<BlockWeights> parts;
    int64_t rows = 0, columns = 0;
    /// Whether products may round: x to 8 bits in groups of 32, or for gradients both sides to 14 and 13 bits.
    bool rounds_input = false;
    /// Keeps the file open.
    std::shared_ptr<void> owner;

    /// Whether all parts are quantized.
    bool is_quantized() const;
    size_t bytes() const;
    /// The part that holds a row, and the row's index in it.
    std::pair<const BlockWeights *, int64_t> locate(int64_t row) const;
    /// Dequantizes rows `begin` ..< `end` to out [end - begin, columns], float or bfloat16, with row stride `stride`;
    /// on all threads.
    void expand(int64_t begin, int64_t end, Element element, void *out, int64_t stride) const;
    /// y = x · weightᵀ, or y += x · weightᵀ if `accumulates`, for a quantized weight and at most
    /// `quantized_linear_rows` rows of x, which are rounded to 8 bits if `rounds`; x and y are float, rows contiguous.
    void multiply_rows(const at::Tensor &x, const at::Tensor &y, bool accumulates, bool rounds) const;
};

/// A weight in a tensor or in a file. Copies share it.
class Weight {
public:
    Weight(const ctorch_weight &handle);

    int64_t rows() const { return file_ ? file_->rows : dense_.size(0); }
    int64_t columns() const { return file_ ? file_->columns : dense_.size(1); }
    /// The tensor; undefined for a weight in a file.
    const at::Tensor &dense() const { return dense_; }
    bool requires_grad() const { return dense_.defined() && dense_.requires_grad(); }
    /// Whether products support x's device and dtype.
    bool multiplies(const at::Tensor &x) const;

    /// x [N, in] · weightᵀ + bias: [N, out]; records no gradients for a weight in a file.
    at::Tensor linear(const at::Tensor &x, const c10::optional<at::Tensor> &bias) const;
    /// Writes y [N, out] · weight to x [N, in], contiguous.
    void back_in(const at::Tensor &y, at::Tensor &x) const;
    at::Tensor back(const at::Tensor &y) const {
        at::Tensor x = at::empty({y.size(0), columns()}, y.options());
        back_in(y, x);
        return x;
    }

    /// Writes row `row` as float.
    void row_in(int64_t row, float *out) const;

private:
    at::Tensor dense_;
    std::shared_ptr<const FileWeight> file_;
};

}  // namespace ctorch

struct ctorch_file_weight {
    std::shared_ptr<const ctorch::FileWeight> weight;
};

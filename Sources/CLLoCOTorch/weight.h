// A linear layer's frozen weight, wherever it is: in a tensor, or in a mapped file.

#pragma once

#include "libtorch.h"

#include <memory>
#include <vector>

#include "internal.h"
#include "kernels/kernels.h"

namespace ctorch {

/// Rows of weights where they lie in a file, parts below one another: [rows, columns].
struct FileWeight {
    std::vector<BlockWeights> parts;
    int64_t rows = 0, columns = 0;
    /// Whether products may round: x to 8 bits, a group of 32 at a time, or both sides to 14 and 13 bits.
    bool rounds_input = false;
    /// Keeps the file.
    std::shared_ptr<void> owner;

    /// Whether all parts are in blocks of quantized numbers.
    bool is_quantized() const;
    size_t bytes() const;
    /// The part that holds a row, and its row there.
    std::pair<const BlockWeights *, int64_t> place(int64_t row) const;
    /// Rows `begin` ..< `end` as out [end - begin, columns], float or bfloat16, every `stride` elements; on all
    /// threads.
    void expand(int64_t begin, int64_t end, Element element, void *out, int64_t stride) const;
    /// y = x · weightᵀ, added to y where `accumulates`, of blocks of quantized numbers and at most
    /// `quantized_linear_rows` rows of x, rounded to 8 bits where `rounds`; float, adjacent elements in each row.
    void multiply_rows(const at::Tensor &x, const at::Tensor &y, bool accumulates, bool rounds) const;
};

/// Either of both. Copies share what they stand for.
class Weight {
public:
    Weight(const ctorch_weight &given);

    int64_t rows() const { return file_ ? file_->rows : dense_.size(0); }
    int64_t columns() const { return file_ ? file_->columns : dense_.size(1); }
    /// The tensor; undefined for a file's.
    const at::Tensor &dense() const { return dense_; }
    bool requires_grad() const { return dense_.defined() && dense_.requires_grad(); }
    /// Whether there are products with an x: on its device, of its dtype.
    bool multiplies(const at::Tensor &x) const;

    /// x [N, in] · weightᵀ + bias: [N, out]; without gradients where the weight is a file's.
    at::Tensor linear(const at::Tensor &x, const c10::optional<at::Tensor> &bias) const;
    /// y [N, out] · weight, to x [N, in], contiguous.
    void back_in(const at::Tensor &y, at::Tensor &x) const;
    at::Tensor back(const at::Tensor &y) const {
        at::Tensor x = at::empty({y.size(0), columns()}, y.options());
        back_in(y, x);
        return x;
    }

    /// Row `row` as float.
    void row_in(int64_t row, float *out) const;

private:
    at::Tensor dense_;
    std::shared_ptr<const FileWeight> file_;
};

}  // namespace ctorch

struct ctorch_file_weight {
    std::shared_ptr<const ctorch::FileWeight> weight;
};

// Helpers that call row kernels on tensors.

#pragma once

#include "libtorch.h"

#include <algorithm>

#include "kernels/kernels.h"
#include "kernels/parallel.h"

namespace ctorch {

/// The kernels for a tensor's rows; null for a device or dtype without kernels, where libtorch is used.
inline const RowKernels *row_kernels(const at::Tensor &x) {
    if (!x.device().is_cpu()) return nullptr;
    switch (x.scalar_type()) {
        case at::kFloat: return &kernels().float32_rows;
        case at::kBFloat16: return &kernels().bfloat16_rows;
        default: return nullptr;
    }
}

/// Calls `body(first, count)` for groups of rows, on several threads if the work suffices.
/// - size: number of elements read or written per row
template <typename Body>
void parallel_rows(int64_t rows, int64_t size, const Body &body) {
    // 32,768 elements take about ten times as long as waking the other threads.
    const int64_t group = std::max<int64_t>(1, 32768 / std::max<int64_t>(1, size));
    if (rows <= group) {
        if (rows > 0) body(int64_t(0), rows);
        return;
    }
    parallel((rows + group - 1) / group, [&](int64_t task) {
        const int64_t first = task * group;
        body(first, std::min(group, rows - first));
    });
}

/// The address of a row of a contiguous tensor, viewed as rows of `size` elements.
inline void *row_of(const at::Tensor &x, int64_t row, int64_t size) {
    return static_cast<char *>(x.data_ptr()) + row * size * int64_t(x.element_size());
}

}  // namespace ctorch

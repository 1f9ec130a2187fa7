// Cross-entropy over the vocabulary, forward and backward together: the logits of all rows never exist at once.

#include "internal.h"
#include "rows.h"
#include "weight.h"

using namespace ctorch;

namespace {

/// The loss; with `gradient`, `scores` are overwritten with its gradient. `targets` [n, k], contiguous; `shares`
/// likewise, or undefined for 1.
double losses(
    const at::Tensor &scores, const at::Tensor &targets, const at::Tensor &shares, bool gradient, double scale) {
    const RowKernels &kernels = *row_kernels(scores);
    const int64_t rows = scores.size(0), size = scores.size(1), count = targets.size(1);
    std::vector<double> sums(size_t(rows), 0.0);
    const int64_t *target = targets.data_ptr<int64_t>();
    const float *share = shares.defined() ? shares.data_ptr<float>() : nullptr;
    parallel(rows, [&](int64_t row) {
        sums[size_t(row)] = kernels.cross_entropy(
            row_of(scores, row, size), size, target + row * count, share ? share + row * count : nullptr, count,
            gradient, float(scale));
    });
    double sum = 0;
    for (const double loss : sums) sum += loss;
    return sum;
}

double losses_by_libtorch(
    at::Tensor &scores, const at::Tensor &targets, const at::Tensor &shares, bool gradient, double scale) {
    const auto exact = scores.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
    const at::Tensor logarithms = at::log_softmax(scores, -1, exact);
    const at::Tensor weights =
        shares.defined() ? shares.to(logarithms.options()) : at::ones_like(targets, logarithms.options());
    const double sum = -(logarithms.gather(1, targets) * weights).sum(at::kDouble).item<double>();
    if (gradient) {
        at::Tensor result = logarithms.exp().mul_(weights.sum(1, true));
        result.scatter_add_(1, targets, weights.neg());
        scores = result.mul_(scale).to(scores.scalar_type());
    }
    return sum;
}

}  // namespace

int64_t ctorch_rows_scored_at_once(const ctorch_tensor *hidden, ctorch_weight weight) {
    constexpr int64_t minimum = 256;
    if (unwrap(hidden).device().is_cpu()) return minimum;
    // 2^27 float32 logits take 512 MB.
    const int64_t vocabulary = std::max<int64_t>(1, Weight(weight).rows());
    return std::clamp((int64_t(1) << 27) / vocabulary, minimum, int64_t(4096));
}

int ctorch_linear_cross_entropy(
    const ctorch_tensor *hidden, ctorch_weight weight, const ctorch_tensor *targets, const ctorch_tensor *shares,
    double scale, double *sum, ctorch_tensor **gradient) {
    return perform("linear_cross_entropy", {hidden, weight.dense, targets}, [&] {
        c10::NoGradGuard guard;
        const at::Tensor &states = unwrap(hidden);
        const Weight table(weight);
        at::Tensor labels = unwrap(targets), weights = shares ? unwrap(shares) : at::Tensor();
        TORCH_CHECK(
            states.dim() == 2 && states.size(1) == table.columns() && labels.dim() == (shares ? 2 : 1) &&
                labels.size(0) == states.size(0),
            "expected [N, D], [V, D] and ", shares ? "twice [N, K]" : "[N]");
        if (shares) {
            TORCH_CHECK(weights.sizes() == labels.sizes(), "expected shares of the targets' shape");
            TORCH_CHECK(labels.size(1) <= max_targets, "expected at most ", max_targets, " targets per row");
            weights = weights.to(at::kFloat).contiguous();
        } else {
            labels = labels.unsqueeze(1);
        }
        TORCH_CHECK(labels.scalar_type() == at::kLong, "expected int64 targets");
        const int64_t rows = states.size(0), chunk = ctorch_rows_scored_at_once(hidden, weight);
        if (labels.numel() > 0) {
            TORCH_CHECK(
                labels.min().item<int64_t>() >= 0 && labels.max().item<int64_t>() < table.rows(),
                "expected targets in 0 ..< ", table.rows());
        }
        labels = labels.contiguous();
        at::Tensor d_states = gradient ? at::empty_like(states, at::MemoryFormat::Contiguous) : at::Tensor();
        double total = 0;
        for (int64_t start = 0; start < rows; start += chunk) {
            const int64_t count = std::min(chunk, rows - start);
            at::Tensor scores = table.linear(states.narrow(0, start, count), {});
            const at::Tensor ids = labels.narrow(0, start, count);
            const at::Tensor parts = shares ? weights.narrow(0, start, count) : at::Tensor();
            const bool fast = row_kernels(scores) && scores.is_contiguous() && ids.device().is_cpu();
            total += fast ? losses(scores, ids, parts, gradient, scale)
                          : losses_by_libtorch(scores, ids, parts, gradient, scale);
            if (gradient) {
                at::Tensor part = d_states.narrow(0, start, count);
                table.back_in(scores, part);
            }
        }
        *sum = total;
        if (gradient) *gradient = wrap(std::move(d_states));
    });
}

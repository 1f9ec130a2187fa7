// Transformer layers that use libtorch's operations.

#include "internal.h"

using namespace ctorch;

int ctorch_tensor_matmul(const ctorch_tensor *a, const ctorch_tensor *b, ctorch_tensor **out) {
    return produce("matmul", {a, b}, out, [&] { return at::matmul(unwrap(a), unwrap(b)); });
}

int ctorch_embedding(const ctorch_tensor *weight, const ctorch_tensor *ids, ctorch_tensor **out) {
    return produce("embedding", {weight, ids}, out, [&] { return at::embedding(unwrap(weight), unwrap(ids)); });
}

int ctorch_layer_norm(
    const ctorch_tensor *x, const ctorch_tensor *weight, const ctorch_tensor *bias, double epsilon,
    ctorch_tensor **out) {
    return produce("layer_norm", {x, weight, bias}, out, [&] {
        const at::Tensor &w = unwrap(weight);
        return at::layer_norm(unwrap(x), w.sizes(), w, unwrap(bias), epsilon);
    });
}

int ctorch_softmax(const ctorch_tensor *x, int64_t dim, ctorch_tensor **out) {
    return produce("softmax", {x}, out, [&] { return at::softmax(unwrap(x), dim); });
}

int ctorch_log_softmax(const ctorch_tensor *x, int64_t dim, ctorch_tensor **out) {
    return produce("log_softmax", {x}, out, [&] { return at::log_softmax(unwrap(x), dim); });
}

int ctorch_dropout(const ctorch_tensor *x, double probability, ctorch_tensor **out) {
    return produce("dropout", {x}, out, [&] { return drop(unwrap(x), probability); });
}

int ctorch_cross_entropy(
    const ctorch_tensor *logits, const ctorch_tensor *targets, int64_t ignore_index, bool sum, ctorch_tensor **out) {
    return produce("cross_entropy", {logits, targets}, out, [&] {
        const at::Tensor &x = unwrap(logits);
        return at::cross_entropy_loss(
            x.scalar_type() == at::kDouble ? x : x.to(at::kFloat), unwrap(targets), {},
            sum ? at::Reduction::Sum : at::Reduction::Mean, ignore_index, 0.0);
    });
}

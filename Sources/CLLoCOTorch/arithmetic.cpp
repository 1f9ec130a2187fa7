// Element-wise arithmetic, reductions and in-place updates.

#include "internal.h"

using namespace ctorch;

namespace {

const char *name(ctorch_unary op) {
    static const char *const names[] = {"neg",  "abs",     "exp",  "log",  "sqrt", "rsqrt",    "sin",        "cos",
                                        "tanh", "sigmoid", "silu", "gelu", "relu", "isfinite", "logical_not"};
    return op >= 0 && size_t(op) < std::size(names) ? names[op] : "unary";
}

const char *name(ctorch_binary op) {
    static const char *const names[] = {"add", "sub", "mul", "div", "pow", "maximum",     "minimum",   "eq",
                                        "ne",  "lt",  "le",  "gt",  "ge",  "logical_and", "logical_or"};
    return op >= 0 && size_t(op) < std::size(names) ? names[op] : "binary";
}

const char *name(ctorch_reduction op) {
    static const char *const names[] = {"sum", "mean", "max", "min", "argmax"};
    return op >= 0 && size_t(op) < std::size(names) ? names[op] : "reduce";
}

at::Tensor apply(ctorch_binary op, const at::Tensor &a, const at::Tensor &b) {
    switch (op) {
        case ctorch_add: return a + b;
        case ctorch_sub: return a - b;
        case ctorch_mul: return a * b;
        case ctorch_div: return a / b;
        case ctorch_pow: return at::pow(a, b);
        case ctorch_maximum: return at::maximum(a, b);
        case ctorch_minimum: return at::minimum(a, b);
        case ctorch_eq: return at::eq(a, b);
        case ctorch_ne: return at::ne(a, b);
        case ctorch_lt: return at::lt(a, b);
        case ctorch_le: return at::le(a, b);
        case ctorch_gt: return at::gt(a, b);
        case ctorch_ge: return at::ge(a, b);
        case ctorch_logical_and: return at::logical_and(a, b);
        case ctorch_logical_or: return at::logical_or(a, b);
    }
    TORCH_CHECK(false, "unknown operation ", int(op));
}

}  // namespace

int ctorch_tensor_unary(ctorch_unary op, const ctorch_tensor *tensor, ctorch_tensor **out) {
    return produce(name(op), {tensor}, out, [&]() -> at::Tensor {
        const at::Tensor &x = unwrap(tensor);
        switch (op) {
            case ctorch_neg: return at::neg(x);
            case ctorch_abs: return at::abs(x);
            case ctorch_exp: return at::exp(x);
            case ctorch_log: return at::log(x);
            case ctorch_sqrt: return at::sqrt(x);
            case ctorch_rsqrt: return at::rsqrt(x);
            case ctorch_sin: return at::sin(x);
            case ctorch_cos: return at::cos(x);
            case ctorch_tanh: return at::tanh(x);
            case ctorch_sigmoid: return at::sigmoid(x);
            case ctorch_silu: return at::silu(x);
            case ctorch_gelu: return at::gelu(x);
            case ctorch_relu: return at::relu(x);
            case ctorch_isfinite: return at::isfinite(x);
            case ctorch_logical_not: return at::logical_not(x);
        }
        TORCH_CHECK(false, "unknown operation ", int(op));
    });
}

int ctorch_tensor_binary(ctorch_binary op, const ctorch_tensor *a, const ctorch_tensor *b, ctorch_tensor **out) {
    return produce(name(op), {a, b}, out, [&] { return apply(op, unwrap(a), unwrap(b)); });
}

int ctorch_tensor_binary_scalar(ctorch_binary op, const ctorch_tensor *a, double b, ctorch_tensor **out) {
    return produce(name(op), {a}, out, [&] {
        // A wrapped number does not promote the tensor's dtype, as in `x * 2.0`.
        at::Tensor scalar = at::scalar_tensor(b, at::TensorOptions().dtype(at::kDouble));
        if (b == double(int64_t(b)) && !unwrap(a).is_floating_point()) scalar = scalar.to(at::kLong);
        scalar.unsafeGetTensorImpl()->set_wrapped_number(true);
        return apply(op, unwrap(a), scalar);
    });
}

int ctorch_tensor_reduce(
    ctorch_reduction op, const ctorch_tensor *tensor, int64_t dim, bool keep_dim, ctorch_tensor **out) {
    return produce(name(op), {tensor}, out, [&]() -> at::Tensor {
        const at::Tensor &x = unwrap(tensor);
        switch (op) {
            case ctorch_sum: return at::sum(x, {dim}, keep_dim);
            case ctorch_mean: return at::mean(x, {dim}, keep_dim);
            case ctorch_max: return at::amax(x, {dim}, keep_dim);
            case ctorch_min: return at::amin(x, {dim}, keep_dim);
            case ctorch_argmax: return at::argmax(x, dim, keep_dim);
        }
        TORCH_CHECK(false, "unknown reduction ", int(op));
    });
}

int ctorch_tensor_reduce_all(ctorch_reduction op, const ctorch_tensor *tensor, ctorch_tensor **out) {
    return produce(name(op), {tensor}, out, [&]() -> at::Tensor {
        const at::Tensor &x = unwrap(tensor);
        switch (op) {
            case ctorch_sum: return at::sum(x);
            case ctorch_mean: return at::mean(x);
            case ctorch_max: return at::max(x);
            case ctorch_min: return at::min(x);
            case ctorch_argmax: return at::argmax(x);
        }
        TORCH_CHECK(false, "unknown reduction ", int(op));
    });
}

int ctorch_tensor_cumsum(const ctorch_tensor *tensor, int64_t dim, ctorch_tensor **out) {
    return produce("cumsum", {tensor}, out, [&] { return at::cumsum(unwrap(tensor), dim); });
}

int ctorch_tensor_topk(
    const ctorch_tensor *tensor, int64_t k, int64_t dim, ctorch_tensor **values, ctorch_tensor **indices) {
    return perform("topk", {tensor}, [&] {
        auto [top, index] = at::topk(unwrap(tensor), k, dim);
        *values = wrap(std::move(top));
        *indices = wrap(std::move(index));
    });
}

int ctorch_tensor_norm(const ctorch_tensor *tensor, ctorch_tensor **out) {
    return produce("norm", {tensor}, out, [&] {
        const at::Tensor &x = unwrap(tensor);
        return at::linalg_vector_norm(x.scalar_type() == at::kDouble ? x : x.to(at::kFloat), 2);
    });
}

int ctorch_tensor_triangle(const ctorch_tensor *tensor, int64_t diagonal, bool upper, ctorch_tensor **out) {
    return produce(upper ? "triu" : "tril", {tensor}, out, [&] {
        return upper ? at::triu(unwrap(tensor), diagonal) : at::tril(unwrap(tensor), diagonal);
    });
}

// --- In place

int ctorch_tensor_copy_in(ctorch_tensor *tensor, const ctorch_tensor *source) {
    return perform("copy_in", {tensor, source}, [&] {
        c10::NoGradGuard guard;
        unwrap(tensor).copy_(unwrap(source));
    });
}

int ctorch_tensor_add_in(ctorch_tensor *tensor, const ctorch_tensor *other, double alpha) {
    return perform("add_in", {tensor, other}, [&] {
        c10::NoGradGuard guard;
        unwrap(tensor).add_(unwrap(other), alpha);
    });
}

int ctorch_tensor_fill_in(ctorch_tensor *tensor, double value) {
    return perform("fill_in", {tensor}, [&] {
        c10::NoGradGuard guard;
        unwrap(tensor).fill_(value);
    });
}

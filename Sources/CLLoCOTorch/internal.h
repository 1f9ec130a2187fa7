// Helpers of the C functions: handles, and the conversion of exceptions to messages and statuses.

#pragma once

#include "libtorch.h"

#include <c10/core/GradMode.h>

#include <initializer_list>
#include <string>

#include "include/ctorch.h"

namespace ctorch {

/// A handle is a heap-allocated `at::Tensor`.
inline at::Tensor &unwrap(ctorch_tensor *tensor) { return *reinterpret_cast<at::Tensor *>(tensor); }
inline const at::Tensor &unwrap(const ctorch_tensor *tensor) { return *reinterpret_cast<const at::Tensor *>(tensor); }
inline ctorch_tensor *wrap(at::Tensor tensor) {
    return reinterpret_cast<ctorch_tensor *>(new at::Tensor(std::move(tensor)));
}
/// A handle without ownership, for one call.
inline const ctorch_tensor *borrow(const at::Tensor &tensor) {
    return reinterpret_cast<const ctorch_tensor *>(&tensor);
}
inline c10::optional<at::Tensor> optional(const ctorch_tensor *tensor) {
    return tensor ? c10::optional<at::Tensor>(unwrap(tensor)) : c10::nullopt;
}
inline std::vector<at::Tensor> list(const ctorch_tensor *const *tensors, size_t count) {
    std::vector<at::Tensor> result;
    result.reserve(count);
    for (size_t i = 0; i < count; i++) result.push_back(unwrap(tensors[i]));
    return result;
}

/// A tensor's elements. libtorch's own template cannot be linked if this compiler mangles names unlike the one that
/// built libtorch.
template <typename T>
const T *const_data(const at::Tensor &tensor) {
    TORCH_CHECK(tensor.scalar_type() == c10::CppTypeToScalarType<T>::value, "unexpected dtype ", tensor.scalar_type());
    return static_cast<const T *>(tensor.const_data_ptr());
}

/// Whether an operation on these tensors records gradients; undefined tensors are ignored.
inline bool records_gradients(at::TensorList tensors) {
    if (!c10::GradMode::is_enabled()) return false;
    for (const at::Tensor &tensor : tensors) {
        if (tensor.defined() && tensor.requires_grad()) return true;
    }
    return false;
}

/// Checks that a bias has one number per key and head of a piece's keys [B or 1, K, S, E].
inline void check_bias(const at::Tensor &bias, const at::Tensor &key) {
    TORCH_CHECK(
        bias.dim() == 3 && bias.scalar_type() == at::kFloat && (bias.size(0) == key.size(0) || bias.size(0) == 1) &&
            bias.size(1) == key.size(1) && bias.size(2) == key.size(2),
        "a bias of shape ", bias.sizes(), " ", bias.scalar_type(), " for keys ", key.sizes(),
        ", expected [B or 1, K, S] Float");
}

using Operands = std::initializer_list<const ctorch_tensor *>;

/// The shape and dtype of a tensor to create: named in errors if there is no operand.
struct Request {
    at::IntArrayRef shape;
    ctorch_dtype dtype;
};

/// Records "operation([2, 3] Float, [4] Long): cause" as this thread's error and returns the failure status.
int fail(const char *operation, Operands operands, const std::string &cause);
int fail(const char *operation, Request request, const std::string &cause);

/// Runs `body`, which returns nothing, and converts any exception to an error that names `operands`.
template <typename Named = Operands, typename Body>
int perform(const char *operation, Named operands, Body &&body) {
    try {
        body();
        return 0;
    } catch (const c10::Error &error) {
        return fail(operation, operands, error.what_without_backtrace());
    } catch (const std::bad_alloc &) {
        return fail(operation, operands, "out of memory");
    } catch (const std::exception &error) {
        return fail(operation, operands, error.what());
    } catch (...) {
        return fail(operation, operands, "unknown exception");
    }
}

/// Runs `body`, which returns a tensor, and writes its handle to `out`.
template <typename Named = Operands, typename Body>
int produce(const char *operation, Named operands, ctorch_tensor **out, Body &&body) {
    return perform(operation, operands, [&] { *out = wrap(body()); });
}

at::ScalarType scalar_type(ctorch_dtype dtype);
at::Device device(ctorch_device_type type, int index);

inline at::TensorOptions options(ctorch_dtype dtype, ctorch_device_type type, int index) {
    return at::TensorOptions().dtype(scalar_type(dtype)).device(device(type, index));
}

/// This thread's random generator on the CPU, initialized with the last seed set. libtorch's generator is shared by all
/// threads: one thread's random numbers after seeding would depend on the other threads.
at::Generator &generator();
/// Dropout: zeroes elements with a probability and scales the others up.
at::Tensor drop(const at::Tensor &x, double probability);

inline at::IntArrayRef dims(const int64_t *shape, size_t rank) { return at::IntArrayRef(shape, rank); }

}  // namespace ctorch

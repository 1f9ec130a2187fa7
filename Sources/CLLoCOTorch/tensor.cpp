// Tensors: lifetime, creation, copies, views, indexing.

#include <cstring>

#include "internal.h"

using namespace ctorch;

void ctorch_tensor_free(ctorch_tensor *tensor) { delete reinterpret_cast<at::Tensor *>(tensor); }

ctorch_tensor *ctorch_tensor_retained(const ctorch_tensor *tensor) { return wrap(unwrap(tensor)); }

// --- Creation and copies

int ctorch_tensor_from_bytes(
    const void *bytes, const int64_t *shape, size_t rank, ctorch_dtype dtype, ctorch_tensor **out) {
    return produce("from_bytes", Request{dims(shape, rank), dtype}, out, [&] {
        at::Tensor result = at::empty(dims(shape, rank), at::TensorOptions().dtype(scalar_type(dtype)));
        if (result.nbytes() > 0) std::memcpy(result.mutable_data_ptr(), bytes, result.nbytes());
        return result;
    });
}

int ctorch_tensor_from_shared(
    void *bytes, const int64_t *shape, size_t rank, ctorch_dtype dtype, void (*release)(void *), void *context,
    ctorch_tensor **out) {
    return produce("from_shared", Request{dims(shape, rank), dtype}, out, [&] {
        return at::from_blob(
            bytes, dims(shape, rank), [release, context](void *) { release(context); },
            at::TensorOptions().dtype(scalar_type(dtype)));
    });
}

int ctorch_tensor_copy_to(const ctorch_tensor *tensor, void *bytes, size_t byte_count) {
    return perform("copy_to", {tensor}, [&] {
        at::Tensor source = unwrap(tensor).detach().cpu().contiguous();
        TORCH_CHECK(
            source.nbytes() == byte_count, "found a destination of ", byte_count, " bytes, expected ", source.nbytes());
        if (byte_count > 0) std::memcpy(bytes, source.const_data_ptr(), byte_count);
    });
}

int ctorch_tensor_full(
    const int64_t *shape, size_t rank, double value, ctorch_dtype dtype, ctorch_device_type type, int index,
    ctorch_tensor **out) {
    return produce("full", Request{dims(shape, rank), dtype}, out, [&] {
        return at::full(dims(shape, rank), value, options(dtype, type, index));
    });
}

int ctorch_tensor_empty(
    const int64_t *shape, size_t rank, ctorch_dtype dtype, ctorch_device_type type, int index, ctorch_tensor **out) {
    return produce("empty", Request{dims(shape, rank), dtype}, out, [&] {
        return at::empty(dims(shape, rank), options(dtype, type, index));
    });
}

int ctorch_tensor_arange(
    double start, double end, double step, ctorch_dtype dtype, ctorch_device_type type, int index,
    ctorch_tensor **out) {
    return produce("arange", {}, out, [&] { return at::arange(start, end, step, options(dtype, type, index)); });
}

/// The random generator for a device; none for libtorch's default generator.
static c10::optional<at::Generator> generator_of(ctorch_device_type type) {
    if (type == ctorch_cpu) return generator();
    return c10::nullopt;
}

int ctorch_tensor_randn(
    const int64_t *shape, size_t rank, ctorch_dtype dtype, ctorch_device_type type, int index, ctorch_tensor **out) {
    return produce("randn", Request{dims(shape, rank), dtype}, out, [&] {
        return at::randn(dims(shape, rank), generator_of(type), options(dtype, type, index));
    });
}

int ctorch_tensor_rand(
    const int64_t *shape, size_t rank, ctorch_dtype dtype, ctorch_device_type type, int index, ctorch_tensor **out) {
    return produce("rand", Request{dims(shape, rank), dtype}, out, [&] {
        return at::rand(dims(shape, rank), generator_of(type), options(dtype, type, index));
    });
}

int ctorch_tensor_to(
    const ctorch_tensor *tensor, ctorch_dtype dtype, ctorch_device_type type, int index, ctorch_tensor **out) {
    return produce("to", {tensor}, out, [&] { return unwrap(tensor).to(options(dtype, type, index)); });
}

// --- Properties

int64_t ctorch_tensor_rank(const ctorch_tensor *tensor) { return unwrap(tensor).dim(); }

void ctorch_tensor_shape(const ctorch_tensor *tensor, int64_t *shape) {
    const auto sizes = unwrap(tensor).sizes();
    std::copy(sizes.begin(), sizes.end(), shape);
}

int ctorch_tensor_dtype(const ctorch_tensor *tensor) {
    switch (unwrap(tensor).scalar_type()) {
        case at::kFloat: return ctorch_float32;
        case at::kHalf: return ctorch_float16;
        case at::kBFloat16: return ctorch_bfloat16;
        case at::kDouble: return ctorch_float64;
        case at::kLong: return ctorch_int64;
        case at::kInt: return ctorch_int32;
        case at::kShort: return ctorch_int16;
        case at::kChar: return ctorch_int8;
        case at::kByte: return ctorch_uint8;
        case at::kBool: return ctorch_bool;
        default: return -1;
    }
}

ctorch_device_type ctorch_tensor_device(const ctorch_tensor *tensor, int *index) {
    const at::Device device = unwrap(tensor).device();
    *index = device.has_index() ? device.index() : 0;
    return device.is_cuda() ? ctorch_cuda : device.is_mps() ? ctorch_mps : ctorch_cpu;
}

bool ctorch_tensor_is_contiguous(const ctorch_tensor *tensor) { return unwrap(tensor).is_contiguous(); }

void *ctorch_tensor_data(const ctorch_tensor *tensor) {
    const at::Tensor &value = unwrap(tensor);
    return value.is_cpu() && value.is_contiguous() ? value.data_ptr() : nullptr;
}

int ctorch_tensor_item(const ctorch_tensor *tensor, double *out) {
    return perform("item", {tensor}, [&] { *out = unwrap(tensor).item().toDouble(); });
}

// --- Views and indexing

int ctorch_tensor_reshape(const ctorch_tensor *tensor, const int64_t *shape, size_t rank, ctorch_tensor **out) {
    return produce("reshape", {tensor}, out, [&] { return unwrap(tensor).reshape(dims(shape, rank)); });
}

int ctorch_tensor_permute(const ctorch_tensor *tensor, const int64_t *order, size_t rank, ctorch_tensor **out) {
    return produce("permute", {tensor}, out, [&] { return unwrap(tensor).permute(dims(order, rank)); });
}

int ctorch_tensor_transpose(const ctorch_tensor *tensor, int64_t a, int64_t b, ctorch_tensor **out) {
    return produce("transpose", {tensor}, out, [&] { return unwrap(tensor).transpose(a, b); });
}

int ctorch_tensor_expand(const ctorch_tensor *tensor, const int64_t *shape, size_t rank, ctorch_tensor **out) {
    return produce("expand", {tensor}, out, [&] { return unwrap(tensor).expand(dims(shape, rank)); });
}

int ctorch_tensor_unsqueeze(const ctorch_tensor *tensor, int64_t dim, ctorch_tensor **out) {
    return produce("unsqueeze", {tensor}, out, [&] { return unwrap(tensor).unsqueeze(dim); });
}

int ctorch_tensor_squeeze(const ctorch_tensor *tensor, int64_t dim, ctorch_tensor **out) {
    return produce("squeeze", {tensor}, out, [&] { return unwrap(tensor).squeeze(dim); });
}

int ctorch_tensor_narrow(const ctorch_tensor *tensor, int64_t dim, int64_t start, int64_t length, ctorch_tensor **out) {
    return produce("narrow", {tensor}, out, [&] { return unwrap(tensor).narrow(dim, start, length); });
}

int ctorch_tensor_select(const ctorch_tensor *tensor, int64_t dim, int64_t index, ctorch_tensor **out) {
    return produce("select", {tensor}, out, [&] { return unwrap(tensor).select(dim, index); });
}

int ctorch_tensor_index_select(
    const ctorch_tensor *tensor, int64_t dim, const ctorch_tensor *indices, ctorch_tensor **out) {
    return produce("index_select", {tensor, indices}, out, [&] {
        return unwrap(tensor).index_select(dim, unwrap(indices));
    });
}

int ctorch_tensor_gather(const ctorch_tensor *tensor, int64_t dim, const ctorch_tensor *indices, ctorch_tensor **out) {
    return produce("gather", {tensor, indices}, out, [&] { return unwrap(tensor).gather(dim, unwrap(indices)); });
}

int ctorch_tensor_masked_fill(
    const ctorch_tensor *tensor, const ctorch_tensor *mask, double value, ctorch_tensor **out) {
    return produce("masked_fill", {tensor, mask}, out, [&] { return unwrap(tensor).masked_fill(unwrap(mask), value); });
}

int ctorch_tensor_where(
    const ctorch_tensor *condition, const ctorch_tensor *a, const ctorch_tensor *b, ctorch_tensor **out) {
    return produce("where", {condition, a, b}, out, [&] { return at::where(unwrap(condition), unwrap(a), unwrap(b)); });
}

namespace {
/// An operand of a list operation for its error, which names the first two.
const ctorch_tensor *tensor_of(const ctorch_tensor *const *tensors, size_t count, size_t index) {
    return index < count ? tensors[index] : nullptr;
}
}  // namespace

int ctorch_tensor_cat(const ctorch_tensor *const *tensors, size_t count, int64_t dim, ctorch_tensor **out) {
    return produce("cat", {tensor_of(tensors, count, 0), tensor_of(tensors, count, 1)}, out, [&] {
        return at::cat(list(tensors, count), dim);
    });
}

int ctorch_tensor_stack(const ctorch_tensor *const *tensors, size_t count, int64_t dim, ctorch_tensor **out) {
    return produce("stack", {tensor_of(tensors, count, 0), tensor_of(tensors, count, 1)}, out, [&] {
        return at::stack(list(tensors, count), dim);
    });
}

int ctorch_tensor_contiguous(const ctorch_tensor *tensor, ctorch_tensor **out) {
    return produce("contiguous", {tensor}, out, [&] { return unwrap(tensor).contiguous(); });
}

int ctorch_tensor_clone(const ctorch_tensor *tensor, ctorch_tensor **out) {
    return produce("clone", {tensor}, out, [&] { return unwrap(tensor).clone(at::MemoryFormat::Contiguous); });
}

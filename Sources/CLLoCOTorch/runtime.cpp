// Errors, threads, seeds, devices and the processor's features.

#include "libtorch.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <dlfcn.h>
#include <torch/headeronly/version.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>

#include "internal.h"
#include "kernels/kernels.h"

namespace ctorch {

namespace {
thread_local std::string last_error;

std::string describe(at::IntArrayRef shape, at::ScalarType dtype) {
    std::string text = "[";
    for (size_t i = 0; i < shape.size(); i++) {
        if (i > 0) text += ", ";
        text += std::to_string(shape[i]);
    }
    return text + "] " + c10::toString(dtype);
}

std::string describe(const at::Tensor &tensor) {
    return tensor.defined() ? describe(tensor.sizes(), tensor.scalar_type()) : "undefined";
}

int record(const char *operation, const std::string &operands, std::string cause) {
    // Only a location in libtorch's source precedes this name.
    const size_t allocator = cause.find("DefaultCPUAllocator: ");
    if (allocator != std::string::npos) cause = cause.substr(allocator + std::strlen("DefaultCPUAllocator: "));
    // One line: libtorch appends hints and a backtrace on further lines.
    last_error = std::string(operation) + "(" + operands + "): " + cause.substr(0, cause.find('\n'));
    return 1;
}
}  // namespace

int fail(const char *operation, Operands operands, const std::string &cause) {
    std::string text;
    for (const ctorch_tensor *operand : operands) {
        if (!operand) continue;
        if (!text.empty()) text += ", ";
        text += describe(unwrap(operand));
    }
    return record(operation, text, cause);
}

int fail(const char *operation, Request request, const std::string &cause) {
    return record(operation, describe(request.shape, scalar_type(request.dtype)), cause);
}

at::ScalarType scalar_type(ctorch_dtype dtype) {
    switch (dtype) {
        case ctorch_float32: return at::kFloat;
        case ctorch_float16: return at::kHalf;
        case ctorch_bfloat16: return at::kBFloat16;
        case ctorch_float64: return at::kDouble;
        case ctorch_int64: return at::kLong;
        case ctorch_int32: return at::kInt;
        case ctorch_int16: return at::kShort;
        case ctorch_int8: return at::kChar;
        case ctorch_uint8: return at::kByte;
        case ctorch_bool: return at::kBool;
    }
    TORCH_CHECK(false, "unknown dtype ", int(dtype));
}

at::Device device(ctorch_device_type type, int index) {
    TORCH_CHECK(ctorch_device_available(type), "device not available: this libtorch finds none on this machine");
    switch (type) {
        case ctorch_cpu: return at::Device(at::kCPU);
        case ctorch_cuda: return at::Device(at::kCUDA, index);
        case ctorch_mps: return at::Device(at::kMPS, index);
    }
    TORCH_CHECK(false, "unknown device type ", int(type));
}

namespace {
std::atomic<bool> cuda_is_loaded = false;

/// Loads libtorch's CUDA backend, if this libtorch has one; the backend registers itself. A program linked to it would
/// not start on machines without CUDA. If libtorch is asked about CUDA before the backend is loaded, it reports no CUDA
/// from then on.
void load_cuda() {
    static void *const library = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
    if (library) cuda_is_loaded = true;
}
}  // namespace

}  // namespace ctorch

using namespace ctorch;

const char *ctorch_error(void) { return last_error.c_str(); }

const char *ctorch_version(void) { return TORCH_VERSION; }

const char *ctorch_loaded_version(void) {
    // Only the list of build settings has the version of the library rather than of a header.
    static const std::string version = [] {
        try {
            load_cuda();  // the settings include CUDA's
            const std::string settings = at::show_config(), key = "TORCH_VERSION=";
            const size_t found = settings.find(key);
            if (found == std::string::npos) return std::string();
            const size_t start = found + key.size();
            return settings.substr(start, settings.find_first_of(", \n", start) - start);
        } catch (...) {
            return std::string();
        }
    }();
    return version.c_str();
}

ctorch_cpu_features ctorch_cpu_get_features(void) {
    ctorch_cpu_features features = {};
#if defined(__x86_64__)
    __builtin_cpu_init();
    features.avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    features.avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    features.avx512_bf16 = __builtin_cpu_supports("avx512bf16");
    features.avx512_vnni = __builtin_cpu_supports("avx512vnni");
    features.amx_bf16 = __builtin_cpu_supports("amx-bf16");
#elif defined(__aarch64__) && defined(__APPLE__)
    features.arm_bf16 = true;  // every M-series processor from M2 on; M1 emulates it
#elif defined(__ARM_FEATURE_BF16)
    features.arm_bf16 = true;
#endif
    return features;
}

const char *ctorch_kernels_name(void) { return kernels().name; }

const char *ctorch_kernels_available(size_t index) {
    const KernelList &list = available_kernels();
    return index < list.count ? list.tables[index]->name : nullptr;
}

int ctorch_kernels_choose(const char *name) {
    return perform("kernels_choose", {}, [&] {
        TORCH_CHECK(choose_kernels(name), "this processor does not support kernels named '", name, "'");
    });
}

int ctorch_count_storages(void (*body)(void *), void *context, int64_t *count) {
    struct Counter final : c10::MemoryReportingInfoBase {
        std::atomic<int64_t> allocations{0};
        void reportMemoryUsage(void *, int64_t size, size_t, size_t, c10::Device) override {
            if (size > 0) allocations++;
        }
        bool memoryProfilingEnabled() const override { return true; }
    };
    return perform("count_storages", {}, [&] {
        const auto counter = std::make_shared<Counter>();
        const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, counter);
        body(context);
        *count = counter->allocations;
    });
}

int ctorch_threads(void) { return at::get_num_threads(); }

int ctorch_set_threads(int count) {
    return perform("set_threads", {}, [&] {
        TORCH_CHECK(count >= 1 && count <= 4096, "expected 1 to 4096 threads, found ", count);
        at::set_num_threads(count);
    });
}

at::Generator &ctorch::generator() {
    static thread_local at::Generator generator =
        at::detail::createCPUGenerator(at::detail::getDefaultCPUGenerator().current_seed());
    return generator;
}

at::Tensor ctorch::drop(const at::Tensor &x, double probability) {
    if (!x.device().is_cpu() || probability >= 1) return at::dropout(x, probability, true);
    return x * at::empty_like(x).bernoulli_(1 - probability, generator()).div_(1 - probability);
}

int ctorch_seed(uint64_t seed) {
    return perform("seed", {}, [&] {
        generator().set_current_seed(seed);
#if defined(__linux__)
        // `manual_seed` asks libtorch about CUDA, which must not happen before `load_cuda`.
        if (!cuda_is_loaded) {
            at::Generator generator = at::detail::getDefaultCPUGenerator();
            const std::lock_guard<std::mutex> lock(generator.mutex());
            generator.set_current_seed(seed);
            return;
        }
#endif
        at::manual_seed(seed);
    });
}

bool ctorch_device_available(ctorch_device_type type) {
    try {
        switch (type) {
            case ctorch_cpu: return true;
            case ctorch_cuda: load_cuda(); return at::hasCUDA() && at::getNumGPUs() > 0;
            case ctorch_mps: return at::hasMPS();
        }
    } catch (...) {
    }
    return false;
}

bool ctorch_set_grad_enabled(bool enabled) {
    bool before = c10::GradMode::is_enabled();
    c10::GradMode::set_enabled(enabled);
    return before;
}

bool ctorch_grad_enabled(void) { return c10::GradMode::is_enabled(); }

int ctorch_device_synchronize(ctorch_device_type type, int index) {
    return perform("synchronize", {}, [&] {
        if (type == ctorch_cpu) return;
        // A copy to the host waits for all work queued before it on the device's current stream.
        at::zeros({1}, at::TensorOptions().device(device(type, index))).cpu();
    });
}

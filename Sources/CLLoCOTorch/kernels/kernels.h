// The kernels worth writing, one table of them for each instruction set.
//
// A kernel is written once, in vector types that the compiler lowers to what an instruction set has; each file of sets/
// includes them all for one set, and the processor at hand decides which table is used. libtorch's own operations are
// the fallback (other devices, other dtypes) and, in the tests, the reference.

#pragma once

#include <cstddef>
#include <cstdint>

#include "decoding.h"
#include "row_kernels.h"

namespace ctorch {

struct AttentionArguments;
struct AttentionGradients;

struct Kernels {
    /// "avx512bf16", "avx512", "avx2", "neon", "plain" or "emulated"
    const char *name;

    void (*attention_forward)(const AttentionArguments &);
    void (*attention_backward)(const AttentionArguments &, const AttentionGradients &);

    DecodingKernels decoding;
    RowKernels float32_rows, bfloat16_rows;
};

/// The tables that this processor can run, best first; the last only emulates another and is for tests.
struct KernelList {
    const Kernels *tables[6];
    size_t count;
};
const KernelList &available_kernels();

/// The table that this thread uses: the best one, unless a test has chosen another.
const Kernels &kernels();
/// Chooses this thread's table by its name; false where this processor has none of that name.
bool choose_kernels(const char *name);

extern const Kernels *const avx512bf16_kernels;
extern const Kernels *const avx512_kernels;
extern const Kernels *const avx2_kernels;
extern const Kernels *const neon_kernels;
extern const Kernels *const plain_kernels;
extern const Kernels *const emulated_kernels;

}  // namespace ctorch

// The hand-written kernels, with one table of them per instruction set.
//
// A kernel is written once, in vector types that the compiler lowers to an instruction set. Each file of sets/ compiles
// all kernels for one set; the processor determines the table at run time. libtorch's operations are the fallback
// (other devices, other dtypes) and, in the tests, the reference.

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

/// The tables that this processor supports, best first; the last one only emulates another, for tests.
struct KernelList {
    const Kernels *tables[6];
    size_t count;
};
const KernelList &available_kernels();

/// This thread's table: the best one, unless a test has chosen another.
const Kernels &kernels();
/// Chooses this thread's table by name; returns false if this processor supports none of that name.
bool choose_kernels(const char *name);

extern const Kernels *const avx512bf16_kernels;
extern const Kernels *const avx512_kernels;
extern const Kernels *const avx2_kernels;
extern const Kernels *const neon_kernels;
extern const Kernels *const plain_kernels;
extern const Kernels *const emulated_kernels;

}  // namespace ctorch

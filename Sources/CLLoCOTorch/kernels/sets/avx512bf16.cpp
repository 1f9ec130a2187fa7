// AVX-512 with bfloat16 and VNNI: AMD from Zen 4 on, Intel's Cooper Lake and from Sapphire Rapids on.

#include "../kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "includes.h"

#define KERNELS avx512bf16
#define KERNELS_NAME "avx512bf16"
#define KERNELS_ROWS 8
#define KERNELS_COLUMNS 2
#define KERNELS_BF16 1
#define KERNELS_VNNI 1
#define KERNELS_X86 512
#define KERNELS_NEON 0
#pragma clang attribute push(                                                                                   \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512bf16,avx2,fma,f16c,bmi,bmi2"))), \
    apply_to = function)
#include "all.h"
#pragma clang attribute pop

const ctorch::Kernels *const ctorch::avx512bf16_kernels = &KERNELS::table;
#else
const ctorch::Kernels *const ctorch::avx512bf16_kernels = nullptr;
#endif

// AVX-512 with VNNI: Intel from Cascade Lake and Ice Lake on.

#include "../kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "includes.h"

#define KERNELS avx512
#define KERNELS_NAME "avx512"
#define KERNELS_ROWS 8
#define KERNELS_COLUMNS 2
#define KERNELS_BF16 0
#define KERNELS_VNNI 1
#define KERNELS_X86 512
#define KERNELS_NEON 0
#pragma clang attribute push(                                                                        \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c,bmi,bmi2"))), \
    apply_to = function)
#include "all.h"
#pragma clang attribute pop

const ctorch::Kernels *const ctorch::avx512_kernels = &KERNELS::table;
#else
const ctorch::Kernels *const ctorch::avx512_kernels = nullptr;
#endif

// AVX2 with FMA and F16C: x86-64 processors from 2013 on.

#include "../kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "includes.h"

#define KERNELS avx2
#define KERNELS_NAME "avx2"
#define KERNELS_ROWS 6
#define KERNELS_COLUMNS 1
#define KERNELS_BF16 0
#define KERNELS_VNNI 0
#define KERNELS_X86 256
#define KERNELS_NEON 0
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi,bmi2"))), apply_to = function)
#include "all.h"
#pragma clang attribute pop

const ctorch::Kernels *const ctorch::avx2_kernels = &KERNELS::table;
#else
const ctorch::Kernels *const ctorch::avx2_kernels = nullptr;
#endif

// NEON: every 64-bit ARM processor.

#include "../kernels.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#include "includes.h"

#define KERNELS neon
#define KERNELS_NAME "neon"
#define KERNELS_ROWS 6
#define KERNELS_COLUMNS 1
#define KERNELS_BF16 0
#define KERNELS_VNNI 0
#define KERNELS_X86 0
#define KERNELS_NEON 1
#include "all.h"

const ctorch::Kernels *const ctorch::neon_kernels = &KERNELS::table;
#else
const ctorch::Kernels *const ctorch::neon_kernels = nullptr;
#endif

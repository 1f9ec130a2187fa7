// The layouts and tiles of AVX-512 with bfloat16, with emulated instructions. Only tests choose this set: it tests on
// all processors the code that only newer ones run.

#include "../kernels.h"
#include "includes.h"

#define KERNELS emulated
#define KERNELS_NAME "emulated"
#define KERNELS_ROWS 8
#define KERNELS_COLUMNS 2
#define KERNELS_BF16 1
#define KERNELS_VNNI 1
#define KERNELS_X86 0
#define KERNELS_NEON 0
#define KERNELS_EMULATED 1
#include "all.h"

const ctorch::Kernels *const ctorch::emulated_kernels = &KERNELS::table;

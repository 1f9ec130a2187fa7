// The baseline of the architecture, which every processor supports.

#include "../kernels.h"
#include "includes.h"

#define KERNELS plain
#define KERNELS_NAME "plain"
#define KERNELS_ROWS 2
#define KERNELS_COLUMNS 1
#define KERNELS_BF16 0
#define KERNELS_VNNI 0
#define KERNELS_X86 0
#define KERNELS_NEON 0
#include "all.h"

const ctorch::Kernels *const ctorch::plain_kernels = &KERNELS::table;

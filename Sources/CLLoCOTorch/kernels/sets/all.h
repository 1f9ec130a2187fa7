// All kernels, for the instruction set that the including file defines:
//
// KERNELS, KERNELS_NAME             the set's namespace and name
// KERNELS_ROWS, KERNELS_COLUMNS     a matrix product's tile: rows, and columns in sixteens, that fill the registers
// KERNELS_BF16                      whether the set multiplies pairs of bfloat16
// KERNELS_VNNI                      whether the set multiplies bytes four at a time
// KERNELS_EMULATED                  whether both are computed without the instructions
// KERNELS_X86                       the register width of the x86-64 intrinsics in bits (256: AVX2 and F16C), or 0
// KERNELS_NEON                      whether NEON's intrinsics exist
//
// Each set has a separate namespace: the linker would merge functions of one name that are compiled for two sets.

// The order matters: each header uses those before it.
#include "../vector.h"

#include "../half.h"

#include "../attention.h"

#include "../rows.h"

#include "../cross_entropy.h"

#include "../lora.h"

#include "../quantized.h"

#include "../blocks.h"

#include "../block_product.h"

#include "../word_product.h"

#include "../decode.h"

namespace KERNELS {

template <typename T>
constexpr ctorch::RowKernels row_kernels = {
    .rms_norm = rms_norm<T>,
    .rms_norm_backward = rms_norm_backward<T>,
    .rotate = rotate<T>,
    .gated = gated<T>,
    .gated_backward = gated_backward<T>,
    .cross_entropy = cross_entropy<T>,
    .lora_down = lora_down<T>,
    .lora_up = lora_up<T>,
    .lora_outer = lora_outer<T>,
};

static const ctorch::Kernels table = {
    .name = KERNELS_NAME,
    .attention_forward = attention_forward,
    .attention_backward = attention_backward,
    .decoding = decoding_table,
    .float32_rows = row_kernels<float>,
    .bfloat16_rows = row_kernels<bf16>,
};

}  // namespace KERNELS

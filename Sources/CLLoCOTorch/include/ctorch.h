// lloco's C interface to libtorch: the only header through which Swift uses libtorch.
//
// Conventions
// - A tensor is an opaque handle that the caller owns and frees with `ctorch_tensor_free`. Any thread may use a handle;
//   two threads must not write one tensor's contents at once.
// - Every function that can fail returns a status: 0 for success, 1 for failure. After a failure `ctorch_error`
//   returns, on the same thread, one line that names the operation and its operands' shapes and dtypes. No C++
//   exception crosses this header, and output parameters are written only if the status is 0.
// - Dimensions and indices are int64_t. Where libtorch allows it, negative ones count from the end.
// - A parameter documented "or NULL" is optional.

#ifndef CTORCH_H
#define CTORCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ctorch_tensor ctorch_tensor;

typedef enum ctorch_dtype {
    ctorch_float32 = 0,
    ctorch_float16 = 1,
    ctorch_bfloat16 = 2,
    ctorch_float64 = 3,
    ctorch_int64 = 4,
    ctorch_int32 = 5,
    ctorch_int16 = 6,
    ctorch_int8 = 7,
    ctorch_uint8 = 8,
    ctorch_bool = 9,
} ctorch_dtype;

typedef enum ctorch_device_type { ctorch_cpu = 0, ctorch_cuda = 1, ctorch_mps = 2 } ctorch_device_type;

/// The instruction sets that the processor supports; they select the kernels.
typedef struct ctorch_cpu_features {
    bool avx2, avx512, avx512_bf16, avx512_vnni, amx_bf16, arm_bf16;
} ctorch_cpu_features;

// --- The library and its process-wide state -------------------------------------------------------------------------

/// The last failure on this thread; valid until the next failure on it.
const char *ctorch_error(void);
/// The version of the libtorch headers at build time, such as "2.13.0".
const char *ctorch_version(void);
/// The version that the loaded libtorch reports; empty if it reports none.
const char *ctorch_loaded_version(void);
ctorch_cpu_features ctorch_cpu_get_features(void);
/// The instruction set whose kernels this thread uses: "avx512bf16", "avx512", "avx2", "neon" or "plain"; for tests
/// also "emulated".
const char *ctorch_kernels_name(void);
/// The name of the `index`th set that this processor supports, best first, the emulated one last; NULL past the end.
const char *ctorch_kernels_available(size_t index);
/// Uses another set's kernels on this thread, for tests; fails if this processor does not support the set.
int ctorch_kernels_choose(const char *name);
/// Runs `body` and counts the CPU storages that libtorch allocates meanwhile for this thread, for tests.
int ctorch_count_storages(void (*body)(void *), void *context, int64_t *count);
int ctorch_threads(void);
int ctorch_set_threads(int count);
int ctorch_seed(uint64_t seed);
bool ctorch_device_available(ctorch_device_type device);
/// Sets whether operations on this thread record gradients; returns the previous setting.
bool ctorch_set_grad_enabled(bool enabled);
bool ctorch_grad_enabled(void);
/// Waits until the device has finished all queued work.
int ctorch_device_synchronize(ctorch_device_type device, int index);

// --- Tensors: lifetime, creation, copies -----------------------------------------------------------------------------

void ctorch_tensor_free(ctorch_tensor *tensor);
/// Another handle to the same tensor.
ctorch_tensor *ctorch_tensor_retained(const ctorch_tensor *tensor);

/// Copies `shape` product elements from `bytes` into a new CPU tensor.
int ctorch_tensor_from_bytes(
    const void *bytes, const int64_t *shape, size_t rank, ctorch_dtype dtype, ctorch_tensor **out);
/// A CPU tensor over memory of the caller: `release(context)` is called once, when the storage is freed.
int ctorch_tensor_from_shared(
    void *bytes, const int64_t *shape, size_t rank, ctorch_dtype dtype, void (*release)(void *), void *context,
    ctorch_tensor **out);
/// Copies all elements, row-major, to `bytes`; `byte_count` must be exactly their size.
int ctorch_tensor_copy_to(const ctorch_tensor *tensor, void *bytes, size_t byte_count);
int ctorch_tensor_full(
    const int64_t *shape, size_t rank, double value, ctorch_dtype dtype, ctorch_device_type device, int index,
    ctorch_tensor **out);
int ctorch_tensor_empty(
    const int64_t *shape, size_t rank, ctorch_dtype dtype, ctorch_device_type device, int index, ctorch_tensor **out);
int ctorch_tensor_arange(
    double start, double end, double step, ctorch_dtype dtype, ctorch_device_type device, int index,
    ctorch_tensor **out);
/// Standard normal values; on the CPU from this thread's generator (`ctorch_seed`).
int ctorch_tensor_randn(
    const int64_t *shape, size_t rank, ctorch_dtype dtype, ctorch_device_type device, int index, ctorch_tensor **out);
/// Uniform values in [0, 1).
int ctorch_tensor_rand(
    const int64_t *shape, size_t rank, ctorch_dtype dtype, ctorch_device_type device, int index, ctorch_tensor **out);
int ctorch_tensor_to(
    const ctorch_tensor *tensor, ctorch_dtype dtype, ctorch_device_type device, int index, ctorch_tensor **out);

// --- Tensors: properties --------------------------------------------------------------------------------------------

int64_t ctorch_tensor_rank(const ctorch_tensor *tensor);
/// Writes `rank` dimensions.
void ctorch_tensor_shape(const ctorch_tensor *tensor, int64_t *shape);
/// The dtype, or -1 if this header does not name it.
int ctorch_tensor_dtype(const ctorch_tensor *tensor);
ctorch_device_type ctorch_tensor_device(const ctorch_tensor *tensor, int *index);
bool ctorch_tensor_is_contiguous(const ctorch_tensor *tensor);
/// The address of the first element of a contiguous CPU tensor; NULL for any other.
void *ctorch_tensor_data(const ctorch_tensor *tensor);
/// The only element of a one-element tensor.
int ctorch_tensor_item(const ctorch_tensor *tensor, double *out);

// --- Views and indexing ---------------------------------------------------------------------------------------------

int ctorch_tensor_reshape(const ctorch_tensor *tensor, const int64_t *shape, size_t rank, ctorch_tensor **out);
int ctorch_tensor_permute(const ctorch_tensor *tensor, const int64_t *dims, size_t rank, ctorch_tensor **out);
int ctorch_tensor_transpose(const ctorch_tensor *tensor, int64_t a, int64_t b, ctorch_tensor **out);
int ctorch_tensor_expand(const ctorch_tensor *tensor, const int64_t *shape, size_t rank, ctorch_tensor **out);
int ctorch_tensor_unsqueeze(const ctorch_tensor *tensor, int64_t dim, ctorch_tensor **out);
int ctorch_tensor_squeeze(const ctorch_tensor *tensor, int64_t dim, ctorch_tensor **out);
int ctorch_tensor_narrow(const ctorch_tensor *tensor, int64_t dim, int64_t start, int64_t length, ctorch_tensor **out);
int ctorch_tensor_select(const ctorch_tensor *tensor, int64_t dim, int64_t index, ctorch_tensor **out);
int ctorch_tensor_index_select(
    const ctorch_tensor *tensor, int64_t dim, const ctorch_tensor *indices, ctorch_tensor **out);
int ctorch_tensor_gather(const ctorch_tensor *tensor, int64_t dim, const ctorch_tensor *indices, ctorch_tensor **out);
int ctorch_tensor_masked_fill(
    const ctorch_tensor *tensor, const ctorch_tensor *mask, double value, ctorch_tensor **out);
int ctorch_tensor_where(
    const ctorch_tensor *condition, const ctorch_tensor *a, const ctorch_tensor *b, ctorch_tensor **out);
int ctorch_tensor_cat(const ctorch_tensor *const *tensors, size_t count, int64_t dim, ctorch_tensor **out);
int ctorch_tensor_stack(const ctorch_tensor *const *tensors, size_t count, int64_t dim, ctorch_tensor **out);
int ctorch_tensor_contiguous(const ctorch_tensor *tensor, ctorch_tensor **out);
int ctorch_tensor_clone(const ctorch_tensor *tensor, ctorch_tensor **out);

// --- Arithmetic -----------------------------------------------------------------------------------------------------

typedef enum ctorch_unary {
    ctorch_neg,
    ctorch_abs,
    ctorch_exp,
    ctorch_log,
    ctorch_sqrt,
    ctorch_rsqrt,
    ctorch_sin,
    ctorch_cos,
    ctorch_tanh,
    ctorch_sigmoid,
    ctorch_silu,
    ctorch_gelu,
    ctorch_relu,
    ctorch_isfinite,
    ctorch_logical_not,
} ctorch_unary;

typedef enum ctorch_binary {
    ctorch_add,
    ctorch_sub,
    ctorch_mul,
    ctorch_div,
    ctorch_pow,
    ctorch_maximum,
    ctorch_minimum,
    ctorch_eq,
    ctorch_ne,
    ctorch_lt,
    ctorch_le,
    ctorch_gt,
    ctorch_ge,
    ctorch_logical_and,
    ctorch_logical_or,
} ctorch_binary;

typedef enum ctorch_reduction { ctorch_sum, ctorch_mean, ctorch_max, ctorch_min, ctorch_argmax } ctorch_reduction;

int ctorch_tensor_unary(ctorch_unary op, const ctorch_tensor *tensor, ctorch_tensor **out);
int ctorch_tensor_binary(ctorch_binary op, const ctorch_tensor *a, const ctorch_tensor *b, ctorch_tensor **out);
int ctorch_tensor_binary_scalar(ctorch_binary op, const ctorch_tensor *a, double b, ctorch_tensor **out);
/// Reduces one dimension.
int ctorch_tensor_reduce(
    ctorch_reduction op, const ctorch_tensor *tensor, int64_t dim, bool keep_dim, ctorch_tensor **out);
/// Reduces all dimensions to a scalar tensor.
int ctorch_tensor_reduce_all(ctorch_reduction op, const ctorch_tensor *tensor, ctorch_tensor **out);
int ctorch_tensor_cumsum(const ctorch_tensor *tensor, int64_t dim, ctorch_tensor **out);
/// The `k` largest along `dim`, largest first.
int ctorch_tensor_topk(
    const ctorch_tensor *tensor, int64_t k, int64_t dim, ctorch_tensor **values, ctorch_tensor **indices);
/// The Euclidean norm over all elements, accumulated in float32 or better.
int ctorch_tensor_norm(const ctorch_tensor *tensor, ctorch_tensor **out);
/// Keeps the elements on and above (`upper`) or on and below the given diagonal.
int ctorch_tensor_triangle(const ctorch_tensor *tensor, int64_t diagonal, bool upper, ctorch_tensor **out);

// In place, without recording gradients.
int ctorch_tensor_copy_in(ctorch_tensor *tensor, const ctorch_tensor *source);
int ctorch_tensor_add_in(ctorch_tensor *tensor, const ctorch_tensor *other, double alpha);
int ctorch_tensor_fill_in(ctorch_tensor *tensor, double value);

// --- Weights in a file ----------------------------------------------------------------------------------------------

/// Rows of a matrix in the format of a GGUF or safetensors file.
typedef struct ctorch_file_rows {
    /// Whole blocks, row by row. They must stay valid and unchanged while the weight is in use.
    const void *data;
    size_t size;
    int64_t rows, columns;
    /// ggml's number: float32 (0), float16 (1), bfloat16 (30), or blocks of Q4_0 (2), Q4_1 (3), Q5_0 (6), Q5_1 (7),
    /// Q8_0 (8), Q4_K (12), Q5_K (13) or Q6_K (14). Unquantized numbers are aligned to their size, blocks need not be.
    int32_t type;
    /// Rows per head if the file has them in llama.cpp's rotary order (rows of both halves interleaved), else 0.
    int64_t head_rows;
} ctorch_file_rows;
typedef struct ctorch_file_weight ctorch_file_weight;

/// A weight [N, K] in its file, of vertically stacked parts with K columns each. `rounds_input`: whether float32
/// products may round. With quantized blocks x is rounded to 8 bits, in groups of 32 with a float32 scale each, as in
/// `ctorch_quantized_linear_in`; for gradients, gradients and weights are rounded to 14 and 13 bits, in groups of 64.
/// `release(context)` is called once, when the file is no longer needed or after a failure.
int ctorch_file_weight_create(
    const ctorch_file_rows *parts, size_t count, bool rounds_input, void *context, void (*release)(void *),
    ctorch_file_weight **out);
void ctorch_file_weight_free(ctorch_file_weight *weight);
/// The number of bytes that one product reads from the file.
size_t ctorch_file_weight_bytes(const ctorch_file_weight *weight);
/// Whether all parts are quantized.
bool ctorch_file_weight_is_quantized(const ctorch_file_weight *weight);
/// Writes two dimensions.
void ctorch_file_weight_shape(const ctorch_file_weight *weight, int64_t *shape);
/// Writes the dequantized weight to out [N, K], float32 or bfloat16, contiguous.
int ctorch_file_weight_expand(const ctorch_file_weight *weight, ctorch_tensor *out);
/// Rows at integer ids as float32 or bfloat16: the ids' shape + [K].
int ctorch_file_weight_embedding(
    const ctorch_file_weight *weight, const ctorch_tensor *ids, ctorch_dtype dtype, ctorch_tensor **out);

// --- Layers ---------------------------------------------------------------------------------------------------------

int ctorch_tensor_matmul(const ctorch_tensor *a, const ctorch_tensor *b, ctorch_tensor **out);
/// A linear layer's weight [out, in]: a tensor or a weight in a file; the other is NULL.
typedef struct ctorch_weight {
    const ctorch_tensor *dense;
    const struct ctorch_file_weight *file;
} ctorch_weight;
/// x · weightᵀ + bias; x [..., in], with a weight in a file float32 or bfloat16 on the CPU; bias [out] or NULL.
int ctorch_linear(const ctorch_tensor *x, ctorch_weight weight, const ctorch_tensor *bias, ctorch_tensor **out);
/// Rows of weight [V, D] at integer ids.
int ctorch_embedding(const ctorch_tensor *weight, const ctorch_tensor *ids, ctorch_tensor **out);
/// A LoRA adapter's contribution to rows of a linear layer's weight.
typedef struct ctorch_lora_part {
    const ctorch_tensor *a;  ///< [r, in]
    const ctorch_tensor *b;  ///< [n, r]
    int64_t start;
    double scale;
    double dropout;  ///< the probability of dropping an element of x for this part
} ctorch_lora_part;
/// x · weightᵀ + bias, plus for each of `count` parts y[..., start ..< start + n] += scale · drop(x) · aᵀ · bᵀ, in
/// float32 or better. All parts with a dropout share one random draw. Gradients flow to x, a and b, and to the bias if
/// it requires them; the weight is frozen.
int ctorch_linear_lora(
    const ctorch_tensor *x, ctorch_weight weight, const ctorch_tensor *bias, const ctorch_lora_part *parts,
    size_t count, ctorch_tensor **out);
/// x / sqrt(mean(x²) + epsilon) · weight over the last dimension, computed in float32 for 16-bit x.
int ctorch_rms_norm(const ctorch_tensor *x, const ctorch_tensor *weight, double epsilon, ctorch_tensor **out);
/// The RMS norm of the sum x + y (of one shape and dtype), and the sum.
int ctorch_add_rms_norm(
    const ctorch_tensor *x, const ctorch_tensor *y, const ctorch_tensor *weight, double epsilon, ctorch_tensor **sum,
    ctorch_tensor **out);
int ctorch_layer_norm(
    const ctorch_tensor *x, const ctorch_tensor *weight, const ctorch_tensor *bias, double epsilon,
    ctorch_tensor **out);
int ctorch_softmax(const ctorch_tensor *x, int64_t dim, ctorch_tensor **out);
int ctorch_log_softmax(const ctorch_tensor *x, int64_t dim, ctorch_tensor **out);
int ctorch_dropout(const ctorch_tensor *x, double probability, ctorch_tensor **out);
/// Rotary position embedding in the half-split layout of Hugging Face's Llama: x [B, H, T, E], cosine and sine
/// [T, R / 2]. The first R <= E elements of a head are rotated, the others are unchanged.
int ctorch_rotary(const ctorch_tensor *x, const ctorch_tensor *cosine, const ctorch_tensor *sine, ctorch_tensor **out);
/// Splits a merged projection x [B, T, (heads + 2 · groups) · E], the query heads first, then the key and the value
/// heads: queries [B, heads, T, E] and keys [B, groups, T, E], rotated, and values [B, groups, T, E]. If no gradient is
/// recorded, x is overwritten and the results are views of it, else they are views of one new tensor. cosine and sine
/// [T, R / 2] or [B, 1, T, R / 2], float32.
int ctorch_rotary_heads(
    const ctorch_tensor *x, const ctorch_tensor *cosine, const ctorch_tensor *sine, int64_t heads, int64_t groups,
    ctorch_tensor **queries, ctorch_tensor **keys, ctorch_tensor **values);
/// silu(gate) · up for x [..., 2 · I] = [gate ; up]: [..., I]
int ctorch_swiglu(const ctorch_tensor *x, ctorch_tensor **out);
/// gelu(gate) · up with GELU's tanh approximation, for x as above
int ctorch_geglu(const ctorch_tensor *x, ctorch_tensor **out);
/// softmax(q · kᵀ · scale + mask) · v.
/// - q [B, H, T, E]; the result has this shape, in memory [B, T, H, E].
/// - Keys and values are `piece_count` consecutive pieces [B or 1, K, S_i, E], H a multiple of K, S the sum of S_i. All
///   sequences share a piece of batch 1.
/// - `log_weights` (or NULL) has one number per piece, added to the scores of its keys.
/// - `biases` (or NULL) has one tensor (or NULL) per piece, float32 [B or 1, K, S_i], added to the scores per key and
///   head. A bias of -infinity masks the key for its head; key and value may then be any finite numbers.
/// - mask (or NULL) is broadcastable to [B, H, T, S], boolean (true = attend) or added.
/// - `causal` (only without a mask, T <= S and scale > 0): query t attends to keys 0...S - T + t, so that the last T
///   keys are at the queries' positions.
int ctorch_attention(
    const ctorch_tensor *q, const ctorch_tensor *const *keys, const ctorch_tensor *const *values,
    const double *log_weights, const ctorch_tensor *const *biases, size_t piece_count, const ctorch_tensor *mask,
    bool causal, double scale, ctorch_tensor **out);
/// The mean (or sum) of -log softmax(logits)[target]; logits [N, V], targets [N] int64. Rows whose target is
/// `ignore_index` are ignored.
int ctorch_cross_entropy(
    const ctorch_tensor *logits, const ctorch_tensor *targets, int64_t ignore_index, bool sum, ctorch_tensor **out);
/// The number of rows of hidden [N, D] to multiply with weight [V, D] at a time, so that few logits exist at once but
/// the product still runs at the device's peak throughput.
int64_t ctorch_rows_scored_at_once(const ctorch_tensor *hidden, ctorch_weight weight);
/// `*sum` = Σ share · -log softmax(hidden · weightᵀ)[target] over rows and their targets; hidden [N, D], weight [V, D].
/// Targets are int64: [N] with share 1 if `shares` is NULL, else [N, K], distinct within a row, with `shares` [N, K].
/// Logits exist only for a few rows at a time. `*gradient` (unless `gradient` is NULL) is the gradient of scale · sum
/// with respect to hidden. No gradient is recorded.
int ctorch_linear_cross_entropy(
    const ctorch_tensor *hidden, ctorch_weight weight, const ctorch_tensor *targets, const ctorch_tensor *shares,
    double scale, double *sum, ctorch_tensor **gradient);

// --- Decode steps ---------------------------------------------------------------------------------------------------
//
// These functions run on the CPU, write to tensors of the caller and record no gradients. x, y, q and out are float32,
// contiguous in the last dimension; other strides are arbitrary.

/// Frozen weights [N, K] of 8 or 4 bits, in groups of 32 columns with a float16 scale (with 4 bits also a minimum)
/// each.
typedef struct ctorch_quantized ctorch_quantized;

/// Quantizes weight [N, K], float32 or bfloat16, K a multiple of 32. `bits`: 8, 4, or 0 for 4 if the weights came from
/// 4-bit groups (GGUF's Q4_0 and Q4_1, also after rounding to bfloat16) and 8 otherwise. Groups that came from Q4_0,
/// Q4_1 or Q8_0 are recovered: exactly from float32, within the rounding error from bfloat16.
int ctorch_quantized_create(const ctorch_tensor *weight, int bits, ctorch_quantized **out);

/// Weights [N, K] over a file's quantized blocks, without a copy.
int ctorch_quantized_over(const struct ctorch_file_weight *weight, ctorch_quantized **out);
void ctorch_quantized_free(ctorch_quantized *quantized);
/// 8 or 4; 0 for a file's blocks.
int ctorch_quantized_bits(const ctorch_quantized *quantized);
/// The number of bytes that one product reads.
size_t ctorch_quantized_bytes(const ctorch_quantized *quantized);
/// Writes two dimensions.
void ctorch_quantized_shape(const ctorch_quantized *quantized, int64_t *shape);
/// Writes the dequantized weights to out [N, K], float32.
int ctorch_quantized_dequantize(const ctorch_quantized *quantized, ctorch_tensor *out);
/// y = x · weightᵀ, or y += x · weightᵀ if `accumulate`; x [M, K], y [M, N], M in 1...16. x is rounded to 8 bits in
/// groups of 32 with a float32 scale each; sums are float32.
int ctorch_quantized_linear_in(
    const ctorch_quantized *quantized, const ctorch_tensor *x, bool accumulate, ctorch_tensor *y);

/// softmax(q · kᵀ · scale) · v for one query position per sequence: q, out [B, H, E], E a multiple of 16 up to 256;
/// keys and values in up to 64 pieces as for `ctorch_attention`, each float32, float16 or bfloat16. Only the first
/// `last` positions of the last piece are attended to, or all if `last` is negative. So a partly filled page needs no
/// new view in each step.
int ctorch_decode_attention_in(
    const ctorch_tensor *q, const ctorch_tensor *const *keys, const ctorch_tensor *const *values,
    const double *log_weights, const ctorch_tensor *const *biases, size_t piece_count, int64_t last, double scale,
    ctorch_tensor *out);
/// Writes row `id` of weight [V, D] to out [1, D]; weight is a contiguous float32 or bfloat16 tensor or in a file.
int ctorch_embedding_in(ctorch_weight weight, int64_t id, ctorch_tensor *out);
/// x / sqrt(mean(x²) + epsilon) · weight; x, y [M, D] (may be one tensor), weight [D] float32 or bfloat16.
int ctorch_rms_norm_in(const ctorch_tensor *x, const ctorch_tensor *weight, double epsilon, ctorch_tensor *y);
/// Rotates queries and keys as `ctorch_rotary` does and appends keys and values to a cache. qkv [M, (heads + 2 groups)
/// · E] is rotated in place; cosine and sine [1 or M, R / 2]; keys and values [1 or M, groups, capacity, E], float32,
/// float16 or bfloat16. Row m goes to position `index` of sequence m, or in a cache of one sequence to position `index`
/// + m.
int ctorch_rotary_append_in(
    ctorch_tensor *qkv, const ctorch_tensor *cosine, const ctorch_tensor *sine, int64_t heads, int64_t groups,
    ctorch_tensor *keys, ctorch_tensor *values, int64_t index);
/// silu(gate) · up; gate_up [M, 2 I], gate first; y [M, I].
int ctorch_swiglu_in(const ctorch_tensor *gate_up, ctorch_tensor *y);
/// gelu(gate) · up with GELU's tanh approximation, for the same shapes.
int ctorch_geglu_in(const ctorch_tensor *gate_up, ctorch_tensor *y);
/// y += scale · (x · aᵀ) · bᵀ; x [M, K], a [r, K], b [N, r] float32 or bfloat16, contiguous; y [M, N].
int ctorch_lora_in(
    const ctorch_tensor *x, const ctorch_tensor *a, const ctorch_tensor *b, double scale, ctorch_tensor *y);
/// The index of the greatest element of x [V], the first of equal ones; -1 if one is NaN or the greatest is not finite.
int ctorch_tensor_argmax(const ctorch_tensor *x, int64_t *out);

// --- Gradients ------------------------------------------------------------------------------------------------------

int ctorch_tensor_set_requires_grad(ctorch_tensor *tensor, bool requires_grad);
bool ctorch_tensor_requires_grad(const ctorch_tensor *tensor);
/// Accumulates the gradients of a scalar into the leaves that require them.
int ctorch_tensor_backward(const ctorch_tensor *tensor);
/// Backpropagates `gradient`, the gradient with respect to a tensor of any shape.
int ctorch_tensor_backward_from(const ctorch_tensor *tensor, const ctorch_tensor *gradient);
/// The accumulated gradient; `*out` is NULL if none.
int ctorch_tensor_grad(const ctorch_tensor *tensor, ctorch_tensor **out);
int ctorch_tensor_clear_grad(ctorch_tensor *tensor);
int ctorch_tensor_detach(const ctorch_tensor *tensor, ctorch_tensor **out);
/// Computes outputs (new handles) from inputs (which the body frees). Returns NULL, or an error message allocated with
/// `malloc`.
typedef char *(*ctorch_body)(void *context, ctorch_tensor *const *inputs, ctorch_tensor **outputs);
/// Runs `body` with gradient checkpointing: no activations are stored, the backward pass runs `body` again on the same
/// inputs. `leaves` are the other tensors that `body` uses and that collect gradients. `release` is called once, when
/// `body` is no longer needed or after a failure.
int ctorch_recomputed(
    const ctorch_tensor *const *inputs, size_t input_count, const ctorch_tensor *const *leaves, size_t leaf_count,
    ctorch_body body, void *context, void (*release)(void *), ctorch_tensor **outputs, size_t output_count);
/// Scales all gradients so that their global norm is at most `max_norm`; `*norm` is the norm before scaling.
int ctorch_clip_grad_norm(const ctorch_tensor *const *tensors, size_t count, double max_norm, double *norm);

/// One AdamW step (Loshchilov and Hutter 2019, decoupled weight decay) in libtorch's fused kernel. `update_counts` has
/// for each parameter the number of steps in which it had a gradient, including this one. Parameters without a gradient
/// are unchanged. The moments have the parameters' shapes and dtypes.
int ctorch_adamw_step(
    const ctorch_tensor *const *parameters, const ctorch_tensor *const *first_moments,
    const ctorch_tensor *const *second_moments, const double *update_counts, size_t count, double learning_rate,
    double beta1, double beta2, double epsilon, double weight_decay);

#ifdef __cplusplus
}
#endif

#endif

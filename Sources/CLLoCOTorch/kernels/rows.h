// RMSNorm, rotary positions and gated units: one pass over memory each, where libtorch needs several.
//
// Why: for 1,536 positions of SmolLM2-135M in float32 on one Zen 3 core, a layer's sum and norm took 3.8 ms composed of
// libtorch's operations and take 0.5 here (17 and 2.7 with the backward pass), rotary positions 4.4 and 0.3, SwiGLU 5.9
// and 2.2 (21 and 6.5).

#ifndef KERNELS
#error "include kernels through a file of sets/"
#endif

namespace KERNELS {

/// RMSNorm; the weight's dtype may differ from the rows'.
template <typename T, typename Weight = T>
static void rms_norm(
    const void *x_, const void *y_, const void *weight_, void *sum_, void *out_, float *scales, int64_t rows,
    int64_t size, float epsilon) {
    const Weight *weight = static_cast<const Weight *>(weight_);
    for (int64_t row = 0; row < rows; row++) {
        const T *x = static_cast<const T *>(x_) + row * size;
        T *out = static_cast<T *>(out_) + row * size;
        f32x16 squares = {};
        if (y_) {
            const T *y = static_cast<const T *>(y_) + row * size;
            T *total = static_cast<T *>(sum_) + row * size;
            sixteens(size, [&](int64_t i, auto part) {
                store_f32(total + i, load_f32(x + i, part) + load_f32(y + i, part), part);
                // The norm is of the stored sum, after rounding.
                const f32x16 v = load_f32(total + i, part);
                squares += v * v;
            });
            x = total;
        } else {
            sixteens(size, [&](int64_t i, auto part) {
                const f32x16 v = load_f32(x + i, part);
                squares += v * v;
            });
        }
        const float scale = 1 / std::sqrt(sum(squares) / float(size) + epsilon);
        if (scales) scales[row] = scale;
        sixteens(size, [&](int64_t i, auto part) {
            store_f32(out + i, load_f32(x + i, part) * scale * load_f32(weight + i, part), part);
        });
    }
}

template <typename T>
static void rms_norm_backward(
    const void *sum_, const void *weight_, const float *scales, const void *d_out_, const void *d_sum_, void *d_x_,
    int64_t rows, int64_t size) {
    const T *weight = static_cast<const T *>(weight_);
    for (int64_t row = 0; row < rows; row++) {
        const T *x = static_cast<const T *>(sum_) + row * size;
        const T *d_out = static_cast<const T *>(d_out_) + row * size;
        T *d_x = static_cast<T *>(d_x_) + row * size;
        f32x16 products = {};
        sixteens(size, [&](int64_t i, auto part) {
            products += load_f32(d_out + i, part) * load_f32(weight + i, part) * load_f32(x + i, part);
        });
        const float scale = scales[row];
        const float shift = sum(products) / float(size) * scale * scale * scale;
        const T *d_sum = d_sum_ ? static_cast<const T *>(d_sum_) + row * size : nullptr;
        sixteens(size, [&](int64_t i, auto part) {
            const f32x16 direct = load_f32(d_out + i, part) * load_f32(weight + i, part) * scale;
            const f32x16 d_normed = direct - load_f32(x + i, part) * shift;
            store_f32(d_x + i, d_sum ? load_f32(d_sum + i, part) + d_normed : d_normed, part);
        });
    }
}

template <typename T>
static void rotate(
    const void *in_, void *out_, const float *cosine, const float *sine, float direction, int64_t heads, int64_t size,
    int64_t rotated_size) {
    const T *in = static_cast<const T *>(in_);
    T *out = static_cast<T *>(out_);
    const int64_t half = rotated_size / 2;
    for (int64_t head = 0; head < heads; head++, in += size, out += size) {
        sixteens(half, [&](int64_t i, auto part) {
            const f32x16 c = load_f32(cosine + i, part), s = load_f32(sine + i, part) * direction;
            const f32x16 first = load_f32(in + i, part), second = load_f32(in + half + i, part);
            store_f32(out + i, first * c - second * s, part);
            store_f32(out + half + i, second * c + first * s, part);
        });
        if (rotated_size < size && in != out) {
            std::memcpy(out + rotated_size, in + rotated_size, size_t(size - rotated_size) * sizeof(T));
        }
    }
}

/// 1 / (1 + e^-x)
inline f32x16 sigmoid(f32x16 x) { return 1.0f / (1.0f + exp2<5>(min_of(126, x * -log2_e))); }

/// An activation is x · sigmoid(inner(x)); `slope` is the derivative of `inner`. GELU's tanh approximation has this
/// form because (1 + tanh(y)) / 2 is the sigmoid of 2 · y.
template <ctorch::Gate gate>
inline f32x16 inner(f32x16 x) {
    if constexpr (gate == ctorch::Gate::silu) return x;
    return 1.5957691216f * (x + 0.044715f * (x * x * x));
}
template <ctorch::Gate gate>
inline f32x16 slope(f32x16 x) {
    if constexpr (gate == ctorch::Gate::silu) return f32x16(1.0f);
    return 1.5957691216f * (1.0f + 0.134145f * (x * x));
}

template <typename T, ctorch::Gate gate>
static void gated(const void *x_, void *out_, int64_t rows, int64_t size) {
    for (int64_t row = 0; row < rows; row++) {
        const T *first = static_cast<const T *>(x_) + row * 2 * size, *up = first + size;
        T *out = static_cast<T *>(out_) + row * size;
        sixteens(size, [&](int64_t i, auto part) {
            const f32x16 g = load_f32(first + i, part);
            store_f32(out + i, g * sigmoid(inner<gate>(g)) * load_f32(up + i, part), part);
        });
    }
}

template <typename T, ctorch::Gate gate>
static void gated_backward(const void *x_, const void *d_out_, void *d_x_, int64_t rows, int64_t size) {
    for (int64_t row = 0; row < rows; row++) {
        const T *first = static_cast<const T *>(x_) + row * 2 * size, *up = first + size;
        const T *d_out = static_cast<const T *>(d_out_) + row * size;
        T *d_gate = static_cast<T *>(d_x_) + row * 2 * size, *d_up = d_gate + size;
        sixteens(size, [&](int64_t i, auto part) {
            const f32x16 g = load_f32(first + i, part), d = load_f32(d_out + i, part);
            const f32x16 s = sigmoid(inner<gate>(g));
            store_f32(d_gate + i, d * load_f32(up + i, part) * s * (1.0f + g * slope<gate>(g) * (1.0f - s)), part);
            store_f32(d_up + i, d * g * s, part);
        });
    }
}

template <typename T>
static void gated(ctorch::Gate gate, const void *x, void *out, int64_t rows, int64_t size) {
    switch (gate) {
        case ctorch::Gate::silu: return gated<T, ctorch::Gate::silu>(x, out, rows, size);
        case ctorch::Gate::gelu: return gated<T, ctorch::Gate::gelu>(x, out, rows, size);
    }
}

template <typename T>
static void gated_backward(ctorch::Gate gate, const void *x, const void *d_out, void *d_x, int64_t rows, int64_t size) {
    switch (gate) {
        case ctorch::Gate::silu: return gated_backward<T, ctorch::Gate::silu>(x, d_out, d_x, rows, size);
        case ctorch::Gate::gelu: return gated_backward<T, ctorch::Gate::gelu>(x, d_out, d_x, rows, size);
    }
}

}  // namespace KERNELS

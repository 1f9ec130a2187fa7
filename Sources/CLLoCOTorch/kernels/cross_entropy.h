// Cross-entropy at a row's targets and its gradient, over a row of logits that stays in the cache meanwhile.
//
// Why: for 512 rows over 49,152 tokens in float32 on one Zen 3 core, logits, loss and gradient took 1,124 ms composed
// of libtorch's operations and take 865 here, of which the two products with the vocabulary are 857.

#ifndef KERNELS
#error "include kernels through a file of sets/"
#endif

namespace KERNELS {

/// The loss for logits that are not finite: NaN. The gradient becomes NaN too.
template <typename T>
static double cross_entropy_of_nonfinite(T *logits, int64_t size, bool gradient) {
    const float nan = __builtin_nanf("");
    if (gradient) sixteens(size, [&](int64_t i, auto part) { store_f32(logits + i, f32x16(nan), part); });
    return nan;
}

template <typename T>
static double cross_entropy(
    void *logits_, int64_t size, const int64_t *targets, const float *shares, int64_t count, bool gradient,
    float scale) {
    T *logits = static_cast<T *>(logits_);
    // The first logit initializes all lanes of the maximum.
    f32x16 maximum = f32x16(scalar(logits[0])), faults = {};
    const auto seen = [&](f32x16 v) {
        maximum = max(v, maximum);
        faults += v * 0.0f;
    };
    int64_t i = 0;
    for (; i + 16 <= size; i += 16) seen(load_f32(logits + i));
    for (; i < size; i++) seen(f32x16(scalar(logits[i])));
    if (!(sum(faults) == 0)) return cross_entropy_of_nonfinite(logits, size, gradient);
    float highest = maximum[0];
    for (int lane = 1; lane < 16; lane++) highest = std::max(highest, maximum[lane]);

    // Read before the row is overwritten.
    float chosen[ctorch::max_targets];
    float whole = 0;
    double expected = 0;
    for (int64_t k = 0; k < count; k++) {
        const float share = shares ? shares[k] : 1;
        chosen[k] = scalar(logits[targets[k]]);
        whole += share;
        expected += double(share) * chosen[k];
    }
    // In float32 the powers overwrite the row. In bfloat16 that would round them, so they are computed twice.
    constexpr bool keeps = sizeof(T) == sizeof(float);
    f32x16 powers = {};
    sixteens(size, [&](int64_t i, auto part) {
        f32x16 power = exp2<5>((load_f32(logits + i, part) - highest) * log2_e);
        if constexpr (!std::is_same_v<decltype(part), Sixteen>) {
            for (int lane = part.count; lane < 16; lane++) power[lane] = 0;
        }
        powers += power;
        if (keeps && gradient) store_f32(logits + i, power, part);
    });
    const float total = sum(powers);
    if (gradient) {
        const float share = scale * whole / total;
        sixteens(size, [&](int64_t i, auto part) {
            const f32x16 v = load_f32(logits + i, part);
            store_f32(logits + i, (keeps ? v : exp2<3>((v - highest) * log2_e)) * share, part);
        });
        // Not from the rounded probability: near 1 the difference is all that remains.
        for (int64_t k = 0; k < count; k++) {
            const float exact = scale * (whole * (std::exp(chosen[k] - highest) / total) - (shares ? shares[k] : 1));
            if constexpr (keeps) {
                logits[targets[k]] = exact;
            } else {
                logits[targets[k]] = to_bf16(exact);
            }
        }
    }
    return double(whole) * (std::log(double(total)) + double(highest)) - expected;
}

}  // namespace KERNELS

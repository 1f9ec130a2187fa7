// Gradients, clipping and the AdamW step.

#include <cmath>

#include "internal.h"

using namespace ctorch;

int ctorch_tensor_set_requires_grad(ctorch_tensor *tensor, bool requires_grad) {
    return perform("set_requires_grad", {tensor}, [&] { unwrap(tensor).set_requires_grad(requires_grad); });
}

bool ctorch_tensor_requires_grad(const ctorch_tensor *tensor) { return unwrap(tensor).requires_grad(); }

int ctorch_tensor_backward(const ctorch_tensor *tensor) {
    return perform("backward", {tensor}, [&] { unwrap(tensor).backward(); });
}

int ctorch_tensor_backward_from(const ctorch_tensor *tensor, const ctorch_tensor *gradient) {
    return perform("backward", {tensor, gradient}, [&] { unwrap(tensor).backward(unwrap(gradient)); });
}

int ctorch_tensor_grad(const ctorch_tensor *tensor, ctorch_tensor **out) {
    return perform("grad", {tensor}, [&] {
        const at::Tensor &gradient = unwrap(tensor).grad();
        *out = gradient.defined() ? wrap(gradient) : nullptr;
    });
}

int ctorch_tensor_clear_grad(ctorch_tensor *tensor) {
    return perform("clear_grad", {tensor}, [&] { unwrap(tensor).mutable_grad() = at::Tensor(); });
}

int ctorch_tensor_detach(const ctorch_tensor *tensor, ctorch_tensor **out) {
    return produce("detach", {tensor}, out, [&] { return unwrap(tensor).detach(); });
}

int ctorch_clip_grad_norm(const ctorch_tensor *const *tensors, size_t count, double max_norm, double *norm) {
    return perform("clip_grad_norm", {}, [&] {
        c10::NoGradGuard guard;
        std::vector<at::Tensor> gradients;
        for (size_t i = 0; i < count; i++) {
            const at::Tensor &gradient = unwrap(tensors[i]).grad();
            if (gradient.defined()) gradients.push_back(gradient);
        }
        *norm = 0;
        if (gradients.empty()) return;
        double sum = 0;
        // One copy from the device for all norms.
        const at::Tensor norms = at::stack(at::_foreach_norm(gradients, 2)).to(at::kCPU).to(at::kDouble);
        for (int64_t i = 0; i < norms.size(0); i++) {
            const double value = const_data<double>(norms)[i];
            sum += value * value;
        }
        const double total = std::sqrt(sum);
        *norm = total;
        // The small term keeps the quotient finite, as in torch.nn.utils.clip_grad_norm_.
        if (total > max_norm) at::_foreach_mul_(gradients, max_norm / (total + 1e-6));
    });
}

int ctorch_adamw_step(
    const ctorch_tensor *const *parameters, const ctorch_tensor *const *first_moments,
    const ctorch_tensor *const *second_moments, const double *update_counts, size_t count, double learning_rate,
    double beta1, double beta2, double epsilon, double weight_decay) {
    return perform("adamw_step", {}, [&] {
        c10::NoGradGuard guard;
        std::vector<at::Tensor> values, gradients, first, second, steps;
        for (size_t i = 0; i < count; i++) {
            const at::Tensor &parameter = unwrap(parameters[i]);
            if (!parameter.grad().defined()) continue;
            values.push_back(parameter);
            gradients.push_back(parameter.grad());
            first.push_back(unwrap(first_moments[i]));
            second.push_back(unwrap(second_moments[i]));
            steps.push_back(
                at::full({}, update_counts[i], at::TensorOptions().dtype(at::kFloat).device(parameter.device())));
        }
        if (values.empty()) return;
        at::_fused_adamw_(
            values, gradients, first, second, /*max_exp_avg_sqs=*/{}, steps, learning_rate, beta1, beta2, weight_decay,
            epsilon, /*amsgrad=*/false, /*maximize=*/false, {}, {});
    });
}

#include "kernels.h"

#include <cstring>

#include "../include/ctorch.h"

namespace ctorch {

const KernelList &available_kernels() {
    static const KernelList list = [] {
        KernelList list = {};
        const ctorch_cpu_features has = ctorch_cpu_get_features();
        const auto add = [&](bool supported, const Kernels *table) {
            if (supported && table) list.tables[list.count++] = table;
        };
        add(has.avx512 && has.avx512_vnni && has.avx512_bf16, avx512bf16_kernels);
        add(has.avx512 && has.avx512_vnni, avx512_kernels);
        add(has.avx2, avx2_kernels);
        add(true, neon_kernels);
        add(true, plain_kernels);
        add(true, emulated_kernels);
        return list;
    }();
    return list;
}

static thread_local const Kernels *chosen = nullptr;

const Kernels &kernels() { return chosen ? *chosen : *available_kernels().tables[0]; }

bool choose_kernels(const char *name) {
    const KernelList &list = available_kernels();
    for (size_t i = 0; i < list.count; i++) {
        if (std::strcmp(list.tables[i]->name, name) == 0) {
            chosen = list.tables[i];
            return true;
        }
    }
    return false;
}

}  // namespace ctorch

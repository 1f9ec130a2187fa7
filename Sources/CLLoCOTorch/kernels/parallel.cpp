#include "../libtorch.h"

#include "parallel.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <algorithm>
#include <atomic>

#if defined(__APPLE__)
#include <dispatch/dispatch.h>
#endif

namespace ctorch {

namespace {

struct Loop {
    void (*body)(const void *, int64_t);
    const void *context;
    int64_t count;
    std::atomic<int64_t> next{0};

    static void work(void *loop) {
        Loop &self = *static_cast<Loop *>(loop);
        for (int64_t task; (task = self.next.fetch_add(1, std::memory_order_relaxed)) < self.count;) {
            self.body(self.context, task);
        }
    }
};

#if !defined(__APPLE__)
/// A function of GCC's OpenMP runtime, part of libtorch's Linux builds: runs a function on `threads` threads and waits.
using Team = void (*)(void (*function)(void *), void *data, unsigned threads, unsigned flags);
Team team() {
    static const Team found = reinterpret_cast<Team>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
    return found;
}
#endif

}  // namespace

void run_tasks(int64_t count, void (*body)(const void *, int64_t), const void *context) {
    const int64_t threads = std::min<int64_t>(count, at::in_parallel_region() ? 1 : at::get_num_threads());
    Loop loop{body, context, count};
#if defined(__APPLE__)
    if (threads > 1) {
        dispatch_apply_f(size_t(threads), DISPATCH_APPLY_AUTO, &loop, [](void *loop, size_t) { Loop::work(loop); });
        return;
    }
#else
    if (threads > 1 && team()) {
        team()(Loop::work, &loop, unsigned(threads), 0);
        return;
    }
#endif
    Loop::work(&loop);
}

}  // namespace ctorch

// Loops over independent tasks on libtorch's threads.
//
// A second thread pool would compete with libtorch's for the cores. libtorch's `at::parallel_for` is a template that is
// serial unless compiled with the OpenMP flags of the compiler that built libtorch. So the loop looks up libtorch's
// OpenMP runtime by name.

#pragma once

#include <cstdint>

namespace ctorch {

/// Calls `body(context, task)` once for every task in 0 ..< count, in any order, from several threads; returns when all
/// are done. Threads take tasks one by one, so that a preempted thread delays little. `body` must not throw.
void run_tasks(int64_t count, void (*body)(const void *context, int64_t task), const void *context);

/// `run_tasks` for a callable.
template <typename Body>
void parallel(int64_t count, const Body &body) {
    run_tasks(count, [](const void *context, int64_t task) { (*static_cast<const Body *>(context))(task); }, &body);
}

}  // namespace ctorch

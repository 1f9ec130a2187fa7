// Loops over independent tasks on the threads that libtorch computes with.
//
// A second set of threads beside libtorch's would fight it for the cores; its own `at::parallel_for` is a template that
// is serial unless compiled with the OpenMP flags of the compiler that built libtorch. So the loop enters libtorch's
// OpenMP runtime by name.

#pragma once

#include <cstdint>

namespace ctorch {

/// Calls `body(context, task)` once for every task in 0 ..< count, in any order, from several threads; returns when all
/// are done. Tasks are taken one by one, so that a thread that loses its core for a while holds up little. `body` must
/// not throw.
void run_tasks(int64_t count, void (*body)(const void *context, int64_t task), const void *context);

/// The same for a callable.
template <typename Body>
void parallel(int64_t count, const Body &body) {
    run_tasks(count, [](const void *context, int64_t task) { (*static_cast<const Body *>(context))(task); }, &body);
}

}  // namespace ctorch

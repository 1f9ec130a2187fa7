// Sets how long OpenMP threads spin while they wait for each other, before anything else runs.
//
// libgomp's threads spin for milliseconds by default. A decode step has some hundreds of short parallel regions. When
// another program wants the same cores, spinning makes the step ten times as slow: SmolLM2-135M on 2 cores under a load
// of 5 took 25 to 36 s for 24 tokens, against 3 to 6 s with a short spin. libgomp reads its settings in its constructor
// and cannot change them later. So the program re-executes itself with the settings before libtorch's constructors run
// (some milliseconds). Settings made by the user take precedence.

#include "startup.h"

#if defined(__linux__)

#include <string.h>
#include <unistd.h>

static int names(const char *variable, const char *name) {
    return strncmp(variable, name, strlen(name)) == 0 && variable[strlen(name)] == '=';
}

static void set_short_spin(int argc, char **argv, char **environment) {
    (void)argc;
    size_t count = 0;
    for (; environment[count]; count++) {
        if (names(environment[count], "GOMP_SPINCOUNT") || names(environment[count], "OMP_WAIT_POLICY")) return;
    }
    char *extended[count + 2];
    memcpy(extended, environment, count * sizeof *extended);
    extended[count] = "GOMP_SPINCOUNT=2000";
    extended[count + 1] = NULL;
    // The real path, because process lists show it. If this fails, the program continues with libgomp's defaults.
    char path[4096];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length <= 0) return;
    path[length] = 0;
    execve(path, argv, extended);
}

__attribute__((section(".preinit_array"), used)) static void (*const before_constructors)(int, char **, char **) =
    set_short_spin;

#endif

// How the threads of one operation wait for each other: settled before anything else runs.
//
// libgomp's threads spin for milliseconds by default. Where another program wants the same cores, a decoding step,
// which has some hundreds of short parallel regions, then takes ten times as long: measured with SmolLM2-135M on 2
// cores under a load of 5, 24 tokens took 25 to 36 s, against 3 to 6 s with a short spin. libgomp reads its settings in
// its own constructor and keeps no way to change them, so the program starts itself anew with them, before libtorch's
// constructors have run (some milliseconds). Settings of the user's own stay.

#include "startup.h"

#if defined(__linux__)

#include <string.h>
#include <unistd.h>

static int names(const char *variable, const char *name) {
    return strncmp(variable, name, strlen(name)) == 0 && variable[strlen(name)] == '=';
}

static void wait_shortly(int argc, char **argv, char **environment) {
    (void)argc;
    size_t count = 0;
    for (; environment[count]; count++) {
        if (names(environment[count], "GOMP_SPINCOUNT") || names(environment[count], "OMP_WAIT_POLICY")) return;
    }
    char *extended[count + 2];
    memcpy(extended, environment, count * sizeof *extended);
    extended[count] = "GOMP_SPINCOUNT=2000";
    extended[count + 1] = NULL;
    // By its own path, which process lists show. Where this fails, the program goes on as it is.
    char path[4096];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length <= 0) return;
    path[length] = 0;
    execve(path, argv, extended);
}

__attribute__((section(".preinit_array"), used)) static void (*const before_constructors)(int, char **, char **) =
    wait_shortly;

#endif

// What kernels include of the standard library: before a set's target is in force, so that no function of it is
// compiled for a processor that may not be there.

#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "../attention_arguments.h"
#include "../buffer.h"
#include "../parallel.h"

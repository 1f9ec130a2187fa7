// The kernels' standard library includes. They come before a set's target attribute, so that no library function is
// compiled for instructions that the processor may not support.

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

// libtorch, or one sentence where it is not there. Included before anything else of it.

#pragma once

#if !__has_include(<ATen/ATen.h>)
#error "libtorch is missing: set LIBTORCH to its folder or run Scripts/bootstrap in this package, then build again"
#endif

#include <ATen/ATen.h>

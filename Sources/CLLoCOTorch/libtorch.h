// libtorch, or an error that says how to install it. Include this before any other libtorch header.

#pragma once

#if !__has_include(<ATen/ATen.h>)
#error "libtorch is missing: set LIBTORCH to its folder or run Scripts/bootstrap in this package, then build again"
#endif

#include <ATen/ATen.h>

// Temporary memory of a kernel call.

#pragma once

#include <cstdint>
#include <cstdlib>
#include <new>

namespace ctorch {

/// `count` uninitialized elements, aligned to a cache line.
template <typename Element>
class Buffer {
public:
    explicit Buffer(int64_t count) {
        const size_t bytes = (size_t(count) * sizeof(Element) + 63) & ~size_t(63);
        elements = static_cast<Element *>(std::aligned_alloc(64, bytes > 0 ? bytes : 64));
        if (!elements) throw std::bad_alloc();
    }
    ~Buffer() { std::free(elements); }
    Buffer(const Buffer &) = delete;
    Buffer &operator=(const Buffer &) = delete;
    operator Element *() const { return elements; }

private:
    Element *elements;
};

}  // namespace ctorch

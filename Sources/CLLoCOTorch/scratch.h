// Temporary memory of one kernel call.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace ctorch {

/// At least `size` bytes, 64-byte aligned, valid until this thread's next call. The memory is reused between calls,
/// because a decode step makes hundreds of them. It grows by at least half.
inline uint8_t *scratch_memory(size_t size) {
    struct Memory {
        uint8_t *data = nullptr;
        size_t size = 0;
        ~Memory() { std::free(data); }
    };
    static thread_local Memory memory;
    if (memory.size < size) {
        const size_t larger = (size + size / 2 + 4095) / 4096 * 4096;
        std::free(memory.data);
        memory.size = 0;
        memory.data = static_cast<uint8_t *>(std::aligned_alloc(64, larger));
        if (!memory.data) throw std::bad_alloc();
        memory.size = larger;
    }
    return memory.data;
}

}  // namespace ctorch

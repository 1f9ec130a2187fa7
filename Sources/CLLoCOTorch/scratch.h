// Memory that a kernel needs for the length of one call.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace ctorch {

/// At least `size` bytes, 64-byte aligned, that are this thread's until its next call of this. They are kept for that:
/// a decoding step asks hundreds of times, and is given new memory only where its positions have outgrown the old by
/// half.
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

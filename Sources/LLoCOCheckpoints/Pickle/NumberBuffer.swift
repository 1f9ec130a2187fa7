#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Memory for converted numbers, handed to a tensor without a copy; it lives as long as the tensor's storage.
///
/// `@unchecked Sendable`: filled by one writer a region before it is handed on, then owned by the tensor.
final class NumberBuffer: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let byteCount: Int

    init(byteCount: Int) {
        // Large pages spare most page faults, which otherwise cost as much as the conversion.
        let isLarge = byteCount >= 4 << 20
        base = .allocate(byteCount: max(byteCount, 64), alignment: isLarge ? 2 << 20 : 64)
        self.byteCount = byteCount
        #if os(Linux)
            let hugePages: Int32 = 14  // MADV_HUGEPAGE
            if isLarge { madvise(base, byteCount, hugePages) }
        #endif
    }

    deinit {
        base.deallocate()
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: byteCount) }
}

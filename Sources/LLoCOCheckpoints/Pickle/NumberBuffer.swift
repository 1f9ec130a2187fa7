#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Memory for copied tensor data, passed to a tensor without another copy. It lives as long as the tensor's storage.
///
/// `@unchecked Sendable`: each region has one writer before the tensor takes ownership.
final class NumberBuffer: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let byteCount: Int

    init(byteCount: Int) {
        // Huge pages avoid most page faults, which otherwise cost as much as the copy.
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

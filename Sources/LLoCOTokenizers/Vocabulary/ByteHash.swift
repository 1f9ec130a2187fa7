/// A hash of a short byte string, eight bytes at a time. The seed prevents files from provoking collisions.
@inline(__always)
func hash(_ bytes: UTF8Buffer, seed: UInt64) -> UInt64 {
    guard let base = UnsafeRawPointer(bytes.baseAddress) else { return seed }
    let prime: UInt64 = 0x9E37_79B9_7F4A_7C15
    var state = seed ^ (UInt64(truncatingIfNeeded: bytes.count) &* prime)
    var offset = 0
    while offset + 8 <= bytes.count {
        state = mixed(state ^ base.loadUnaligned(fromByteOffset: offset, as: UInt64.self), prime)
        offset += 8
    }
    var tail: UInt64 = 0
    while offset < bytes.count {
        tail = tail << 8 | UInt64(bytes[offset])
        offset += 1
    }
    return mixed(state ^ tail, prime)
}

/// Folds both halves of a 128-bit product.
@inline(__always)
func mixed(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = (a | 1 << 63).multipliedFullWidth(by: b)
    return product.high ^ product.low ^ a
}

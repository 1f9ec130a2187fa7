import LLoCOTorch

/// A tensor's place in a file, stored as plain numbers of one dtype in row-major order.
struct TensorEntry: Sendable {
    let shape: [Int]
    let dtype: DType
    /// Within the file, checked; as long as shape and dtype say.
    let bytes: Range<Int>

    private func isAligned(in file: FileBytes) -> Bool {
        UInt(bitPattern: file.base + bytes.lowerBound) % UInt(dtype.byteCount) == 0
    }

    /// A matrix of floating numbers as it lies in the file; nil for another tensor, or where it is not aligned.
    func rows(in file: FileBytes) -> FileWeight.Rows? {
        guard shape.count == 2, !bytes.isEmpty, isAligned(in: file) else { return nil }
        return FileWeight.Rows(file[bytes], of: dtype, count: shape[0], columns: shape[1], owner: file)
    }

    /// The tensor, shared with the mapped file where dtype and alignment allow it.
    func tensor(in file: FileBytes, as wanted: DType?) throws -> Tensor {
        let aligned = isAligned(in: file)
        let bytes = file[bytes]
        let stored =
            aligned && !bytes.isEmpty
            ? try Tensor(sharing: bytes, shape: shape, dtype: dtype, owner: file)
            : try Tensor(copying: bytes, shape: shape, dtype: dtype)
        guard let wanted, wanted != dtype else { return stored }
        return try stored.to(wanted)
    }
}

/// The product of `shape`, or nil where a dimension is negative or the product does not fit an `Int`.
func elementCount(_ shape: some Sequence<Int>) -> Int? {
    var product = 1
    var hasZero = false
    for size in shape {
        guard size >= 0 else { return nil }
        if size == 0 {
            hasZero = true
            continue
        }
        let (next, overflow) = product.multipliedReportingOverflow(by: size)
        guard !overflow else { return nil }
        product = next
    }
    return hasZero ? 0 : product
}

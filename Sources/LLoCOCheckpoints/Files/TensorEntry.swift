import LLoCOTorch

/// An unquantized, row-major tensor in a file.
struct TensorEntry: Sendable {
    let shape: [Int]
    let dtype: DType
    /// The byte range in the file, already checked against the file's length, the shape and the dtype.
    let bytes: Range<Int>

    private func isAligned(in file: FileBytes) -> Bool {
        UInt(bitPattern: file.base + bytes.lowerBound) % UInt(dtype.byteCount) == 0
    }

    /// The rows of a floating-point matrix in the file; nil for any other tensor and for unaligned data.
    func rows(in file: FileBytes) -> FileWeight.Rows? {
        guard shape.count == 2, !bytes.isEmpty, isAligned(in: file) else { return nil }
        return FileWeight.Rows(file[bytes], of: dtype, count: shape[0], columns: shape[1], owner: file)
    }

    /// The tensor. It shares the mapped file if dtype and alignment allow it.
    func tensor(in file: FileBytes, as requested: DType?) throws -> Tensor {
        let aligned = isAligned(in: file)
        let bytes = file[bytes]
        let stored =
            aligned && !bytes.isEmpty
            ? try Tensor(sharing: bytes, shape: shape, dtype: dtype, owner: file)
            : try Tensor(copying: bytes, shape: shape, dtype: dtype)
        guard let requested, requested != dtype else { return stored }
        return try stored.to(requested)
    }
}

/// The product of `shape`; nil if a dimension is negative or the product does not fit an `Int`.
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

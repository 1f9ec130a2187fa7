import LLoCOBase
package import LLoCOCheckpoints
package import LLoCOTorch

/// Where a decoder's weights are while it computes on a CPU.
public enum WeightPlace: String, Sendable, CaseIterable {
    /// `file`: expanding some rows at a time costs a hundredth of a product with 500 rows, and reading all of them
    /// expanded as much as expanding them (Docs/performance.md)
    case automatic = "auto"
    /// as they are in their file, which is mapped: nothing is copied. In float32 and bfloat16 on a CPU; elsewhere expanded
    case file
    /// expanded in memory, in the computation's dtype, where memory allows; else in the file
    case dense

    /// Whether weights in their file can be multiplied.
    static func canStayInFile(_ dtype: DType, _ device: Device) -> Bool {
        device.kind == .cpu && (dtype == .float32 || dtype == .bfloat16)
    }

    /// `file` or `dense`, and where that is not what was asked for, why.
    ///
    /// - Parameter limit: bytes that this process may have. Expanded weights get three quarters of it: a process that
    ///   compresses and answers was measured to take 1.3 times their size.
    package func placed(
        _ configuration: LlamaConfiguration, dtype: DType, device: Device, limit: UInt64 = MemoryLimit.ofThisProcess
    ) -> (place: WeightPlace, remark: String?) {
        guard Self.canStayInFile(dtype, device) else {
            let reason = "they are expanded: in \(dtype) on \(device) weights are not multiplied in their file"
            return (.dense, self == .file ? reason : nil)
        }
        guard self == .dense else { return (.file, nil) }
        let bytes = UInt64(configuration.linearElements * dtype.byteCount)
        guard bytes > limit / 4 * 3 else { return (.dense, nil) }
        return (
            .file,
            "they stay in their file: expanded they take \(bytes / 1_000_000) MB, and this process may have "
                + "\(limit / 1_000_000) MB in all"
        )
    }
}

extension LlamaConfiguration {
    /// Numbers in all matrices: embeddings, linear layers and output head.
    package var linearElements: Int {
        let block = AdapterModule.allCases.reduce(0) { sum, module in
            let (input, output) = size(of: module)
            return sum + input * output
        }
        return (tiedEmbeddings ? 1 : 2) * vocabularySize * hiddenSize + layerCount * block
    }
}

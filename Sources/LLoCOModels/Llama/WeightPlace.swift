import LLoCOBase
package import LLoCOCheckpoints
package import LLoCOTorch

/// The place of a decoder's weights while it computes on a CPU.
public enum WeightPlace: String, Sendable, CaseIterable {
    /// `file`: dequantizing a few rows at a time costs a hundredth of a product with 500 rows, and reading all weights
    /// dequantized costs as much as dequantizing them (Docs/performance.md).
    case automatic = "auto"
    /// In the memory-mapped file, without a copy. Only in float32 and bfloat16 on a CPU; otherwise dense.
    case file
    /// Dequantized in memory, in the computation's dtype, if memory suffices; otherwise in the file.
    case dense

    /// Whether weights can be multiplied in their file.
    static func canStayInFile(_ dtype: DType, _ device: Device) -> Bool {
        device.kind == .cpu && (dtype == .float32 || dtype == .bfloat16)
    }

    /// `file` or `dense`, and the reason if this is not the requested place.
    ///
    /// - Parameter limit: this process's memory limit in bytes. Dense weights may take three quarters of it: a process
    ///   that compresses and answers takes 1.3 times their size (measured).
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
            "they stay in their file: expanded they take \(bytes / 1_000_000) MB, and this process's memory limit is "
                + "\(limit / 1_000_000) MB"
        )
    }
}

extension LlamaConfiguration {
    /// The number of elements of all matrices: embeddings, linear layers and output head.
    package var linearElements: Int {
        let block = AdapterModule.allCases.reduce(0) { sum, module in
            let (input, output) = size(of: module)
            return sum + input * output
        }
        return (tiedEmbeddings ? 1 : 2) * vocabularySize * hiddenSize + layerCount * block
    }
}

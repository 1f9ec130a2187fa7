import LLoCOBase
package import LLoCOModels
import LLoCOTorch

/// Whether a training step keeps what its backward pass needs, or keeps each layer's input and computes the layer once
/// more: a step over 1,500 tokens of full text took 14 % more time and half of the memory (990 MB over what is loaded
/// instead of 2,040). The results are the same but for rounding.
public enum GradientCheckpointing: String, Sendable, CaseIterable {
    /// `always` on a CPU where keeping would take more than half of the machine's memory, or of what a container may have
    /// of it, else `never`
    case automatic = "auto"
    case always
    case never

    /// - Parameter positions: that one pass of the step computes, over all sequences
    package func applies(to decoder: Llama, positions: Int) -> Bool {
        switch self {
        case .always: true
        case .never: false
        case .automatic:
            decoder.device == .cpu
                && UInt64(decoder.bytesForGradients(positions: positions)) > MemoryLimit.ofThisProcess / 2
        }
    }
}

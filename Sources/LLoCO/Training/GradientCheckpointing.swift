import Foundation
package import Models
import Torch

/// Whether a training step keeps what its way back needs, or keeps each layer's input and computes the layer once more:
/// a third more time for a small part of the memory. The results are the same but for rounding.
public enum GradientCheckpointing: String, Sendable, CaseIterable {
    /// `always` on a CPU where keeping would take more than half of the machine's memory, else `never`
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
                && UInt64(decoder.bytesForGradients(positions: positions)) > ProcessInfo.processInfo.physicalMemory / 2
        }
    }
}

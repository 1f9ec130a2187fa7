import Foundation
import LLoCOBase

extension ConfigurationReader {
    /// Reads the rotary embedding from the older keys (`rope_theta`, `rope_scaling`) or the newer one
    /// (`rope_parameters`; `rope_parameters.full_attention` if layers differ).
    ///
    /// - Parameter headSize: the head size, to which `partial_rotary_factor` applies
    /// - Throws: `CheckpointError` for an unsupported kind of scaling.
    func rope(headSize: Int, maximumPositions: Int) throws -> Rope {
        let parameters = try optionalObject("rope_parameters")
        let nested = try parameters?.optionalObject("full_attention")
        let scaling = try nested ?? parameters ?? optionalObject("rope_scaling")
        let partial =
            try scaling?.optionalNumber("partial_rotary_factor") ?? optionalNumber("partial_rotary_factor") ?? 1
        guard (0...1).contains(partial) else {
            throw file.fault("partial_rotary_factor \(partial)", expected: "0 to 1")
        }
        return Rope(
            theta: try scaling?.optionalNumber("rope_theta") ?? optionalNumber("rope_theta") ?? 10_000,
            scaling: try scaling.map { try ropeScaling($0, maximumPositions: maximumPositions) } ?? .none,
            dimensions: partial == 1 ? nil : Int(Double(headSize) * partial))
    }

    /// Reads the scaling from an object of rope parameters.
    func ropeScaling(_ scaling: ConfigurationReader, maximumPositions: Int) throws -> RopeScaling {
        /// The context window before scaling. The top-level key takes precedence.
        func original() throws -> Int {
            let key = "original_max_position_embeddings"
            return try optionalInteger(key) ?? scaling.integer(key, default: maximumPositions)
        }
        /// The ratio of the extended window to the original one.
        func factor() throws -> Double {
            if let factor = try scaling.optionalNumber("factor") { return factor }
            return Double(maximumPositions) / Double(max(1, try original()))
        }
        let type = try scaling.optionalString("rope_type") ?? scaling.optionalString("type")
        switch type {
        case "default": return .none
        case nil where scaling.object.value("factor") == nil && scaling.object.value("rope_theta") != nil: return .none
        case "linear": return .linear(factor: try scaling.number("factor"))
        case "llama3":
            return .llama3(
                factor: try scaling.number("factor"), lowFrequencyFactor: try scaling.number("low_freq_factor"),
                highFrequencyFactor: try scaling.number("high_freq_factor"), originalMaximumPositions: try original())
        case "dynamic":
            return .dynamic(factor: try scaling.number("factor"), originalMaximumPositions: maximumPositions)
        case "yarn" where scaling.object.value("long_factor") == nil:
            return .yarn(
                factor: try factor(), originalMaximumPositions: try original(),
                betaFast: try scaling.optionalNumber("beta_fast") ?? 32,
                betaSlow: try scaling.optionalNumber("beta_slow") ?? 1,
                attentionFactor: try scaling.optionalNumber("attention_factor")
                    ?? RopeScaling.yarnAttentionFactor(
                        factor(), scaling.optionalNumber("mscale"), scaling.optionalNumber("mscale_all_dim")),
                truncates: try scaling.bool("truncate", default: true))
        case "longrope", "su", "yarn":
            return .longRope(
                short: try scaling.numbers("short_factor"), long: try scaling.numbers("long_factor"),
                originalMaximumPositions: try original(),
                attentionFactor: try scaling.optionalNumber("attention_factor")
                    ?? RopeScaling.longRopeAttentionFactor(factor(), originalMaximumPositions: original()))
        default:
            throw file.fault(
                "\(scaling.prefix)rope_type \(type ?? "missing")",
                expected: "default, linear, llama3, dynamic, yarn or longrope", code: .unsupported)
        }
    }
}

extension RopeScaling {
    /// YaRN's default factor of cosines and sines: 0.1 · ln(factor) + 1. DeepSeek's two scales give a quotient of two
    /// such terms.
    static func yarnAttentionFactor(_ factor: Double, _ scale: Double? = nil, _ allDimensions: Double? = nil) -> Double
    {
        func term(_ scale: Double) -> Double { factor <= 1 ? 1 : 0.1 * scale * log(factor) + 1 }
        guard let scale, let allDimensions, scale != 0, allDimensions != 0 else { return term(1) }
        return term(scale) / term(allDimensions)
    }

    /// LongRoPE's default factor of cosines and sines: √(1 + ln(factor) / ln(original)).
    static func longRopeAttentionFactor(_ factor: Double, originalMaximumPositions: Int) -> Double {
        guard factor > 1, originalMaximumPositions > 1 else { return 1 }
        return (1 + log(factor) / log(Double(originalMaximumPositions))).squareRoot()
    }
}

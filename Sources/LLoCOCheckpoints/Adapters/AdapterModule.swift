/// A linear layer of a Llama layer that an adapter can change.
public enum AdapterModule: String, CaseIterable, Sendable {
    case query = "q_proj"
    case key = "k_proj"
    case value = "v_proj"
    case output = "o_proj"
    case gate = "gate_proj"
    case up = "up_proj"
    case down = "down_proj"

    /// The path within a layer, such as `self_attn.q_proj`.
    public var path: String {
        switch self {
        case .query, .key, .value, .output: "self_attn.\(rawValue)"
        case .gate, .up, .down: "mlp.\(rawValue)"
        }
    }

    /// Creates a module from its path within a layer; nil for any other path.
    public init?(path: some StringProtocol) {
        guard let module = Self.allCases.first(where: { $0.path == path }) else { return nil }
        self = module
    }
}

/// One linear layer of a model, as the target of a pair of LoRA matrices.
public struct AdapterTarget: Hashable, Sendable {
    /// Index of the decoder layer, from 0.
    public var layer: Int
    /// The linear layer within the decoder layer.
    public var module: AdapterModule

    /// Creates a target from a layer index and a module.
    public init(layer: Int, module: AdapterModule) {
        self.layer = layer
        self.module = module
    }

    /// The layer's name in the model, such as `model.layers.0.self_attn.q_proj`.
    public var path: String { "model.layers.\(layer).\(module.path)" }
}

extension AdapterTarget: Comparable {
    public static func < (first: AdapterTarget, second: AdapterTarget) -> Bool {
        (first.layer, first.module.path) < (second.layer, second.module.path)
    }
}

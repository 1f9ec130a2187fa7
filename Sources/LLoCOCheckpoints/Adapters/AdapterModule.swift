/// The linear layers of a Llama layer that an adapter can change.
public enum AdapterModule: String, CaseIterable, Sendable {
    case query = "q_proj"
    case key = "k_proj"
    case value = "v_proj"
    case output = "o_proj"
    case gate = "gate_proj"
    case up = "up_proj"
    case down = "down_proj"

    /// Its place within a layer, such as `self_attn.q_proj`.
    public var path: String {
        switch self {
        case .query, .key, .value, .output: "self_attn.\(rawValue)"
        case .gate, .up, .down: "mlp.\(rawValue)"
        }
    }

    /// The module at a place within a layer.
    public init?(path: some StringProtocol) {
        guard let module = Self.allCases.first(where: { $0.path == path }) else { return nil }
        self = module
    }
}

/// A linear layer of the whole model.
public struct AdapterTarget: Hashable, Sendable {
    /// The layer's number, from 0
    public var layer: Int
    /// Which of the layer's linear layers
    public var module: AdapterModule

    /// A linear layer by its place.
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

/// A tensor name in an adapter file, such as `base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight`.
///
/// An adapter name such as `default` may precede `weight`, as in the state dict of a whole PEFT model.
struct AdapterKey {
    let target: AdapterTarget
    let isA: Bool
    /// The layer's path in the model that the adapter was trained on.
    let path: String
    /// The adapter name in the tensor name, if any.
    let adapter: String?

    /// - Returns: nil if the name does not belong to a LoRA matrix of a Llama layer.
    init?(_ name: String) {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        // Adapters of a model without a head (LlamaModel) have one `model` less.
        guard let start = parts.firstIndex(of: "layers"), (2...3).contains(start),
            parts[..<start].elementsEqual(["base_model", "model", "model"].prefix(start)),
            (start + 6...start + 7).contains(parts.count), parts.last == "weight",
            let layer = Int(parts[start + 1]), (0..<4096).contains(layer), String(layer) == parts[start + 1],
            let module = AdapterModule(path: parts[(start + 2)...(start + 3)].joined(separator: ".")),
            parts[start + 4] == "lora_A" || parts[start + 4] == "lora_B"
        else { return nil }
        target = AdapterTarget(layer: layer, module: module)
        isA = parts[start + 4] == "lora_A"
        path = parts[2..<(start + 4)].joined(separator: ".")
        adapter = parts.count == start + 7 ? String(parts[start + 5]) : nil
    }

    static func name(_ target: AdapterTarget, isA: Bool) -> String {
        "base_model.model.\(target.path).lora_\(isA ? "A" : "B").weight"
    }
}

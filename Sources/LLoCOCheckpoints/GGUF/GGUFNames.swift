/// Translation of GGUF tensor names to Hugging Face names.
enum GGUFNames {
    private static let global = [
        "token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head",
    ]

    private static let layer = [
        "attn_norm": "input_layernorm",
        "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj",
        "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm",
        "ffn_norm": "post_attention_layernorm",
        "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
    ]

    /// The Hugging Face name of a tensor, or `name` itself if it has none, like `rope_freqs.weight`.
    ///
    /// - Parameter others: names of the file's family that differ from Llama's
    static func huggingFace(_ name: String, others: [String: String] = [:]) -> String {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard let kind = parts.last, kind == "weight" || kind == "bias" else { return name }
        if parts.count == 2, let global = global[parts[0]] { return "\(global).\(kind)" }
        if parts.count == 4, parts[0] == "blk", let number = Int(parts[1]), String(number) == parts[1],
            let layer = others[parts[2]] ?? layer[parts[2]]
        {
            return "model.layers.\(number).\(layer).\(kind)"
        }
        return name
    }
}

/// The supported model families, and the known unsupported ones.
enum ModelFamilies {
    static let all: [any ModelFamily] = [
        LlamaFamily(), MistralFamily(), Ministral3Family(), Qwen2Family(), Qwen3Family(), Gemma3Family(),
        SmolLM3Family(), Phi3Family(), OLMo2Family(), GraniteFamily(),
    ]

    /// The family of a GGUF file; the first of several with the same architecture.
    static func family(gguf architecture: String?) -> (any ModelFamily)? {
        all.first { $0.ggufArchitecture == architecture }
    }

    /// The reasons why families are unsupported, by `model_type` or `general.architecture`.
    static let refused: [String: String] = {
        let reasons = [
            "which has convolution layers": ["lfm2"],
            "which has gated delta net layers": ["qwen3_next", "qwen3next", "qwen3_5", "qwen35", "qwen3_5_text"],
            "which has Mamba layers": [
                "granitemoehybrid", "granitehybrid", "mamba", "mamba2", "falcon_h1", "falcon-h1", "jamba", "bamba",
                "nemotron_h", "zamba2",
            ],
            "whose layers share keys and values": [
                "gemma3n", "gemma3n_text", "gemma4", "gemma4_text", "gemma4_unified",
            ],
            "which has logit softcapping": ["gemma2"],
            "a mixture of experts": [
                "mixtral", "qwen2_moe", "qwen2moe", "qwen3_moe", "qwen3moe", "qwen3_5_moe", "qwen35moe", "lfm2_moe",
                "lfm2moe", "granitemoe", "granitemoeshared", "olmoe", "phimoe", "gpt_oss", "gpt-oss", "deepseek",
                "deepseek2", "deepseek_v2", "deepseek_v3", "llama4", "llama4_text", "dbrx", "glm4_moe", "glm4moe",
                "mistral4", "ernie4_5_moe", "ernie4_5-moe",
            ],
        ]
        var result: [String: String] = [:]
        for (reason, names) in reasons { for name in names { result[name] = reason } }
        return result
    }()
}

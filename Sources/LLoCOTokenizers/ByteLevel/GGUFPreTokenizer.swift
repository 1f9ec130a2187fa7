/// The pre-tokenizer for a name in `tokenizer.ggml.pre` of a GGUF file.
///
/// The names are those that llama.cpp's converter gives to known tokenizers. Several names share one expression.
struct GGUFPreTokenizer: Sendable, Hashable {
    var stages: [PreTokenizer.Stage]

    /// Whether a word that is a token is encoded as that token, without merging.
    var prefersWholeWords = false

    /// Whether a BOS token is added if the file does not say so.
    var addsBeginningOfText = false

    /// - Throws: ``TokenizerError`` for an unknown name: a wrong guess would silently give wrong ids.
    init(named name: String, location: String) throws(TokenizerError) {
        switch name {
        case "gpt-2", "gpt2", "phi-2", "olmo", "mpt", "jais", "exaone4", "mellum", "granite-docling", "trillion",
            "a.x-4.0", "gigachat":
            stages = [.pattern(.gpt2)]
        case "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2":
            stages = [.digits(individual: true), .pattern(.gpt2)]
        case "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2":
            stages = [.pattern(.llama3(digits: 3))]
            prefersWholeWords = true
            addsBeginningOfText = true
        case "smaug-bpe", "dbrx", "chatglm-bpe":
            stages = [.pattern(.llama3(digits: 3))]
        case "glm4":
            stages = [.pattern(.llama3(digits: 3))]
            prefersWholeWords = true
        case "qwen2", "deepseek-r1-qwen", "stablelm2", "megrez", "hunyuan", "solar-open", "grok-2", "kormo", "f2llmv2":
            stages = [.pattern(.llama3(digits: 1))]
        case "tekken":
            stages = [.pattern(.cased(digits: 1, contractions: false))]
            prefersWholeWords = true
            addsBeginningOfText = true
        case "gpt-4o", "llama4", "kanana2", "minimax-m2":
            stages = [.pattern(.cased(digits: 3, contractions: true))]
        default:
            throw .unsupported(
                location,
                "tokenizer.ggml.pre is \(TokenizerError.quoted(name)); supported values include gpt-2, smollm, "
                    + "starcoder, refact, olmo, phi-2, llama-bpe, falcon3, smaug-bpe, dbrx, qwen2, megrez, tekken and "
                    + "gpt-4o")
        }
    }
}

extension GGUFPreTokenizer {
    /// A token with an id that identifies a family's vocabulary.
    private struct Landmark {
        let token: String
        let id: Int
        let name: String
    }

    /// The more specific landmarks come first: SmolLM3 has Llama 3's vocabulary plus its own markers.
    private static let landmarks = [
        Landmark(token: "<|im_start|>", id: 128_011, name: "smaug-bpe"),  // SmolLM3
        Landmark(token: "<|begin_of_text|>", id: 128_000, name: "llama-bpe"),  // Llama 3
        Landmark(token: "<|begin_of_text|>", id: 200_000, name: "llama4"),
        Landmark(token: "<|endoftext|>", id: 151_643, name: "qwen2"),  // Qwen 1.5 to 3
        Landmark(token: "<｜end▁of▁sentence｜>", id: 151_643, name: "deepseek-r1-qwen"),
        Landmark(token: "[INST]", id: 3, name: "tekken"),  // Mistral Nemo to Ministral 3
        Landmark(token: "<|endoftext|>", id: 199_999, name: "gpt-4o"),  // Phi-4-mini
        Landmark(token: "<|endoftext|>", id: 100_257, name: "dbrx"),  // OLMo 2, Phi-4
        Landmark(token: "<|end_of_text|>", id: 100_257, name: "dbrx"),  // Granite 4
        Landmark(token: "<fim_prefix>", id: 1, name: "refact"),  // StarCoder, Granite 3
        Landmark(token: ">>TITLE<<", id: 0, name: "falcon3"),
        Landmark(token: "<|endoftext|>", id: 50_256, name: "gpt-2"),  // GPT-2, Phi-2
        Landmark(token: "<|padding|>", id: 1, name: "olmo"),
        // SmolLM2: transformers, the reference, uses GPT-2's pre-tokenizer for this vocabulary.
        Landmark(token: "<|im_start|>", id: 1, name: "gpt-2"),
    ]

    /// The pre-tokenizer name for the vocabulary of a file without a name; nil for an unknown vocabulary.
    static func name(of tokens: [String]) -> String? {
        landmarks.first { $0.id < tokens.count && tokens[$0.id].utf8.elementsEqual($0.token.utf8) }?.name
    }
}

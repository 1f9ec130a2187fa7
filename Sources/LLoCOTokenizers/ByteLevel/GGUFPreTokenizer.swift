/// What a GGUF file's name in `tokenizer.ggml.pre` stands for.
///
/// The names are those that llama.cpp's converter gives to tokenizers it knows; several stand for one expression.
struct GGUFPreTokenizer: Sendable, Hashable {
    var stages: [PreTokenizer.Stage]

    /// Whether a word that is a token is that token, whatever its merges would make of it.
    var takesWholeWords = false

    /// Whether the beginning of text goes in front where the file does not say.
    var addsBeginningOfText = false

    /// - Throws: ``TokenizerError`` for a name that is not known: a wrong guess would give wrong ids without a word.
    init(named name: String, location: String) throws(TokenizerError) {
        switch name {
        case "gpt-2", "gpt2", "phi-2", "olmo", "mpt", "jais", "exaone4", "mellum", "granite-docling", "trillion",
            "a.x-4.0", "gigachat":
            stages = [.pattern(.gpt2)]
        case "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2":
            stages = [.digits(individual: true), .pattern(.gpt2)]
        case "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2":
            stages = [.pattern(.llama3(digits: 3))]
            takesWholeWords = true
            addsBeginningOfText = true
        case "smaug-bpe", "dbrx", "chatglm-bpe":
            stages = [.pattern(.llama3(digits: 3))]
        case "glm4":
            stages = [.pattern(.llama3(digits: 3))]
            takesWholeWords = true
        case "qwen2", "deepseek-r1-qwen", "stablelm2", "megrez", "hunyuan", "solar-open", "grok-2", "kormo", "f2llmv2":
            stages = [.pattern(.llama3(digits: 1))]
        case "tekken":
            stages = [.pattern(.cased(digits: 1, contractions: false))]
            takesWholeWords = true
            addsBeginningOfText = true
        case "gpt-4o", "llama4", "kanana2", "minimax-m2":
            stages = [.pattern(.cased(digits: 3, contractions: true))]
        default:
            throw .unsupported(
                location,
                "tokenizer.ggml.pre is \(TokenizerError.quoted(name)); known are gpt-2, smollm, starcoder, refact, olmo, "
                    + "phi-2, llama-bpe, falcon3, smaug-bpe, dbrx, qwen2, megrez, tekken and gpt-4o")
        }
    }
}

extension GGUFPreTokenizer {
    /// A token that a family's vocabulary has at a place where no other has it.
    private struct Landmark {
        let token: String
        let id: Int
        let name: String
    }

    /// The more special come first: SmolLM3 has Llama 3's vocabulary with markers of its own.
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
        // transformers, whose ids are the reference for SmolLM2, cuts this vocabulary's words as GPT-2 does.
        Landmark(token: "<|im_start|>", id: 1, name: "gpt-2"),
    ]

    /// The name for a vocabulary whose file has none; nil for one that is not known.
    static func name(of tokens: [String]) -> String? {
        landmarks.first { $0.id < tokens.count && tokens[$0.id].utf8.elementsEqual($0.token.utf8) }?.name
    }
}

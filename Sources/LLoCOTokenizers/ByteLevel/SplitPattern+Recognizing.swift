extension SplitPattern {
    /// The scanner for a regular expression of a `tokenizer.json`, or nil for an expression without one.
    init?(expression: String) {
        switch expression {
        case #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
            #"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#:
            self = .gpt2
        case Self.llama3Expression(digits: #"\p{N}{1,3}"#):
            self = .llama3(digits: 3)
        case Self.llama3Expression(digits: #"\p{N}"#):
            self = .llama3(digits: 1)
        default:
            return nil
        }
    }

    private static func llama3Expression(digits: String) -> String {
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + digits
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }
}

extension PreTokenizer {
    /// The pre-tokenizer that a GGUF file names in `tokenizer.ggml.pre`.
    ///
    /// - Throws: ``TokenizerError`` for a name that is not known: a wrong guess would give wrong ids without a word.
    init(gguf name: String?, location: String) throws(TokenizerError) {
        switch name {
        case nil, "gpt-2", "gpt2":
            self.init(stages: [.pattern(.gpt2)])
        case "smollm", "starcoder", "refact", "command-r", "codeshell":
            self.init(stages: [.digits(individual: true), .pattern(.gpt2)])
        case "llama3", "llama-v3", "llama-bpe", "smaug-bpe", "dbrx":
            self.init(stages: [.pattern(.llama3(digits: 3))])
        case "qwen2", "deepseek-r1-qwen", "stablelm2":
            self.init(stages: [.pattern(.llama3(digits: 1))])
        case let name?:
            throw .unsupported(
                location,
                "tokenizer.ggml.pre is \(TokenizerError.quoted(name)); known are gpt-2, smollm, llama-bpe and qwen2")
        }
    }
}

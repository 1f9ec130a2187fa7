extension SplitPattern {
    /// The scanner for a regular expression in a `tokenizer.json`; nil for an unsupported expression.
    init?(expression: String) {
        switch expression {
        case #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
            #"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#:
            self = .gpt2
        case #"[^\r\n\p{L}\p{N}]?"# + Self.smallEnding + #"|[^\r\n\p{L}\p{N}]?"# + Self.capitalEnding
            + #"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|"# + Self.spaces:
            self = .cased(digits: 1, contractions: false)
        case #"[^\r\n\p{L}\p{N}]?"# + Self.smallEnding + Self.contraction + #"?|[^\r\n\p{L}\p{N}]?"#
            + Self.capitalEnding + Self.contraction + #"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|"# + Self.spaces:
            self = .cased(digits: 3, contractions: true)
        default:
            let digits = [#"\p{N}{1,3}"#: 3, #"\p{N}"#: 1].first { digits, _ in
                Self.llama3Expressions(digits: digits).contains(expression)
            }
            guard let digits else { return nil }
            self = .llama3(digits: digits.value)
        }
    }

    private static let contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    private static let smallEnding = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"#
    private static let capitalEnding = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"#
    private static let spaces = #"\s*[\r\n]+|\s+(?!\S)|\s+"#

    /// The two spellings of Llama 3's expression: the common one, and tiktoken's newer one with possessive quantifiers
    /// and a single line end. Both match the same text.
    private static func llama3Expressions(digits: String) -> [String] {
        [
            contraction + #"|[^\r\n\p{L}\p{N}]?\p{L}+|"# + digits + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|"# + spaces,
            #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|"# + digits
                + #"| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"#,
        ]
    }
}

import LLoCO
import LLoCOModels
import LLoCOTokenizers

/// The log-probabilities of an answer's tokens in OpenAI's formats.
struct LogProbabilities: Sendable {
    private let tokens: [Token]

    struct Token: Encodable, Sendable {
        let token: String
        let logprob: Double
        let bytes: [UInt8]
        var topLogprobs: [Token]?

        fileprivate init(_ candidate: TokenLogProbability.Candidate, _ tokenizer: any Tokenizer) {
            // A token may be part of a character, which only its bytes represent.
            let tokenBytes = tokenizer.bytes(of: candidate.id)
            token =
                tokenBytes.isEmpty
                ? tokenizer.decode([candidate.id], skippingSpecial: false) : String(decoding: tokenBytes, as: UTF8.self)
            bytes = tokenBytes.isEmpty ? Array(token.utf8) : tokenBytes
            logprob = candidate.logProbability
        }
    }

    /// Returns nil if log-probabilities were not requested.
    init?(_ answer: Answer, _ tokenizer: any Tokenizer) {
        guard !answer.logProbabilities.isEmpty else { return nil }
        tokens = answer.logProbabilities.map { place in
            var token = Token(place.chosen, tokenizer)
            token.topLogprobs = place.likeliest.map { Token($0, tokenizer) }
            return token
        }
    }

    /// The format of chat completions.
    struct Chat: Encodable, Sendable {
        let content: [Token]
    }

    /// The format of text completions.
    struct Text: Encodable, Sendable {
        let tokens: [String]
        let tokenLogprobs: [Double]
        let topLogprobs: [[String: Double]]
        let textOffset: [Int]
    }

    var chat: Chat { Chat(content: tokens) }

    var text: Text {
        var offsets: [Int] = []
        var offset = 0
        for token in tokens {
            offsets.append(offset)
            offset += token.token.unicodeScalars.count
        }
        return Text(
            tokens: tokens.map(\.token), tokenLogprobs: tokens.map(\.logprob),
            topLogprobs: tokens.map { token in
                Dictionary((token.topLogprobs ?? []).map { ($0.token, $0.logprob) }) { first, _ in first }
            }, textOffset: offsets)
    }
}

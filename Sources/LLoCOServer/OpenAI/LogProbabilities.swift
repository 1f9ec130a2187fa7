import LLoCO
import LLoCOModels
import LLoCOTokenizers

/// How likely an answer's tokens were, in OpenAI's forms.
struct LogProbabilities: Sendable {
    private let tokens: [Token]

    struct Token: Encodable, Sendable {
        let token: String
        let logprob: Double
        let bytes: [UInt8]
        var topLogprobs: [Token]?

        fileprivate init(_ candidate: TokenLogProbability.Candidate, _ tokenizer: any Tokenizer) {
            // A token may be part of a character: its bytes say which.
            let own = tokenizer.bytes(of: candidate.id)
            token =
                own.isEmpty
                ? tokenizer.decode([candidate.id], skippingSpecial: false) : String(decoding: own, as: UTF8.self)
            bytes = own.isEmpty ? Array(token.utf8) : own
            logprob = candidate.logProbability
        }
    }

    /// nil where they were not asked for.
    init?(_ answer: Answer, _ tokenizer: any Tokenizer) {
        guard !answer.logProbabilities.isEmpty else { return nil }
        tokens = answer.logProbabilities.map { place in
            var token = Token(place.chosen, tokenizer)
            token.topLogprobs = place.likeliest.map { Token($0, tokenizer) }
            return token
        }
    }

    /// As a chat's choice has them
    struct Chat: Encodable, Sendable {
        let content: [Token]
    }

    /// As a completion's choice has them
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

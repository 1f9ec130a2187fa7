import LLoCO
import LLoCOBase

/// An answer with its sources and figures, from this process or from a server.
struct GivenAnswer: Encodable {
    var answer = ""
    var mode = ""
    var documents: [String] = []
    var passages: [Answer.Passage] = []
    var contextTokens = 0
    var promptTokens = 0
    var generatedTokens = 0
    var seconds = AnswerSeconds(retrieve: 0, prefill: 0, decode: 0, total: 0)
    /// The omissions from the context, one line each
    var omissions: [String] = []
    /// Whether the maximum number of tokens ended it
    var isCut = false

    enum CodingKeys: String, CodingKey {
        case answer, mode, documents, passages, seconds
        case contextTokens = "context_tokens"
        case promptTokens = "prompt_tokens"
        case generatedTokens = "generated_tokens"
    }

    init() {}

    init(_ answer: Answer) {
        (self.answer, mode) = (answer.answer, answer.mode.rawValue)
        (documents, passages) = (answer.documents, answer.passages)
        (contextTokens, promptTokens) = (answer.contextTokens, answer.promptTokens)
        (generatedTokens, seconds, omissions) = (answer.generatedTokens, answer.seconds, answer.omissions)
        isCut = answer.end == .length
    }

    /// Adds a chunk of a server's answer.
    ///
    /// - Returns: the text of the chunk
    mutating func take(_ chunk: JSONFields) throws -> String {
        if chunk.has("error") { throw CommandError(try chunk.fields("error").text("message")) }
        if chunk.has("usage") {
            let usage = try chunk.fields("usage")
            promptTokens = try usage.integer("prompt_tokens") ?? 0
            generatedTokens = try usage.integer("completion_tokens") ?? 0
        }
        if chunk.has("lloco") { try take(basis: chunk.fields("lloco")) }
        guard let choice = try chunk.objects("choices").first else { return "" }
        isCut = try choice.string("finish_reason") == "length" || isCut
        let piece = try choice.fields("delta").string("content") ?? ""
        answer += piece
        return piece
    }

    private mutating func take(basis: JSONFields) throws {
        mode = try basis.text("mode")
        (documents, omissions) = (try basis.strings("documents"), try basis.strings("omissions"))
        passages = try basis.objects("passages").map { passage in
            Answer.Passage(
                document: try passage.text("document"), start: try passage.integer("start") ?? 0,
                end: try passage.integer("end") ?? 0, score: passage.optional("score")?.double ?? 0)
        }
        contextTokens = try basis.integer("context_tokens") ?? 0
        let seconds = try basis.fields("seconds")
        func value(_ key: String) -> Double { seconds.optional(key)?.double ?? 0 }
        self.seconds = AnswerSeconds(
            retrieve: value("retrieve"), prefill: value("prefill"), decode: value("decode"), total: value("total"))
    }

    /// Prints the sources and figures of a streamed answer, or the whole answer as JSON.
    func show(json: Bool) throws {
        // Before the notes, which clear an unfinished line of the terminal.
        if !json { Terminal.write("\n\n") }
        for omission in omissions { Terminal.note(omission) }
        if isCut { Terminal.note(Text.cut("the answer", after: generatedTokens)) }
        if json {
            try Terminal.json(self)
            return
        }
        for passage in passages {
            Terminal.print("  \(passage.document) [\(passage.start)–\(passage.end)]")
        }
        Terminal.print(
            "  \(mode)\(documents.isEmpty ? "" : " from \(documents.joined(separator: ", "))"): "
                + "\(contextTokens) context tokens, \(promptTokens) in the prompt, \(generatedTokens) generated, "
                + "\(Text.seconds(seconds.total))")
    }
}

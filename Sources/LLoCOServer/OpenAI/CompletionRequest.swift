import LLoCOBase

/// What `/v1/completions` asks: a text to go on with, behind what is read of the documents.
struct CompletionRequest {
    let answer: AnswerRequest
    let prompt: String

    init(_ body: [UInt8], _ configuration: ServerConfiguration, window: Int) throws {
        let fields = try RequestFields(body)
        answer = try AnswerRequest(fields, own: ["prompt"], configuration, window: window)
        let prompts = try fields.stringOrStrings("prompt")
        guard prompts.count == 1, let prompt = prompts.first else {
            throw APIError.invalid("\"prompt\": expected one string", parameter: "prompt")
        }
        self.prompt = prompt
    }
}

import Foundation
import LLoCOBase
import LLoCOTestSupport
import LLoCOTokenizers
import Testing

/// Chat templates of current model families, compared with Jinja.
@Suite struct FamilyChatTests {
    /// `family-chats.json`: conversations rendered by Jinja.
    struct Chats: Decodable {
        struct Template: Decodable {
            let text: String
            let bos: String
            let eos: String
        }
        struct Message: Decodable {
            let role: String
            let content: String
        }
        struct Case: Decodable {
            let template: String
            let conversation: Int
            let prompt: Bool
            /// nil if the template refuses the conversation.
            let text: String?
        }
        let templates: [String: Template]
        let conversations: [[Message]]
        let cases: [Case]

        func messages(_ index: Int) throws -> [ChatMessage] {
            try conversations[index].map {
                ChatMessage(try #require(ChatMessage.Role(rawValue: $0.role)), $0.content)
            }
        }
    }

    static let formats: [String: ChatTemplate.Format] = [
        "qwen2.5": .chatML, "qwen3": .qwen3, "smollm3": .smolLM3, "smollm3-closed": .smolLM3, "llama3": .llama3,
        "mistral-v0": .mistralV1, "mistral-v1": .mistralV1, "mistral-v3": .mistralV3, "mistral-tekken": .mistralTekken,
        "mistral-v7": .mistralV3, "ministral3": .mistralTekken, "gemma2": .gemma, "gemma3": .gemma, "phi3": .phi3,
        "phi4": .phi4, "phi4-mini": .phi4Mini, "granite3.0": .granite, "granite3.1": .granite, "granite4": .granite,
        "olmo2": .olmo2, "zephyr": .zephyr, "chatml-escaped": .chatML, "chatml-thinking": .chatML, "qwq": .chatML,
        "qwen3-thinking": .chatML, "llama3-thinking": .llama3, "mistral-small": .mistralTekken,
    ]

    static func chats() throws -> Chats {
        try TokenizerFiles.decode(Chats.self, from: TestFiles.tokenizers.appending(path: "family-chats.json"))
    }

    @Test func formatsAreRecognised() throws {
        let chats = try Self.chats()
        #expect(Set(chats.templates.keys) == Set(Self.formats.keys))
        for (name, template) in chats.templates {
            #expect(try ChatTemplate(recognizing: template.text).format == Self.formats[name], "\(name)")
        }
    }

    @Test(arguments: formats.keys.sorted()) func renderingMatchesJinja(name: String) throws {
        let chats = try Self.chats()
        let template = try ChatTemplate(recognizing: try #require(chats.templates[name]).text)
        let cases = chats.cases.filter { $0.template == name }
        #expect(!cases.isEmpty)
        for expected in cases {
            let messages = try chats.messages(expected.conversation)
            if let text = expected.text {
                let rendered = try template.render(messages, addGenerationPrompt: expected.prompt)
                #expect(rendered == text, "\(expected.conversation)")
                // Contents stay separate from markers, also where the format merges messages.
                let contents = try template.segments(messages, addGenerationPrompt: expected.prompt)
                    .filter(\.isContent).map(\.text).joined(separator: "|")
                #expect(messages.filter { $0.role == .user }.allSatisfy { contents.contains($0.content.trimmed) })
            } else {
                #expect(throws: TokenizerError.self, "\(expected.conversation)") {
                    try template.render(messages, addGenerationPrompt: expected.prompt)
                }
            }
        }
    }

    /// A template may contain its line ends literally or as escapes.
    @Test(arguments: formats.keys.sorted()) func literalLineEndsEqualEscapes(name: String) throws {
        let chats = try Self.chats()
        let text = try #require(chats.templates[name]).text
        let plain = text.split(separator: "\\n", omittingEmptySubsequences: false).joined(separator: "\n")
        #expect(try ChatTemplate(recognizing: plain) == ChatTemplate(recognizing: text))
    }

    @Test(arguments: formats.keys.sorted()) func windowsLineEndsAreNormalized(name: String) throws {
        let text = try #require(Self.chats().templates[name]).text
        let other = text.replacing("\n", with: "\r\n")
        #expect(try ChatTemplate(recognizing: other) == ChatTemplate(recognizing: text))
    }

    private static let turns =
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}"
    private static let opening = "{{ '<|im_start|>assistant\n' }}"

    /// The end of a template, and the expected text after the opening of an answer; nil if it is unknown.
    struct Ending: Sendable {
        let text: String
        let expected: String?

        /// Creates an ending from the whole end of a template.
        init(_ text: String, _ expected: String?) { (self.text, self.expected) = (text, expected) }

        /// Creates an ending from the template's text after the opening.
        static func afterOpening(_ text: String, before: String = "", _ expected: String?) -> Ending {
            Ending("\(before){% if add_generation_prompt %}\(opening)\(text){% endif %}", expected)
        }
    }

    static let endings: [Ending] = [
        .afterOpening("{% if think %}{{ '<think>' }}{% endif %}", ""),
        .afterOpening(
            "{% if enable_thinking == false %}{{ '<think></think>' }}{% else %}<think>{% endif %}", "<think></think>"),
        .afterOpening("{% if not enable_thinking %}<think></think>{% endif %}", "<think></think>"),
        .afterOpening(
            "{% set quick = true %}{% if not quick %}<think>{% elif quick or messages %}\\boxed"
                + "{% else %}<think>{% endif %}",
            "\\boxed"),
        .afterOpening(
            "{% if not enable_thinking %}<think></think>{% endif %}",
            before:
                "{% set enable_thinking = true %}{% if '/no_think' in x %}{% set enable_thinking = false %}{% endif %}",
            ""),
        .afterOpening(
            "{% if not enable_thinking %}<think></think>{% endif %}",
            before: "{% if enable_thinking is not defined %}{% set enable_thinking = true %}{% endif %}",
            "<think></think>"),
        .afterOpening("{{ thought }}", ""),
        .afterOpening("{% if messages[0].role == 'system' %}<think>{% endif %}", nil),
        .afterOpening("{% if messages %}{{ '<think>' }}{% endif %}", nil),
        .afterOpening("{% for t in x %}<think>{% endfor %}", nil),
        Ending("{% if loop.last and add_generation_prompt %}<|im_start|>assistant\n<think>{% endif %}", "<think>"),
        Ending("{{ '<|im_start|>assistant\\n<think>' ~ ('x' if y else '') if add_generation_prompt }}", nil),
        Ending(opening, ""), Ending("<|im_start|>assistant\n<think>", nil),
    ]

    @Test(arguments: endings)
    func promptEndsDependOnKnownConditions(ending: Ending) throws {
        guard let expected = ending.expected else {
            let error = #expect(throws: TokenizerError.self) { try ChatTemplate(recognizing: Self.turns + ending.text) }
            #expect(error?.description.contains("chatml, whose answers may begin with thoughts") == true)
            #expect(error?.hint == .chooseChatTemplate)
            return
        }
        let template = try ChatTemplate(recognizing: Self.turns + ending.text)
        let rendered = try template.render([.init(.user, "u")], addGenerationPrompt: true)
        #expect(rendered == "<|im_start|>user\nu<|im_end|>\n<|im_start|>assistant\n" + expected)
    }

    @Test(arguments: [#"\x4"#, #"\xg1"#, #"\u12"#, #"\U00110000"#, #"\N{BULLET}"#])
    func malformedEscapesAreIgnored(escape: String) throws {
        let text = "{% set default_system_message = 'a\(escape)' %}[SYSTEM_PROMPT][INST][/INST]"
        #expect(try ChatTemplate(recognizing: text).defaultSystemMessage == nil)
        let valid = "{% set default_system_message = 'a\(#"\x41\7\1234"#)' %}[SYSTEM_PROMPT][INST][/INST]"
        #expect(try ChatTemplate(recognizing: valid).defaultSystemMessage == "aA\u{7}S4")
    }

    @Test func namedFormatsAreRendered() throws {
        #expect(ChatTemplate.Format.names.hasSuffix("zephyr or none"))
        let messages = [ChatMessage(.user, "u"), ChatMessage(.assistant, "a"), ChatMessage(.user, "v")]
        for format in ChatTemplate.Format.allCases {
            let template = try ChatTemplate.named(format.rawValue)
            let text = try template.render(messages, addGenerationPrompt: true)
            #expect(template.format == format && text.contains("v"))
        }
        #expect(
            try ChatTemplate.named("gemma").render([.init(.system, "s")] + messages, addGenerationPrompt: true)
                == "<bos><start_of_turn>user\ns\n\nu<end_of_turn>\n<start_of_turn>model\na<end_of_turn>\n"
                + "<start_of_turn>user\nv<end_of_turn>\n<start_of_turn>model\n")
        #expect(
            try ChatTemplate.named("mistral-v3").render(messages, addGenerationPrompt: true)
                == "<s>[INST] u[/INST] a</s>[INST] v[/INST]")
        #expect(
            try ChatTemplate.named("qwen3").render(messages, addGenerationPrompt: true).hasSuffix(
                "v<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"))
    }
}

extension String {
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}

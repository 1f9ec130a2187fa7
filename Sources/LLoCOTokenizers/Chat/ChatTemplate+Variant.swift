extension ChatTemplate {
    /// The differences between templates of one format.
    struct Variant: Sendable, Hashable {
        /// The position of a system message.
        enum SystemPlacement: Sendable, Hashable {
            case ownTurn
            /// Before the first question, separated by ``Variant/systemSeparator``.
            case firstUserTurn
            /// Before the last question, separated by ``Variant/systemSeparator``.
            case lastUserTurn
            /// The template does not support a system message.
            case refused
        }

        /// The markers of Mistral's formats. The formats differ only in the spaces around them.
        struct Instruction: Sendable, Hashable {
            /// `[INST]` with its spaces.
            var opening = "[INST]"
            /// `[/INST]` with its spaces.
            var closing = "[/INST]"
            /// The text between the marker and an answer.
            var beforeAnswer = ""
            /// The text after the end of an answer.
            var afterAnswer = ""
            var systemOpening = "[SYSTEM_PROMPT]"
            var systemClosing = "[/SYSTEM_PROMPT]"

            init() {}

            init(_ format: Format) {
                switch format {
                case .mistralV1: (opening, closing, beforeAnswer) = (" [INST] ", " [/INST]", " ")
                case .mistralV3: (opening, beforeAnswer) = ("[INST] ", " ")
                default: break
                }
            }
        }

        var system = SystemPlacement.ownTurn
        var systemSeparator = "\n\n"

        /// Whether the template requires alternating turns of user and assistant.
        var alternates = false

        var instruction = Instruction()

        /// Whether white space around answers is stripped even if it is kept around questions.
        var trimsAnswers = false

        /// The text after an EOS token that ends a turn.
        var separator = ""

        /// Whether the separator also follows the last turn.
        var separatesLast = true

        /// The empty block of thoughts at the beginning of an answer.
        var thought = ""

        /// The end of the generation prompt; nil for the empty block of thoughts.
        var promptEnd: String?

        /// Whether thoughts are removed from the answers of earlier turns.
        var dropsThoughts = false

        /// Whether leading line ends are removed from earlier answers even if they have no thoughts.
        var dropsLeadingLines = false

        /// Whether SmolLM3's system turn has a closing marker. The original template omits it if there are no tools.
        var endsSystemTurn = false

        /// SmolLM3's system message for thinking, enabled by `/think` in a system message.
        var thinkingSystemMessage: String?

        /// Whether an EOS token follows a conversation without a generation prompt.
        var endsWithEndOfText = false

        /// Whether every question is followed by the generation prompt, even if none is requested.
        var promptsAfterUser = false
    }
}

/// The fixed date that replaces today's date in templates.
enum TemplateDate {
    /// The date in a `strftime` format; only day, month and year are supported.
    static func formatted(_ format: String) -> String {
        [("%d", "26"), ("%B", "July"), ("%b", "Jul"), ("%m", "07"), ("%Y", "2024")]
            .reduce(format) { $0.replacing($1.0, with: $1.1) }
    }
}

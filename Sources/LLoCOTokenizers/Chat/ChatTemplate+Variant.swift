extension ChatTemplate {
    /// In what templates of one format differ.
    struct Variant: Sendable, Hashable {
        /// Where a system message is written.
        enum SystemPlacement: Sendable, Hashable {
            case ownTurn
            /// In front of the first question, with ``Variant/systemSeparator`` between.
            case firstUserTurn
            /// The same, in front of the last question.
            case lastUserTurn
            /// The template has no place for one.
            case refused
        }

        /// The spaces around the markers of Mistral's formats, which are the only difference between them.
        struct Instruction: Sendable, Hashable {
            /// `[INST]`
            var opening = "[INST]"
            /// `[/INST]`
            var closing = "[/INST]"
            /// What stands between the marker and an answer.
            var beforeAnswer = ""
            /// What stands behind the end of an answer.
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

        /// Whether the template refuses turns that are not the user's and the assistant's in turn.
        var alternates = false

        var instruction = Instruction()

        /// Whether whitespace is dropped around answers, even where it is kept around questions.
        var trimsAnswers = false

        /// What stands behind an end of text that ends a turn.
        var separator = ""

        /// Whether it stands behind the last turn too.
        var separatesLast = true

        /// The empty block of thoughts that an answer begins with.
        var thought = ""

        /// What an answer that is asked for begins with; nil for the empty block of thoughts.
        var promptEnd: String?

        /// Whether answers of earlier turns are written without their thoughts.
        var dropsThoughts = false

        /// Whether they are written without line ends in front, too, even where they have no thoughts.
        var dropsLeadingLines = false

        /// Whether SmolLM3's system turn is ended: the original template forgets it where there are no tools.
        var endsSystemTurn = false

        /// SmolLM3's system message for thinking, which `/think` in a system message asks for.
        var thinkingSystemMessage: String?

        /// Whether an end of text follows a conversation that no answer is asked for.
        var endsWithEndOfText = false

        /// Whether the opening of an answer follows every question, whether asked for or not.
        var promptsAfterUser = false
    }
}

/// The day that templates write for today's.
enum TemplateDate {
    /// The day in a format of `strftime`, of which day, month and year are known.
    static func formatted(_ format: String) -> String {
        [("%d", "26"), ("%B", "July"), ("%b", "Jul"), ("%m", "07"), ("%Y", "2024")]
            .reduce(format) { $0.replacing($1.0, with: $1.1) }
    }
}

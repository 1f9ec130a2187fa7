extension ChatTemplate {
    /// The generation prompt. It is empty in Mistral's formats, where an answer follows `[/INST]`.
    var generationPrompt: String {
        switch format {
        case .mistralV1, .mistralV3, .mistralTekken: ""
        default: opening(.assistant) + (variant.promptEnd ?? variant.thought)
        }
    }

    /// The marker that opens a turn.
    func opening(_ role: ChatMessage.Role) -> String {
        switch format {
        case .chatML, .qwen3, .smolLM3: "<|im_start|>\(role.rawValue)\n"
        case .llama3: "<|start_header_id|>\(role.rawValue)<|end_header_id|>\n\n"
        case .mistralV1, .mistralV3, .mistralTekken:
            switch role {
            case .system: variant.instruction.systemOpening
            case .user: variant.instruction.opening
            case .assistant: variant.instruction.beforeAnswer
            }
        case .gemma: "<start_of_turn>\(role == .assistant ? "model" : role.rawValue)\n"
        case .phi3, .olmo2, .zephyr: "<|\(role.rawValue)|>\n"
        case .phi4: "<|im_start|>\(role.rawValue)<|im_sep|>"
        case .phi4Mini: "<|\(role.rawValue)|>"
        case .granite: "<|start_of_role|>\(role.rawValue)<|end_of_role|>"
        case .llama2, .none: ""
        }
    }

    /// The marker that closes a turn.
    func closing(_ role: ChatMessage.Role, isLast: Bool) -> String {
        let separator = isLast && !variant.separatesLast ? "" : variant.separator
        switch format {
        case .chatML, .qwen3, .smolLM3: return "<|im_end|>\n"
        case .llama3: return "<|eot_id|>"
        case .mistralV1, .mistralV3, .mistralTekken:
            switch role {
            case .system: return variant.instruction.systemClosing
            case .user: return variant.instruction.closing
            case .assistant: return endOfText + variant.instruction.afterAnswer
            }
        case .gemma: return "<end_of_turn>\n"
        case .phi3: return "<|end|>\n"
        case .phi4: return "<|im_end|>"
        case .phi4Mini: return "<|end|>"
        case .granite: return "<|end_of_text|>\n"
        case .olmo2: return role == .assistant ? endOfText + separator : "\n"
        case .zephyr: return endOfText + separator
        case .llama2, .none: return ""
        }
    }
}

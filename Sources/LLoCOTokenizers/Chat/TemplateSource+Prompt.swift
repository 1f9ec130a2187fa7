extension TemplateSource {
    /// The template's text between the opening of the assistant's turn and the answer, such as the beginning of
    /// thoughts. Thinking is disabled if the template supports it.
    ///
    /// - Returns: the text, usually empty; nil if thoughts may follow depending on unknown conditions
    func promptEnd(after opening: String) -> String? {
        guard let start = pieces.lastIndex(where: { $0.affectsOutput && $0.source.contains("add_generation_prompt") })
        else {
            return contains(opening + "<think>") ? nil : ""
        }
        var reader = PromptReader(pieces, variables)
        if reader.read(pieces[start...]), let end = reader.text.firstRange(of: opening)?.upperBound {
            return String(reader.text[end...])
        }
        return pieces[start...].contains { $0.source.contains("think>") } ? nil : ""
    }
}

extension TemplatePieces.Piece {
    fileprivate var source: String {
        switch self {
        case .text(let source), .expression(let source), .statement(let source): source
        }
    }

    /// Whether the piece writes text, or is a condition for writing text.
    fileprivate var affectsOutput: Bool {
        if case .statement(let source) = self { source.hasPrefix("if ") || source.hasPrefix("elif ") } else { true }
    }
}

/// Evaluates the branches of a template, beginning with the branch for the generation prompt.
private struct PromptReader {
    private(set) var text = ""
    private let strings: [String: String]
    /// Names that are defined, with unknown values.
    private var names: Set<String> = ["messages", "message", "loop", "bos_token", "eos_token"]
    private var flags = ["add_generation_prompt": true, "enable_thinking": false, "true": true, "false": false]
    /// The enclosing branches, outermost first.
    private var branches: [Branch] = []

    private enum Branch {
        case taken
        /// No alternative has been taken yet.
        case pending
        /// An earlier alternative was taken, or an outer branch is not.
        case skipped
    }

    init(_ pieces: [TemplatePieces.Piece], _ variables: [String: String]) {
        strings = variables
        for case .statement(let statement) in pieces {
            let words = statement.split { !($0 == "_" || $0.isLetter || $0.isNumber) }.map(String.init)
            switch words.first {
            case "set", "macro": names.formUnion(words.dropFirst().prefix(1))
            case "for": names.formUnion(words.dropFirst().prefix { $0 != "in" })
            default: break
            }
        }
        // Some templates set it regardless of the caller's value, and let a system message change it.
        let isDefault = pieces.contains {
            $0.source.contains(/enable_thinking is (not defined|undefined)|not enable_thinking is defined/)
        }
        if !isDefault, let setting = pieces.lazy.compactMap({ Self.setting(of: "enable_thinking", $0) }).first {
            flags["enable_thinking"] = setting
        }
    }

    /// The value that a statement assigns to a flag; nil for any other statement and for an unknown value.
    private static func setting(of name: String, _ piece: TemplatePieces.Piece) -> Bool? {
        guard case .statement(let statement) = piece, let (target, expression) = TemplatePieces.assignment(statement),
            target == name
        else { return nil }
        return Bool(expression.lowercased().filter { $0 != " " })
    }

    /// Appends the text of the first piece. If it is a condition, appends the text of all pieces up to its end.
    ///
    /// - Returns: whether the whole text is known
    mutating func read(_ pieces: ArraySlice<TemplatePieces.Piece>) -> Bool {
        for piece in pieces {
            switch piece {
            case .text(let written): if isTaken { text += written }
            case .expression(let expression):
                guard isTaken else { break }
                guard let value = value(of: expression) else { return false }
                text += value
            case .statement(let statement): guard follow(statement) else { return false }
            }
            if branches.isEmpty { break }
        }
        return true
    }

    private var isTaken: Bool { branches.allSatisfy { $0 == .taken } }

    /// Applies a statement.
    ///
    /// - Returns: whether its effect is known
    private mutating func follow(_ statement: String) -> Bool {
        let word = String(statement.prefix { $0.isLetter })
        let rest = statement.dropFirst(word.count)
        if branches.isEmpty {
            // Other parts of the condition, such as a last turn, hold when a generation prompt is requested.
            branches.append(.taken)
            return !rest.contains("not add_generation_prompt")
        }
        switch word {
        case "if":
            guard isTaken else {
                branches.append(.skipped)
                return true
            }
            return enterBranch(if: rest)
        case "elif":
            guard branches.removeLast() == .pending else {
                branches.append(.skipped)
                return true
            }
            return enterBranch(if: rest)
        case "else": branches.append(branches.removeLast() == .pending ? .taken : .skipped)
        case "endif": branches.removeLast()
        case "set":
            guard isTaken, let (name, expression) = TemplatePieces.assignment(statement) else { break }
            flags[name] = flags[expression.lowercased().filter { $0 != " " }]
        case "generation", "endgeneration": break
        default: return !isTaken
        }
        return true
    }

    private mutating func enterBranch(if condition: Substring) -> Bool {
        guard let isTrue = truth(of: condition) else { return false }
        branches.append(isTrue ? .taken : .pending)
        return true
    }

    /// The value of a condition on flags; nil if it is unknown.
    private func truth(of condition: some StringProtocol) -> Bool? {
        let parts = condition.split(separator: " ").joined(separator: " ")
        for (word, decides) in [(" or ", true), (" and ", false)] where parts.contains(word) {
            let truths = parts.split(separator: word).map { truth(of: $0) }
            return truths.contains(decides) ? decides : truths.contains(nil) ? nil : !decides
        }
        if parts.hasPrefix("not ") { return truth(of: parts.dropFirst(4)).map { !$0 } }
        guard let match = parts.wholeMatch(of: /([A-Za-z_]\w*)(?: (is|is not|==|!=) (\w+))?/) else { return nil }
        let name = String(match.1)
        // Any other name is undefined and therefore false.
        if flags[name] == nil, names.contains(name) { return nil }
        guard let relation = match.2, let other = match.3?.lowercased() else { return flags[name] ?? false }
        let isTrue: Bool
        switch other {
        case "defined": isTrue = flags[name] != nil
        case "undefined": isTrue = flags[name] == nil
        case "true", "false": isTrue = flags[name] == (other == "true")
        case "none": isTrue = false
        default: return nil
        }
        return relation.hasSuffix("not") || relation == "!=" ? !isTrue : isTrue
    }

    /// The value of an expression, which may end in a condition (`… if … else …`).
    private func value(of expression: String) -> String? {
        guard let (first, rest) = Self.split(expression[...], at: " if ") else {
            return TemplatePieces.value(of: expression, strings)
        }
        let (condition, other) = Self.split(rest, at: " else ") ?? (rest, "''")
        return truth(of: condition).flatMap { TemplatePieces.value(of: $0 ? first : other, strings) }
    }

    /// The parts before and after a word outside quotes.
    private static func split(_ code: Substring, at word: String) -> (Substring, Substring)? {
        var quote: Character?
        var index = code.startIndex
        while index < code.endIndex {
            let character = code[index]
            if let open = quote {
                if character == "\\" {
                    index = code.index(after: index)
                    guard index < code.endIndex else { return nil }
                } else if character == open {
                    quote = nil
                }
            } else if character == "'" || character == "\"" {
                quote = character
            } else if code[index...].hasPrefix(word) {
                return (code[..<index], code[code.index(index, offsetBy: word.count)...])
            }
            index = code.index(after: index)
        }
        return nil
    }
}

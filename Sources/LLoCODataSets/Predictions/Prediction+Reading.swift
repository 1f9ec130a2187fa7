import LLoCOBase

extension Prediction {
    /// Limits on prediction lines, which are untrusted input.
    package enum Limits {
        /// Maximum bytes of a text: comparison time grows with the product of two lengths.
        package static let text = 1 << 18
        /// Maximum number of class or option names, and maximum bytes of a name.
        static let names = 4096
        static let name = 1 << 16
        /// Maximum bytes of a line.
        package static let line = 16 << 20
    }

    /// Reads a prediction line; unknown fields are ignored.
    ///
    /// A line without a metric whose only reference is one capital letter is a multiple choice: the letter counts as a
    /// word, even `A`, which SQuAD's normalization would drop.
    ///
    /// - Parameter metric: the metric of lines that name none; nil for F1
    /// - Throws: `JSONFields.Fault` if a field is missing, too long or of the wrong type, or if the metric needs a
    ///   missing field.
    package init(line: [UInt8], metric given: Metric?) throws {
        let fields = try JSONFields(line: line)
        let id = try fields.optional("id")?.integer.map(String.init) ?? Self.text(fields, "id")
        let answers = try Self.texts(fields, "answers", maximum: Limits.line, bytes: Limits.text)
        guard !answers.isEmpty else { throw fields.fault("answers", "is empty; expected one or more strings") }
        let namedMetric = try Self.named(fields, "metric", among: Metric.ofPredictions)
        let metric = namedMetric ?? given ?? .f1
        var question = EvaluationQuestion(
            id: id, text: "", answers: answers, choices: try Self.names(fields, "choices"),
            correctChoice: try fields.integer("correct_choice"), classes: try Self.names(fields, "classes"),
            metric: metric, scorer: try Self.named(fields, "scorer", among: Scorer.allCases) ?? .standard)
        question.attributes["task"] = fields.label("task")
        if question.choices.isEmpty, (namedMetric ?? given ?? .accuracy) == .accuracy,
            let letter = Self.letter(answers)
        {
            question.choices = Array(repeating: "", count: MultipleChoice.letterCount)
            question.correctChoice = letter
        }
        self.init(
            question: question, mode: fields.label("mode"),
            prediction: try Self.text(fields, "prediction"), choiceLogLikelihoods: try Self.likelihoods(fields))
        try checkMetric(fields)
    }

    /// Checks for the fields that the metric needs besides the answers.
    private func checkMetric(_ fields: JSONFields) throws {
        let metric = question.metric
        switch metric {
        case .classification where question.classes.isEmpty:
            throw fields.fault("classes", "is empty; expected all classes, for the metric classification")
        case .accuracy, .accuracyByLikelihood:
            guard let correct = question.correctChoice, question.choices.indices.contains(correct) else {
                throw fields.fault(
                    "correct_choice",
                    "names none of \(question.choices.count) \"choices\"; expected the correct one's index from 0, "
                        + "or for the metric accuracy one capital letter as the reference")
            }
            guard metric == .accuracy || choiceLogLikelihoods != nil else {
                throw fields.fault(
                    "choice_log_likelihoods",
                    "is missing; expected one number per option, for the metric \(metric.rawValue)")
            }
        default: break
        }
    }

    /// The index of the option whose letter is the only reference.
    private static func letter(_ answers: [String]) -> Int? {
        guard answers.count == 1 else { return nil }
        return (0..<MultipleChoice.letterCount).first { index in
            MultipleChoice.letter(index).map { String($0) } == answers[0]
        }
    }

    // MARK: Fields

    private static func text(_ fields: JSONFields, _ key: String) throws -> String {
        guard fields.has(key) else { throw fields.fault(key, absent(fields, key)) }
        let text = try fields.string(key) ?? ""
        try check(text, fields, key, Limits.text)
        return text
    }

    private static func absent(_ fields: JSONFields, _ key: String) -> String {
        (fields.names.contains(key) ? "is null" : "is missing") + "; expected a string"
    }

    private static func check(_ text: String, _ fields: JSONFields, _ key: String, _ limit: Int) throws {
        guard text.utf8.count <= limit else {
            throw fields.fault(key, "has \(text.utf8.count) bytes; expected no more than \(limit)")
        }
    }

    private static func texts(_ fields: JSONFields, _ key: String, maximum: Int, bytes: Int) throws -> [String] {
        let list = try fields.list(key, "a list of strings")
        guard list.count <= maximum else {
            throw fields.fault(key, "holds \(list.count) strings; expected no more than \(maximum)")
        }
        return try list.enumerated().map { index, value in
            guard case .string(let text) = value else {
                throw fields.fault("\(key)[\(index)]", "is \(value.kind); expected a string")
            }
            try check(text, fields, "\(key)[\(index)]", bytes)
            return text
        }
    }

    private static func names(_ fields: JSONFields, _ key: String) throws -> [String] {
        fields.has(key) ? try texts(fields, key, maximum: Limits.names, bytes: Limits.name) : []
    }

    private static func named<Value: RawRepresentable & Equatable>(
        _ fields: JSONFields, _ key: String, among values: [Value]
    ) throws -> Value? where Value.RawValue == String {
        guard fields.has(key) else { return nil }
        let name = try fields.string(key) ?? ""
        guard let value = Value(rawValue: name), values.contains(value) else {
            let known = values.map(\.rawValue).joined(separator: ", ")
            throw fields.fault(key, "is \"\(name.printable(limit: 60))\"; expected one of \(known)")
        }
        return value
    }

    private static func likelihoods(_ fields: JSONFields) throws -> [Double]? {
        let key = "choice_log_likelihoods"
        guard fields.has(key) else { return nil }
        let list = try fields.list(key, "a list of numbers")
        guard list.count <= Limits.names else {
            throw fields.fault(key, "holds \(list.count) numbers; expected no more than \(Limits.names)")
        }
        return try list.enumerated().map { index, value in
            guard let number = value.double else {
                throw fields.fault("\(key)[\(index)]", "is \(value.kind); expected a number")
            }
            return number
        }
    }
}

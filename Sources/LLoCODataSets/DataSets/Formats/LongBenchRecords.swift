import LLoCOBase

/// LongBench v1 (Bai et al. 2023): lines of twenty-one tasks in one form. Questions are put in our own words;
/// tasks that go on from examples or code are asked without the chat template, as LongBench's script does.
struct LongBenchRecords: DataRecordReader {
    /// What lines without a `dataset` belong to.
    private let named: String?

    /// - Parameter named: a task, or the name of its file
    init(named: String) {
        self.named = Self.task(named: named)
    }

    /// The task that a name, or a file's, tells.
    static func task(named name: String) -> String? {
        task(name.split(separator: ".").first.map(String.init) ?? name)
    }

    mutating func read(_ record: JSONFields, at place: RecordPlace, into set: inout EvaluationSetBuilder) throws {
        guard let name = record.label("dataset").map({ Self.task($0) ?? $0 }) ?? named else {
            throw record.fault("dataset", "is missing; expected the name of a task of LongBench")
        }
        if LongBenchTask.ofChineseWords.contains(name) {
            throw record.fault(
                "dataset", "is \(name), which is not supported: its measure needs Chinese words told apart")
        }
        guard let task = LongBenchTask.all[name] else {
            throw record.fault("dataset", "is \"\(name.printable(limit: 60))\"; expected a task of LongBench v1")
        }
        let id = record.label("_id") ?? "\(name)-\(place.number)"
        let text = try record.text("context")
        let answers = try record.strings("answers").filter { !$0.isEmpty }
        guard !answers.isEmpty else { throw record.fault("answers", "holds no answer; expected one or more") }
        let classes = try record.strings("all_classes")
        guard task.metric != .classification || !classes.isEmpty else {
            throw record.fault("all_classes", "holds no class; expected those of \(name)")
        }
        var attributes = ["task": name]
        for key in ["length", "language"] { attributes[key] = record.label(key) }
        let input = try record.string("input") ?? ""
        let question = EvaluationQuestion(
            id: id, text: task.question(input), originalText: task.originalQuestion(input), form: task.form,
            answers: answers,
            classes: task.metric == .classification ? classes : [], metric: task.metric,
            answerTokens: task.answerTokens, attributes: attributes)
        try set.add(
            EvaluationDocument(id: id, title: id, text: text, questions: [question]), place, mergingEqualTexts: true)
    }

    /// The task of this name; those of LongBench-E are called `hotpotqa_e`.
    private static func task(_ name: String) -> String? {
        let base = name.hasSuffix("_e") ? String(name.dropLast(2)) : name
        return LongBenchTask.all[base] != nil || LongBenchTask.ofChineseWords.contains(base) ? base : nil
    }
}

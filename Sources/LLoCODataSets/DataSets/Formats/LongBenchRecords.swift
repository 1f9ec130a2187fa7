import LLoCOBase

/// A reader of LongBench v1 (Bai et al. 2023): lines of twenty-one tasks in one form. Instructions are in our own
/// wording. Tasks that continue examples or code use no chat template, as in LongBench's script.
struct LongBenchRecords: DataRecordReader {
    /// The task of lines without a `dataset`.
    private let defaultTask: String?

    /// - Parameter defaultTask: a task or its file's name
    init(named name: String) {
        defaultTask = Self.task(named: name)
    }

    /// The task with a name, which may be a file's name.
    static func task(named name: String) -> String? {
        task(name.split(separator: ".").first.map(String.init) ?? name)
    }

    mutating func read(_ record: JSONFields, at place: RecordPlace, into set: inout EvaluationSetBuilder) throws {
        guard let name = record.label("dataset").map({ Self.task($0) ?? $0 }) ?? defaultTask else {
            throw record.fault("dataset", "is missing; expected the name of a task of LongBench")
        }
        if LongBenchTask.needingWordSegmentation.contains(name) {
            throw record.fault(
                "dataset", "is \(name), which is not supported: its metric needs Chinese word segmentation")
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
            throw record.fault("all_classes", "is empty; expected the classes of \(name)")
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

    /// The task of a name; LongBench-E's names end in `_e`.
    private static func task(_ name: String) -> String? {
        let base = name.hasSuffix("_e") ? String(name.dropLast(2)) : name
        return LongBenchTask.all[base] != nil || LongBenchTask.needingWordSegmentation.contains(base) ? base : nil
    }
}

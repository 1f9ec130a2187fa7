import LLoCOBase
import LLoCOTokenizers

/// A generator of RULER's samples at requested lengths.
struct RulerGenerator {
    /// Minimum share of a length that a sample fills, unless one more unit of filler would exceed the length.
    private static let minimumFill = 0.98

    private let options: RulerOptions
    private let tokenizer: any Tokenizer
    private let prose: Haystack
    private let noise: Haystack
    private let pool: QuestionPool?
    /// By task and length: the order of the questions.
    private var orders: [String: QuestionOrder] = [:]
    /// By task and length: how many questions were used, repeated and skipped.
    private var counts: [(subject: String, counts: Counts)] = []

    private struct Counts {
        var samples = 0
        var repeated = 0
        var unanswerable = 0
        var tooLong = 0
    }

    /// One line for each kind of skipped or repeated question.
    var remarks: [String] {
        func questions(_ count: Int) -> String { count == 1 ? "1 question was" : "\(count) questions were" }
        var lines: [String] = []
        if let pool, pool.skippedCount > 0 {
            lines.append(
                "ruler: \(questions(pool.skippedCount)) skipped: with options, or without a text or a reference")
        }
        for (subject, counts) in counts {
            if counts.unanswerable > 0 {
                lines.append(
                    "\(subject): \(questions(counts.unanswerable)) skipped: no answer occurs word for word in the text"
                )
            }
            if counts.tooLong > 0 {
                lines.append("\(subject): \(questions(counts.tooLong)) skipped: the passages are too long")
            }
            if counts.repeated > 0 {
                lines.append("\(subject): \(counts.repeated) of \(counts.samples) samples repeat a question")
            }
        }
        return lines
    }

    init(options: RulerOptions, tokenizer: any Tokenizer, prose: Haystack, pool: QuestionPool?) throws {
        self.options = options
        self.tokenizer = tokenizer
        self.prose = prose
        self.pool = pool
        noise = try Noise.haystack()
    }

    mutating func document(_ task: RulerTask, length: Int, sample: Int) throws -> EvaluationDocument {
        let id = "\(task.rawValue)-\(length)-\(sample)"
        let generator = SplitMix64(seed: options.seed, name: id)
        let prompt: RulerPrompt
        if let needles = task.needles {
            prompt = try fitted(
                NeedleSample(needles, haystack: needles.filler == .noise ? noise : prose, generator: generator),
                task, length)
        } else {
            switch task {
            case .variableTracking:
                prompt = try fitted(
                    VariableTrackingSample(
                        chains: options.variableChains, hops: options.variableHops, noise: noise, generator: generator),
                    task, length)
            case .commonWords: prompt = try commonWords(length: length, generator)
            case .frequentWords: prompt = try fitted(FrequentWordsSample(generator: generator), task, length)
            default: prompt = try answering(task, length: length, generator)
            }
        }
        var attributes = ["task": task.rawValue, "length": "\(length)"]
        if let depth = prompt.depth { attributes["depth"] = "\(Int((depth * 10).rounded()) * 10)" }
        return EvaluationDocument(
            id: id, title: "\(task.rawValue), \(length) tokens, sample \(sample + 1)", text: prompt.text,
            questions: [
                EvaluationQuestion(
                    id: id, text: prompt.question, answers: prompt.answers, metric: task.metric,
                    answerTokens: task.answerTokens, attributes: attributes)
            ])
    }

    /// The number of tokens of the text and the question.
    private func tokens(_ prompt: RulerPrompt) -> Int {
        tokenizer.encode(prompt.text, special: .asText).count
            + tokenizer.encode(prompt.question, special: .asText).count
    }

    /// The number of tokens left for the text and the question.
    private func room(_ task: RulerTask, _ length: Int) -> Int {
        length - task.answerTokens - options.templateTokens
    }

    private func fitted(_ sample: some RulerSample, _ task: RulerTask, _ length: Int) throws -> RulerPrompt {
        var sample = sample
        let subject = "ruler \(task.rawValue) at \(length) tokens"
        // An upper bound: no unit of filler has less than a quarter of a token.
        let sizes = sample.sizes
        let range = sizes.lowerBound...max(sizes.lowerBound, min(sizes.upperBound, 4 * length))
        do {
            let found = try LengthFit(room: room(task, length)).largest(in: range) { size in
                let prompt = sample.prompt(size: size)
                return (prompt, tokens(prompt))
            }
            let sum = found.tokens + length - room(task, length)
            guard found.size < range.upperBound || Double(sum) >= Self.minimumFill * Double(length) else {
                throw DataGenerationError(
                    subject, "all filler makes \(sum) tokens with the answer, expected a length of at most that")
            }
            return found.value
        } catch let error as LengthFit.TooLong {
            let minimum = error.tokens + length - room(task, length)
            throw DataGenerationError(subject, Self.tooLong(minimum))
        }
    }

    /// Uses single words if there are enough of them, else compounds; a list never mixes the two.
    private func commonWords(length: Int, _ generator: SplitMix64) throws -> RulerPrompt {
        var single = CommonWordsSample(length: length, words: .single, generator: generator)
        let all = tokens(single.prompt(size: single.sizes.upperBound))
        if all >= room(.commonWords, length) { return try fitted(single, .commonWords, length) }
        return try fitted(
            CommonWordsSample(length: length, words: .compound, generator: generator), .commonWords, length)
    }

    /// A question-answering sample with the next question whose passages fit.
    private mutating func answering(
        _ task: RulerTask, length: Int, _ generator: SplitMix64
    ) throws -> RulerPrompt {
        let subject = "ruler \(task.rawValue) at \(length) tokens"
        guard let pool else { throw DataGenerationError(subject, "no questions, expected a question set") }
        let name = "\(task.rawValue)-\(length)"
        var order =
            orders[name]
            ?? QuestionOrder(
                count: pool.questionCount, generator: SplitMix64(seed: options.seed, name: name + "-questions"))
        let place = counts.firstIndex { $0.subject == subject } ?? counts.count
        if place == counts.count { counts.append((subject, Counts())) }
        defer { orders[name] = order }
        counts[place].counts.samples += 1
        var shortest: Int?
        while let index = order.nextUntried() {
            guard let entry = pool.entry(index, for: task) else {
                counts[place].counts.unanswerable += 1
                continue
            }
            var sample = QuestionAnsweringSample(entry, of: pool, generator: generator)
            let minimum = tokens(sample.prompt(size: 0))
            guard minimum <= room(task, length) else {
                shortest = min(shortest ?? .max, minimum + length - room(task, length))
                counts[place].counts.tooLong += 1
                continue
            }
            order.add(index)
            return try fitted(sample, task, length)
        }
        guard let entry = order.nextUsable().flatMap({ pool.entry($0, for: task) }) else {
            throw DataGenerationError(
                subject,
                shortest.map { Self.tooLong($0) }
                    ?? "no document contains the answer to its question, expected references that occur in the text")
        }
        counts[place].counts.repeated += 1
        return try fitted(QuestionAnsweringSample(entry, of: pool, generator: generator), task, length)
    }

    private static func tooLong(_ tokens: Int) -> String {
        "the shortest sample takes \(tokens) tokens with the answer, expected a length of at least that"
    }
}

import LLoCOBase
import LLoCOTokenizers

/// Makes RULER's samples as long as they are asked for.
struct RulerGenerator {
    /// The share of a length that a sample fills at least, unless one more unit of its filler would be too much.
    private static let filled = 0.98

    private let options: RulerOptions
    private let tokenizer: any Tokenizer
    private let prose: Haystack
    private let noise: Haystack
    private let pool: QuestionPool?
    /// For a task and length, questions in the order they are taken in.
    private var orders: [String: QuestionOrder] = [:]
    /// For a task and length, what became of the questions.
    private var counts: [(subject: String, counts: Counts)] = []

    private struct Counts {
        var samples = 0
        var repeated = 0
        var unanswerable = 0
        var tooLong = 0
    }

    /// What was passed over or asked more than once, a line each.
    var remarks: [String] {
        func questions(_ count: Int) -> String { count == 1 ? "1 question was" : "\(count) questions were" }
        var lines: [String] = []
        if let pool, pool.passedOver > 0 {
            lines.append(
                "ruler: \(questions(pool.passedOver)) passed over: options, or without a text or a reference")
        }
        for (subject, counts) in counts {
            if counts.unanswerable > 0 {
                lines.append(
                    "\(subject): \(questions(counts.unanswerable)) passed over: the text does not hold an answer word for word"
                )
            }
            if counts.tooLong > 0 {
                lines.append("\(subject): \(questions(counts.tooLong)) passed over: the passages are too long")
            }
            if counts.repeated > 0 {
                lines.append("\(subject): \(counts.repeated) of \(counts.samples) samples ask a question again")
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

    /// Tokens of what the prompt is made of.
    private func tokens(_ prompt: RulerPrompt) -> Int {
        tokenizer.encode(prompt.text, special: .asText).count
            + tokenizer.encode(prompt.question, special: .asText).count
    }

    /// Tokens that the answer and the prompt's own part leave.
    private func room(_ task: RulerTask, _ length: Int) -> Int {
        length - task.answerTokens - options.templateTokens
    }

    private func fitted(_ sample: some RulerSample, _ task: RulerTask, _ length: Int) throws -> RulerPrompt {
        var sample = sample
        let subject = "ruler \(task.rawValue) at \(length) tokens"
        // No unit of filler has so few tokens that more of them could fit.
        let sizes = sample.sizes
        let range = sizes.lowerBound...max(sizes.lowerBound, min(sizes.upperBound, 4 * length))
        do {
            let found = try LengthFit(room: room(task, length)).largest(in: range) { size in
                let prompt = sample.prompt(size: size)
                return (prompt, tokens(prompt))
            }
            let sum = found.tokens + length - room(task, length)
            guard found.size < range.upperBound || Double(sum) >= Self.filled * Double(length) else {
                throw DataGenerationError(
                    subject, "all its words make \(sum) tokens with the answer, expected a length of no more")
            }
            return found.value
        } catch let misfit as LengthFit.TooLong {
            let minimum = misfit.tokens + length - room(task, length)
            throw DataGenerationError(subject, Self.tooLong(minimum))
        }
    }

    /// Single words as long as there are enough of them, else compounds: a list never mixes the two.
    private func commonWords(length: Int, _ generator: SplitMix64) throws -> RulerPrompt {
        var single = CommonWordsSample(length: length, words: .single, generator: generator)
        let all = tokens(single.prompt(size: single.sizes.upperBound))
        if all >= room(.commonWords, length) { return try fitted(single, .commonWords, length) }
        return try fitted(
            CommonWordsSample(length: length, words: .compound, generator: generator), .commonWords, length)
    }

    /// A sample of question answering: the next question whose passages fit.
    private mutating func answering(
        _ task: RulerTask, length: Int, _ generator: SplitMix64
    ) throws -> RulerPrompt {
        let subject = "ruler \(task.rawValue) at \(length) tokens"
        guard let pool else { throw DataGenerationError(subject, "no questions were given, expected a set of them") }
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
        guard let entry = order.nextAsked().flatMap({ pool.entry($0, for: task) }) else {
            throw DataGenerationError(
                subject,
                shortest.map { Self.tooLong($0) }
                    ?? "no question's document holds its answer, expected references that are in the text")
        }
        counts[place].counts.repeated += 1
        return try fitted(QuestionAnsweringSample(entry, of: pool, generator: generator), task, length)
    }

    private static func tooLong(_ tokens: Int) -> String {
        "the shortest sample takes \(tokens) tokens with the answer, expected a length of that or more"
    }
}

import LLoCOBase

/// RULER's retrieval tasks: sentences that give the value of a key, hidden in noise, in prose or among other needles.
struct NeedleSample: RulerSample {
    /// RULER's depths in prose: forty, evenly spaced from 0 to 100 %.
    private static let depths = 40

    private let needles: RulerTask.Needles
    /// nil if the filler is needles.
    private let haystack: Haystack?
    /// The queried keys.
    private let queries: [String]
    private let answers: [String]
    /// The needles in the order of their places, 0...1.
    private let hidden: [(text: String, place: Double)]
    /// The index in `hidden` of the only queried needle; nil for several.
    private let queriedIndex: Int?

    private var generator: SplitMix64
    private var source: KeyValueSource
    private var fillers: [String] = []

    /// - Parameter haystack: prose or noise, as the task needs; ignored if the filler is needles
    init(_ needles: RulerTask.Needles, haystack: Haystack, generator: SplitMix64) {
        var generator = generator
        self.needles = needles
        self.haystack = needles.filler == .needles ? nil : haystack
        var source = KeyValueSource(needles, haystack: self.haystack, &generator)
        let keys = (0..<needles.keys).map { _ in source.key(&generator) }
        let values = keys.map { _ in (0..<needles.valuesOfKey).map { _ in source.value(&generator) } }
        queries = Array(keys.prefix(needles.queries))
        answers = values.prefix(needles.queries).flatMap { $0 }
        var sentences: [(text: String, isQueried: Bool)] = []
        for (index, key) in keys.enumerated() {
            for value in values[index] {
                sentences.append((source.sentence(key, value), index < needles.queries))
            }
        }
        sentences.shuffle(using: &generator)
        let places: [Double]
        if needles.filler == .prose {
            places = Array((0..<Self.depths).shuffled(using: &generator).prefix(sentences.count))
                .sorted().map { Double($0) / Double(Self.depths - 1) }
        } else {
            places = sentences.map { _ in Double.random(in: 0..<1, using: &generator) }.sorted()
        }
        hidden = zip(sentences, places).map { ($0.text, $1) }
        queriedIndex = answers.count == 1 ? sentences.firstIndex { $0.isQueried } : nil
        self.generator = generator
        self.source = source
    }

    var sizes: ClosedRange<Int> {
        switch needles.filler {
        // Every word and sentence has at least one token, so the maximum length bounds their number.
        case .noise, .prose: 1...GenerationLimits.maximumLength
        case .needles where needles.key == .word: 1...(DistinctWords.limit(.compound) - needles.keys)
        case .needles: 1...GenerationLimits.maximumLength
        }
    }

    mutating func prompt(size: Int) -> RulerPrompt {
        var depth: Double?
        let context: String
        if let haystack {
            let words = needles.filler == .noise ? haystack.words(ofSentences: size) : size
            let places = hidden.map { haystack.boundary(nearest: $0.place * Double(words), ofWords: words) }
            context = haystack.text(
                words: words, inserting: zip(places, hidden).map { .init(place: $0, text: $1.text) })
            depth = queriedIndex.map { Double(places[$0]) / Double(words) }
        } else {
            while fillers.count < size {
                fillers.append(source.sentence(source.key(&generator), source.value(&generator)))
            }
            var lines = Array(fillers.prefix(size))
            for needle in hidden.reversed() {
                let place = Int(needle.place * Double(size + 1))
                lines.insert(needle.text, at: place)
                depth = Double(place) / Double(size)
            }
            context = lines.joined(separator: "\n")
        }
        return RulerPrompt(
            text: introduction + "\n\n" + context, question: question, answers: answers, depth: depth)
    }

    private var noun: String { needles.value == .code ? "code" : "number" }

    private var introduction: String {
        hidden.count == 1 && needles.filler != .needles
            ? "A registered \(noun) is hidden in the text below. Remember it: a question about it follows the text."
            : "Registered \(noun)s are hidden in the text below. Remember them: a question about them follows the text."
    }

    private var question: String {
        if answers.count == 1 { return "Which registered \(noun) does the text give for \(queries[0])?" }
        let keys =
            queries.count == 1
            ? queries[0] : queries.dropLast().joined(separator: ", ") + " and " + queries[queries.count - 1]
        return "Which registered \(noun)s does the text give for \(keys)? Name all \(answers.count) of them."
    }

    /// A source of distinct keys and values.
    private struct KeyValueSource {
        private let needles: RulerTask.Needles
        private var words: DistinctWords
        private var usedWords = 0
        private var numbers: DistinctNumbers

        init(_ needles: RulerTask.Needles, haystack: Haystack?, _ generator: inout SplitMix64) {
            self.needles = needles
            words = DistinctWords(.compound, using: &generator)
            numbers = DistinctNumbers(outside: haystack)
        }

        func sentence(_ key: String, _ value: String) -> String {
            "The registered \(needles.value == .code ? "code" : "number") of \(key) is \(value)."
        }

        mutating func key(_ generator: inout SplitMix64) -> String { make(needles.key, &generator) }

        mutating func value(_ generator: inout SplitMix64) -> String { make(needles.value, &generator) }

        private mutating func make(_ kind: RulerTask.Needles.Kind, _ generator: inout SplitMix64) -> String {
            switch kind {
            case .number: return "\(numbers.next(using: &generator))"
            case .code: return Self.code(&generator)
            case .word:
                defer { usedWords += 1 }
                return words[usedWords]
            }
        }

        /// A random UUID (version 4) in lower case; with 122 random bits, repetitions do not occur in practice.
        private static func code(_ generator: inout SplitMix64) -> String {
            let high = generator.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
            let low = generator.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
            let digits = [high, low].map { value in
                let text = String(value, radix: 16)
                return String(repeating: "0", count: 16 - text.count) + text
            }.joined()
            var (parts, rest) = ([Substring](), Substring(digits))
            for count in [8, 4, 4, 4, 12] {
                parts.append(rest.prefix(count))
                rest = rest.dropFirst(count)
            }
            return parts.joined(separator: "-")
        }
    }
}

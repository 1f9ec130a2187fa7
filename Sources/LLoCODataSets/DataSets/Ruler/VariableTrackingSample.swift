import LLoCOBase

/// RULER's variable tracking: chains of assignments in noise; the question asks for all variables with one value.
///
/// The first variable of a chain is assigned a number, each later one the variable before it. A chain's assignments
/// keep this order and stand anywhere in the text. A short solved example comes first, as published.
struct VariableTrackingSample: RulerSample {
    private struct Chain {
        var variables: [String]
        var value: Int
        /// Ascending, 0..<1, one per assignment.
        var places: [Double]

        func assignment(_ index: Int) -> String {
            "LET \(variables[index]) = \(index == 0 ? "\(value)" : variables[index - 1])."
        }
    }

    private static let exampleSentences = 10
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ")

    private let noise: Haystack
    private let chains: [Chain]
    private let example: String

    init(chains: Int, hops: Int, noise: Haystack, generator: SplitMix64) {
        var generator = generator
        var used: Set<String> = []
        func name() -> String {
            while true {
                let name = String((0..<5).map { _ in generator.pick(Self.letters) })
                if used.insert(name).inserted { return name }
            }
        }
        var values: Set<Int> = []
        func value() -> Int {
            while true {
                let value = Int.random(in: 10_000...99_999, using: &generator)
                if values.insert(value).inserted { return value }
            }
        }
        func drawn() -> [Chain] {
            (0..<chains).map { _ in
                Chain(
                    variables: (0...hops).map { _ in name() }, value: value(),
                    places: (0...hops).map { _ in Double.random(in: 0..<1, using: &generator) }.sorted())
            }
        }
        self.noise = noise
        let shown = drawn()
        example =
            Self.text(shown, noise, sentences: Self.exampleSentences) + "\n\nQuestion: " + Self.question(shown[0])
            + "\nAnswer: " + shown[0].variables.joined(separator: ", ") + "\n\n\n"
        self.chains = drawn()
    }

    /// Number of noise sentences; at least the number of assignments.
    var sizes: ClosedRange<Int> { chains.reduce(0) { $0 + $1.variables.count }...GenerationLimits.maximumLength }

    mutating func prompt(size: Int) -> RulerPrompt {
        RulerPrompt(
            text: example + Self.text(chains, noise, sentences: size), question: Self.question(chains[0]),
            answers: chains[0].variables)
    }

    private static func text(_ chains: [Chain], _ noise: Haystack, sentences: Int) -> String {
        let assignments = chains.flatMap { chain in
            chain.places.indices.map { (place: chain.places[$0], text: chain.assignment($0)) }
        }.enumerated().sorted { ($0.element.place, $0.offset) < ($1.element.place, $1.offset) }
        let context = noise.text(
            words: noise.words(ofSentences: sentences),
            inserting: assignments.map {
                .init(
                    place: noise.words(ofSentences: Int($0.element.place * Double(sentences + 1))),
                    text: $0.element.text)
            })
        return "Variables are assigned in the text below. Keep track of the value that each of them holds.\n\n"
            + context
    }

    private static func question(_ chain: Chain) -> String {
        "Which variables hold the value \(chain.value)? Name all \(chain.variables.count) of them."
    }
}

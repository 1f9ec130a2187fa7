/// The text and the question of a sample at one size.
struct RulerPrompt {
    var text: String
    var question: String
    var answers: [String]
    /// Position of the answer, 0...1; nil if it stands in several places.
    var depth: Double?
}

/// A sample of undecided length. All random choices are drawn already, so each size gives exactly one prompt.
protocol RulerSample {
    /// The possible amounts of filler, in the sample's own unit: words, sentences or passages.
    var sizes: ClosedRange<Int> { get }

    /// The prompt with `size` units of filler.
    mutating func prompt(size: Int) -> RulerPrompt
}

/// A sample's text and question at a size.
struct RulerPrompt {
    var text: String
    var question: String
    var answers: [String]
    /// Where what is asked for stands, 0...1; nil where it is in many places.
    var depth: Double?
}

/// A sample before its length is settled: all that is random is drawn, so that a size gives one prompt.
protocol RulerSample {
    /// How much filler the sample can have, in units of its own: words, sentences, passages.
    var sizes: ClosedRange<Int> { get }

    /// The prompt with so much filler.
    mutating func prompt(size: Int) -> RulerPrompt
}

import LLoCOBase
public import LLoCOTokenizers
public import LLoCOTraining

/// An evaluation of a compressor on texts: for each number of segments, a sample of the texts that are long enough,
/// each ending at a random place.
///
///     let evaluation = try CompressorEvaluation(
///         corpus, measure: CompressorMeasure(engine.compressor), tokenizer: engine.model.tokenizer)
///     for figures in try evaluation.figures() { print(figures.segments, figures.gapClosed) }
public struct CompressorEvaluation {
    /// Options of the evaluation.
    public struct Options: Sendable {
        /// Numbers of segments before the scored tokens, 1 or more each; default 1, 2, 4, 8, 16, 32.
        public var segments = [1, 2, 4, 8, 16, 32]
        /// Maximum number of texts per number of segments; default 32.
        public var samples = 32
        /// Whether to use only the texts held out from training; default false.
        public var heldOutOnly = false
        /// Seed of the text places and of the bootstrap; default 0.
        public var seed: UInt64 = 0

        /// Creates the default options.
        public init() {}
    }

    /// A text whose last tokens are scored, and the numbers of segments to measure.
    private struct Window {
        let text: CompressorMeasure.Text
        let segments: [Int]
    }

    /// The measure of each text.
    public let measure: CompressorMeasure
    private let options: Options
    private let windows: [Window]

    /// Draws the texts from a corpus.
    ///
    /// - Throws: `EvaluationError` if no text, or no held-out text, is long enough.
    public init(
        _ corpus: TrainingCorpus, measure: CompressorMeasure, tokenizer: any Tokenizer, options: Options = Options()
    ) throws {
        self.measure = measure
        self.options = options
        let texts = options.heldOutOnly ? corpus.heldOut : corpus.trained + corpus.heldOut
        windows = Self.windows(of: texts, measure, tokenizer, options)
        guard !windows.isEmpty else {
            let needed = measure.tokens(segments: options.segments.min() ?? 1)
            throw EvaluationError(
                .invalid,
                "none of the \(texts.count) \(options.heldOutOnly ? "held-out " : "")texts has the \(needed) tokens "
                    + "that the measure needs")
        }
    }

    /// For each number of segments, the first texts by digest that are long enough; each ends at a random place.
    private static func windows(
        of texts: [String], _ measure: CompressorMeasure, _ tokenizer: any Tokenizer, _ options: Options
    ) -> [Window] {
        var left = Dictionary(
            options.segments.map { ($0, options.samples) }, uniquingKeysWith: { first, _ in first })
        var windows: [Window] = []
        for (digest, text) in texts.map({ (TrainingText.digest(of: $0), $0) }).sorted(by: { $0.0 < $1.0 }) {
            let ids = tokenizer.encode(text, special: .asText)
            let fitting = left.filter { $0.value > 0 && measure.tokens(segments: $0.key) <= ids.count }.keys.sorted()
            guard let maximum = fitting.last else { continue }
            let bits = UInt64(digest.prefix(16), radix: 16) ?? 0
            var generator = SplitMix64(seed: options.seed &+ bits)
            let needed = measure.tokens(segments: maximum)
            let end = Int.random(in: needed...ids.count, using: &generator)
            windows.append(Window(text: .init(Array(ids[end - needed..<end])), segments: fitting))
            for count in fitting { left[count]? -= 1 }
            if left.values.allSatisfy({ $0 == 0 }) { break }
        }
        return windows
    }

    /// Measures all texts. Returns figures for each number of segments that some text is long enough for, ascending.
    ///
    /// Task cancellation is checked after each segment.
    ///
    /// - Parameter onSegment: called after each segment with the number of finished segments and the total
    public func figures(
        onSegment: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
    ) throws -> [CompressorFigures] {
        let total = windows.reduce(0) { $0 + $1.segments.reduce($1.segments.max() ?? 0, +) }
        var done = 0
        let outcomes = try windows.indices.map { index in
            let window = windows[index]
            // The next text that is at least as long.
            let other = (windows[(index + 1)...] + windows[..<index]).first {
                $0.text.ids.count >= window.text.ids.count
            }
            defer { window.text.forgetVectors() }
            return try measure.losses(of: window.text, segments: window.segments, beside: other?.text) {
                done += 1
                try onSegment(done, total)
                try Task.checkCancellation()
            }
        }
        return Set(options.segments).sorted().compactMap {
            CompressorFigures(outcomes, segments: $0, seed: options.seed)
        }
    }
}

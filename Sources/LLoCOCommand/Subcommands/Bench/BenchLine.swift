import Foundation

/// The result of a measurement: a line of JSON without the fields that a work does not have.
struct BenchLine: Encodable {
    let peer = "lloco"
    let work: String
    var mode: String?
    /// of the text; of the question in `retrieve`
    var tokens: Int
    var seconds: Double?
    var tokensPerSecond: Double?
    /// The reason for missing figures
    var note: String?

    // answer
    var contextTokens: Int?
    var promptTokens: Int?
    var generatedTokens: Int?
    var secondsPerToken: Double?
    var isSynthetic: Bool?
    var compressSeconds: Double?
    var compressPeakMemoryBytes: Int?
    // answer, finetune
    var peakMemoryBytes: Int?
    var memoryBeforeBytes: Int?
    /// The factor by which compressed is better than full
    var ratio: Double?
    // finetune
    var examples: Int?
    var examplesPerSecond: Double?
    // retrieve
    var passages: Int?
    var embedSeconds: Double?
    /// without embedding the question
    var searchSeconds: Double?
    /// with one of the two searches only
    var denseSeconds: Double?
    var keywordSeconds: Double?
    /// with reading the embeddings from the file
    var firstSearchSeconds: Double?
    var insertSeconds: Double?

    enum CodingKeys: String, CodingKey {
        case peer, work, mode, tokens, seconds, note, ratio, examples, passages
        case tokensPerSecond = "tokens_per_second"
        case contextTokens = "context_tokens"
        case promptTokens = "prompt_tokens"
        case generatedTokens = "generated_tokens"
        case secondsPerToken = "seconds_per_token"
        case isSynthetic = "synthetic"
        case compressSeconds = "compress_seconds"
        case compressPeakMemoryBytes = "compress_peak_memory_bytes"
        case peakMemoryBytes = "peak_memory_bytes"
        case memoryBeforeBytes = "memory_before_bytes"
        case examplesPerSecond = "examples_per_second"
        case embedSeconds = "embed_seconds"
        case searchSeconds = "search_seconds"
        case denseSeconds = "dense_seconds"
        case keywordSeconds = "keyword_seconds"
        case firstSearchSeconds = "first_search_seconds"
        case insertSeconds = "insert_seconds"
    }
}

/// A column of a work's table. Its width is fixed, since the table is printed line by line.
struct BenchColumn: Sendable {
    let title: String
    let width: Int
    let cell: @Sendable (BenchLine) -> String

    init(_ title: String, _ width: Int, _ cell: @escaping @Sendable (BenchLine) -> String) {
        self.title = title
        self.width = width
        self.cell = cell
    }

    static let work = BenchColumn("work", -9) { $0.work }
    static let mode = BenchColumn("mode", -10) { $0.mode ?? "" }
    static let tokens = BenchColumn("tokens", 7) { "\($0.tokens)" }
    static let peak = BenchColumn("peak MB", 8) { megabytes($0.peakMemoryBytes) }
    static let before = BenchColumn("of it before", 12) { megabytes($0.memoryBeforeBytes) }
    static let ratio = BenchColumn("times", 7) { $0.ratio.map { String(format: "%.1f", $0) } ?? "" }

    /// A column of seconds with `digits` decimal places.
    static func seconds(
        _ title: String, _ width: Int, digits: Int = 3, _ value: @escaping @Sendable (BenchLine) -> Double?
    ) -> BenchColumn {
        BenchColumn(title, width) { value($0).map { String(format: "%.*f", digits, $0) } ?? "–" }
    }

    static func megabytes(_ bytes: Int?) -> String { bytes.map { "\(($0 + 500_000) / 1_000_000)" } ?? "–" }
}

/// Prints a work's lines as they are measured, and the header before the first one.
final class BenchTable {
    private let columns: [BenchColumn]
    private let json: Bool
    private var isBegun = false

    init(_ columns: [BenchColumn], json: Bool) {
        self.columns = columns
        self.json = json
    }

    func print(_ line: BenchLine) throws {
        if json { return try Terminal.json(line) }
        if !isBegun { Terminal.print(Self.joined(columns.map { ($0.title, $0.width) })) }
        isBegun = true
        guard let note = line.note else {
            return Terminal.print(Self.joined(columns.map { ($0.cell(line), $0.width) }))
        }
        let named = columns.prefix { [BenchColumn.work, .mode, .tokens].map(\.title).contains($0.title) }
        Terminal.print(Self.joined(named.map { ($0.cell(line), $0.width) }) + "  " + note)
    }

    /// The cells side by side; a negative width aligns left.
    private static func joined(_ cells: [(text: String, width: Int)]) -> String {
        var line = cells.map { cell in
            let padding = String(repeating: " ", count: max(0, abs(cell.width) - cell.text.count))
            return cell.width < 0 ? cell.text + padding : padding + cell.text
        }.joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        return line
    }
}

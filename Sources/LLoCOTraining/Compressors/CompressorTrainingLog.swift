public import Foundation
import LLoCOBase

/// The training log: a file in the run's folder with one JSON line per step.
public struct CompressorTrainingLog {
    /// The file's name in the folder.
    public static let name = "training.jsonl"

    /// The result of one step.
    public struct Line: Codable, Hashable, Sendable {
        /// The step's number, from 1.
        public let step: Int
        /// The loss as in ``CompressorTrainer/Step``, nats per token.
        public let loss: Double
        /// The loss of each objective (``CompressorTrainer/Objective``); nil in lines of older versions.
        public let losses: [String: Double]?
        /// The joint norm of the gradients before clipping; nil in lines of older versions.
        public let gradientNorm: Double?
        /// Tokens processed per second; nil in lines of older versions.
        public let tokensPerSecond: Double?

        init(_ step: CompressorTrainer.Step, tokensPerSecond: Double) {
            self.step = step.step
            loss = step.loss
            losses = Dictionary(uniqueKeysWithValues: step.losses.map { ($0.rawValue, $1) })
            gradientNorm = step.gradientNorm
            self.tokensPerSecond = tokensPerSecond
        }

        enum CodingKeys: String, CodingKey {
            case step, loss, losses
            case gradientNorm = "gradient_norm"
            case tokensPerSecond = "tokens_per_second"
        }
    }

    private let handle: FileHandle

    /// Opens or creates a folder's log. Lines after step `steps` are removed: a resumed run repeats those steps.
    init(in folder: URL, keepingSteps steps: Int) throws {
        let file = folder.appending(path: Self.name)
        let kept = Self.read(file).filter { $0.line.step <= steps }
        try kept.reduce(into: Data()) { $0 += $1.text + Data("\n".utf8) }.write(to: file, options: .atomic)
        handle = try FileHandle(forWritingTo: file)
        try handle.seekToEnd()
    }

    /// The lines of a folder's log; empty without a log.
    public static func lines(in folder: URL) -> [Line] { read(folder.appending(path: name)).map(\.line) }

    /// A log's lines, without those that a kill truncated.
    private static func read(_ file: URL) -> [(text: Data, line: Line)] {
        let decoder = JSONDecoder()
        return (FileManager.default.contents(atPath: file.path) ?? Data()).split(separator: UInt8(ascii: "\n"))
            .compactMap { text in (try? decoder.decode(Line.self, from: text)).map { (text, $0) } }
    }

    func append(_ line: Line) throws {
        try handle.write(contentsOf: JSONLine.data(line))
    }
}

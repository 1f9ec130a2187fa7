public import Foundation
import LLoCOBase

/// The log of a compressor's training: a file in the run's folder, a JSON line a step.
public struct CompressorTrainingLog {
    /// The file's name in the folder.
    public static let name = "training.jsonl"

    /// What a step brought.
    public struct Line: Codable, Hashable, Sendable {
        /// The step, from 1.
        public let step: Int
        /// As in ``CompressorTrainer/Step``, nats a token.
        public let loss: Double
        /// The same by objective (``CompressorTrainer/Objective``); nil where an older version wrote the line.
        public let losses: [String: Double]?
        /// The joint norm of the gradients before clipping; nil where an older version wrote the line.
        public let gradientNorm: Double?
        /// Tokens read a second; nil where an older version wrote the line.
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

    /// Opens a folder's log, or begins it. Steps after `steps`, which a continued run makes again, are dropped.
    init(in folder: URL, keepingSteps steps: Int) throws {
        let file = folder.appending(path: Self.name)
        let kept = Self.read(file).filter { $0.line.step <= steps }
        try kept.reduce(into: Data()) { $0 += $1.text + Data("\n".utf8) }.write(to: file, options: .atomic)
        handle = try FileHandle(forWritingTo: file)
        try handle.seekToEnd()
    }

    /// The steps that a folder's log has; none where there is no log.
    public static func lines(in folder: URL) -> [Line] { read(folder.appending(path: name)).map(\.line) }

    /// A log's lines; one that a kill cut short is none.
    private static func read(_ file: URL) -> [(text: Data, line: Line)] {
        let decoder = JSONDecoder()
        return (FileManager.default.contents(atPath: file.path) ?? Data()).split(separator: UInt8(ascii: "\n"))
            .compactMap { text in (try? decoder.decode(Line.self, from: text)).map { (text, $0) } }
    }

    func append(_ line: Line) throws {
        try handle.write(contentsOf: JSONLine.data(line))
    }
}

import Foundation

/// Where a job stands.
public enum JobState: String, Codable, Sendable, CaseIterable {
    /// Others are done first, or the server has ended while it ran: it goes on where it stopped
    case waiting
    case running
    case done
    case failed
    case cancelled

    var isFinal: Bool { self != .waiting && self != .running }
}

/// Work that changes a library and takes long: documents are added, or a group is tuned.
struct Job: Codable, Sendable, Equatable {
    enum Kind: String, Codable, Sendable {
        case add
        case finetune
    }

    /// How a `finetune` is done; the recipe's values where nil.
    struct Training: Codable, Sendable, Equatable {
        var epochs: Int?
        var learningRate: Double?
        var studyPerPassage: Int?
    }

    /// 32 hexadecimal digits
    let id: String
    let kind: Kind
    let group: String
    var state = JobState.waiting
    let created: Date
    var started: Date?
    var ended: Date?
    /// The names of the files that it was given
    let files: [String]
    var training = Training()
    /// Why it has failed
    var error: String?

    init(kind: Kind, group: String, files: [String], training: Training = Training()) {
        id = .randomID()
        (self.kind, self.group, self.files, self.training) = (kind, group, files, training)
        created = Date()
    }

    /// What the command `lloco` is called with.
    ///
    /// - Parameters:
    ///   - paths: where the files are
    ///   - options: of every job: the library, the model
    func arguments(paths: [String], options: [String]) -> [String] {
        var arguments = [kind.rawValue, "--job", "--group=\(group)"] + options
        switch kind {
        case .add: arguments += ["--"] + paths
        case .finetune:
            if let questions = paths.first { arguments.append("--questions=\(questions)") }
            if let epochs = training.epochs { arguments.append("--epochs=\(epochs)") }
            if let rate = training.learningRate { arguments.append("--learning-rate=\(rate)") }
            if let count = training.studyPerPassage { arguments.append("--study-per-passage=\(count)") }
        }
        return arguments
    }
}

extension String {
    /// 128 random bits that nobody can guess, in hexadecimal.
    static func randomID() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<2).map { _ in
            let digits = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// Whether it has the form of one: what a path may be made of.
    var isID: Bool { utf8.count == 32 && utf8.allSatisfy { 48...57 ~= $0 || 97...102 ~= $0 } }
}

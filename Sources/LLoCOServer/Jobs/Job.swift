import Foundation

/// The state of a job.
public enum JobState: String, Codable, Sendable, CaseIterable {
    /// Queued, or interrupted by the end of the server; an interrupted job resumes where it stopped
    case waiting
    /// Its process runs
    case running
    /// Ended successfully
    case done
    /// Ended with an error
    case failed
    /// Cancelled by a client
    case cancelled

    var isFinal: Bool { self != .waiting && self != .running }
}

/// Long work that changes a library: adding documents or tuning a group's adapter.
struct Job: Codable, Sendable, Equatable {
    enum Kind: String, Codable, Sendable {
        case add
        case finetune
    }

    /// Hyperparameters of a `finetune` job; nil selects the recipe's value.
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
    /// Names of the uploaded files
    let files: [String]
    var training = Training()
    /// Why the job failed
    var error: String?

    init(kind: Kind, group: String, files: [String], training: Training = Training()) {
        id = .randomID()
        (self.kind, self.group, self.files, self.training) = (kind, group, files, training)
        created = Date()
    }

    /// The arguments of the job's process.
    ///
    /// - Parameters:
    ///   - paths: paths of the uploaded files
    ///   - options: arguments of every job: the library, the model
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
    /// 128 cryptographically random bits in hexadecimal.
    static func randomID() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<2).map { _ in
            let digits = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// Whether the string has the form of ``randomID()``, and so is safe as a path component.
    var isID: Bool { utf8.count == 32 && utf8.allSatisfy { 48...57 ~= $0 || 97...102 ~= $0 } }
}

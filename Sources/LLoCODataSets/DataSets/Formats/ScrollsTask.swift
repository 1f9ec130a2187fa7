import Foundation

/// A task of SCROLLS (Shaham et al. 2022). Its lines do not name it; its files do.
enum ScrollsTask: String, CaseIterable {
    case govReport = "gov_report"
    case summScreen = "summ_screen_fd"
    case qmsum, squality, qasper
    case narrativeQA = "narrative_qa"
    case quality
    case contractNLI = "contract_nli"

    /// The published measure.
    var metric: Metric {
        switch self {
        case .govReport, .summScreen, .qmsum, .squality: .rougeGeometricMean
        case .qasper, .narrativeQA: .f1
        case .quality, .contractNLI: .em
        }
    }

    /// Tokens that an answer may have; nil for what the measure's answers have.
    var answerTokens: Int? {
        switch self {
        case .govReport, .summScreen: 512
        default: nil
        }
    }

    /// What is asked where the input is all text; nil where it begins with a question.
    var instruction: String? {
        switch self {
        case .govReport: "Summarize the report."
        case .summScreen: "Summarize the episode."
        default: nil
        }
    }

    /// The task that a file's or its folder's name tells, whatever stands between the words: `qasper/validation.jsonl`,
    /// `GovReport-dev.jsonl`; the names of those that contain another's come first.
    static func name(in url: URL) -> String? {
        for part in [url.lastPathComponent, url.absoluteURL.deletingLastPathComponent().lastPathComponent] {
            if let task = named(in: part) { return task.rawValue }
        }
        return nil
    }

    /// The task that `text` names; nil where it names none.
    static func named(in text: String) -> ScrollsTask? {
        let letters = text.lowercased().filter { $0.isLetter || $0.isNumber }
        return allCases.first { letters.contains($0.letters) }
    }

    private var letters: String {
        self == .summScreen ? "summscreen" : rawValue.filter { $0 != "_" }
    }
}

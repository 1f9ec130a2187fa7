import Foundation

/// A task of SCROLLS (Shaham et al. 2022), named by its files, not by their lines.
enum ScrollsTask: String, CaseIterable {
    case govReport = "gov_report"
    case summScreen = "summ_screen_fd"
    case qmsum, squality, qasper
    case narrativeQA = "narrative_qa"
    case quality
    case contractNLI = "contract_nli"

    /// The published metric.
    var metric: Metric {
        switch self {
        case .govReport, .summScreen, .qmsum, .squality: .rougeGeometricMean
        case .qasper, .narrativeQA: .f1
        case .quality, .contractNLI: .em
        }
    }

    /// Maximum answer length in tokens; nil for the metric's default.
    var answerTokens: Int? {
        switch self {
        case .govReport, .summScreen: 512
        default: nil
        }
    }

    /// The instruction of a task whose input is only text; nil if the input begins with a question.
    var instruction: String? {
        switch self {
        case .govReport: "Summarize the report."
        case .summScreen: "Summarize the episode."
        default: nil
        }
    }

    /// The task in the name of a file or its folder, ignoring separators: `qasper/validation.jsonl`,
    /// `GovReport-dev.jsonl`. A task name that contains another one is tried first.
    static func name(in url: URL) -> String? {
        for part in [url.lastPathComponent, url.absoluteURL.deletingLastPathComponent().lastPathComponent] {
            if let task = named(in: part) { return task.rawValue }
        }
        return nil
    }

    /// The task named in `text`; nil if there is none.
    static func named(in text: String) -> ScrollsTask? {
        let letters = text.lowercased().filter { $0.isLetter || $0.isNumber }
        return allCases.first { letters.contains($0.letters) }
    }

    private var letters: String {
        self == .summScreen ? "summscreen" : rawValue.filter { $0 != "_" }
    }
}

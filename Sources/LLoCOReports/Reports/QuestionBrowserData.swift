import Foundation
import LLoCOBase
import LLoCODataSets

/// The data of the page's script: questions with their answers in every mode; repeated passage texts are stored once.
struct QuestionBrowserData: Encodable {
    struct Mode: Encodable {
        var name: String
        /// The CSS class of the mode's colour.
        var series: String
    }

    struct Question: Encodable {
        var id: String
        var document: String
        var question: String
        var answers: [String]
        var metric: String
        var attributes: [String: String]
        var tokens: Int
        /// The results in the order of `modes`; null for a mode in which the question was not asked.
        var results: [Result?]
    }

    struct Result: Encodable {
        var prediction: String
        var score: Double
        var scores: [String: Double]
        var likelihoods: [Double]?
        var context: Int
        var prompt: Int
        var generated: Int
        var cut: Int
        /// Notes: why the question was not asked, what was truncated or omitted.
        var remarks: [String]
        /// The seconds of retrieve, prefill, decode and total.
        var seconds: [Double]
        var passages: [Passage]
    }

    struct Passage: Encodable {
        var document: String
        var start: Int
        var end: Int
        var score: Double
        /// An index in `texts`.
        var text: Int
    }

    var modes: [Mode]
    var metrics: [String: String]
    var questions: [Question] = []
    var texts: [String] = []

    init(_ compared: ComparedQuestions) {
        modes = compared.modes.map { .init(name: $0.rawValue, series: PlotStyle.seriesClass($0.plotStyle)) }
        metrics = Dictionary(
            uniqueKeysWithValues: Metric.allCases.map { ($0.rawValue, EvaluationReport.title(of: $0.rawValue)) })
        var places: [String: Int] = [:]
        for question in compared.questions {
            let record = question.record
            questions.append(
                Question(
                    id: record.id.visible, document: record.document.visible, question: record.question.visible,
                    answers: record.answers.map(\.visible), metric: record.metric.rawValue,
                    attributes: Dictionary(
                        record.attributes.map { ($0.visible, $1.visible) }, uniquingKeysWith: { first, _ in first }),
                    tokens: record.documentTokens,
                    results: question.results.map { result in
                        result.map { result in
                            Result(result) { text in
                                if let place = places[text] { return place }
                                places[text] = texts.count
                                texts.append(text.visible)
                                return texts.count - 1
                            }
                        }
                    }))
        }
    }

    /// The data as JSON that is safe inside a `script` element.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // In JSON, `<` occurs only within strings.
        return String(decoding: try encoder.encode(self), as: UTF8.self).replacing("<", with: "\\u003c")
    }
}

extension QuestionBrowserData.Result {
    fileprivate init(_ record: EvaluationRecord, place: (String) -> Int) {
        func rounded(_ value: Double, _ scale: Double) -> Double {
            value.isFinite ? (value * scale).rounded() / scale : 0
        }
        let seconds = record.seconds
        self.init(
            prediction: record.prediction.visible, score: rounded(record.score, 100),
            scores: record.scores.mapValues { rounded($0, 100) },
            likelihoods: record.choiceLogLikelihoods?.map { rounded($0, 1000) }, context: record.contextTokens,
            prompt: record.promptTokens, generated: record.generatedTokens, cut: record.cutTokens,
            remarks: ((record.unanswered.map { ["not asked: " + $0] } ?? [])
                + (record.isAnswerCut ? ["the answer was truncated at its token limit"] : []) + record.omissions)
                .map(\.visible),
            seconds: [seconds.retrieve, seconds.prefill, seconds.decode, seconds.total].map { rounded($0, 10_000) },
            passages: record.passages.map {
                .init(
                    document: $0.document.visible, start: $0.start, end: $0.end, score: rounded($0.score, 10_000),
                    text: place($0.text))
            })
    }
}

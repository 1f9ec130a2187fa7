/// A page of help on an idea that several commands share.
struct HelpTopic: Sendable {
    /// The name that `lloco help` takes.
    let name: String
    /// A few words for the list of topics.
    let summary: String
    /// Plain text, at most 40 lines of 80 columns.
    let page: String

    static let all = [modes, budgets, models, groups]

    /// The names with commas between them.
    static let names = all.map(\.name).joined(separator: ", ")

    /// The topics, one per line.
    static let list = all.map { "  \($0.name.padded(to: 24))\($0.summary)" }.joined(separator: "\n")
}

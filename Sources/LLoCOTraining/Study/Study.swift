import LLoCOBase
import LLoCOCompression
package import LLoCOLibrary
import LLoCOModels

/// Generates questions about a document's passages, and answers those that pass the filter.
///
/// A passage's questions depend only on its text, the seed and the document's earlier questions. Each finished passage
/// is stored at once: a killed run loses only the current passage, and the next run resumes.
package struct Study {
    private let writer: any StudyWriting
    private let teacher: any StudyTeaching
    private let filter: StudyFilter
    private let recipe: StudyRecipe
    private let identity: StudyIdentity
    private let seed: UInt64

    package init(
        writer: any StudyWriting, teacher: any StudyTeaching, filter: StudyFilter = StudyFilter(), recipe: StudyRecipe,
        identity: StudyIdentity, seed: UInt64
    ) {
        self.writer = writer
        self.teacher = teacher
        self.filter = filter
        self.recipe = recipe
        self.identity = identity
        self.seed = seed
    }

    /// The first words of each kind of question. Entries are used in turn, continuing from passage to passage, so their
    /// number sets each kind's frequency.
    private static let openings: [(kind: StudyKind, openings: [String])] = [
        (.fact, ["Who", "What did", "Where", "What was"]),
        (.reason, ["Why did", "Why was", "Why"]),
        (.fact, ["What did", "How did", "Who", "What"]),
        (.order, ["What happened after", "What happened when", "What did"]),
        (.fact, ["Who", "What", "When", "Where"]),
        (.reason, ["Why did", "Why"]),
        (.fact, ["How did", "What was", "What did"]),
        (.summary, ["What happened to", "What do we learn about"]),
    ]

    /// Studies a document's passages, except those that are stored already.
    ///
    /// - Parameter progress: called after every passage with the numbers of finished passages and of all passages
    package func run(
        on document: Int64, in library: any LibraryStore,
        progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
    ) async throws {
        let passages = try await library.passages(of: document)
        let studied = try await library.study(of: document, by: identity)
        var done = Dictionary(studied.map { (Digest.sha256($0.passage.text), $0.items) }) { first, _ in first }
        var asked: Set<String> = []
        for (index, passage) in passages.enumerated() {
            let digest = Digest.sha256(passage.text)
            let items: [StudyItem]
            if let stored = done[digest] {
                items = stored
            } else {
                do {
                    items = try self.items(
                        about: passage.text, digest: digest, turn: index * recipe.questionsPerPassage, asked: asked)
                } catch let error as ModelError {
                    throw EngineError(
                        error.errorCode,
                        "\(try await library.document(id: document)?.name ?? "a document"), bytes "
                            + "\(passage.bytes.lowerBound) to \(passage.bytes.upperBound): \(error)", hint: error.hint)
                }
                try await library.saveStudy(items, of: passage, by: identity)
                done[digest] = items
            }
            for item in items where item.rejection == nil { asked.insert(StudyFilter.key(item.question)) }
            try progress(index + 1, passages.count)
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    private func items(
        about passage: String, digest: String, turn: Int, asked: Set<String>
    ) throws -> [StudyItem] {
        let excerpts = StudyExcerpts.split(passage, words: recipe.excerptWords)
        guard !excerpts.isEmpty else { return [] }
        var asked = asked
        var isPrefilled = false
        // Group questions by excerpt, so that each excerpt is prefilled once.
        let tasks = (0..<recipe.questionsPerPassage).map { index in
            (index: index, excerpt: index % excerpts.count)
        }.sorted { ($0.excerpt, $0.index) < ($1.excerpt, $1.index) }
        return try tasks.map { task in
            let seed = Self.seed("\(seed) \(digest) \(task.index)")
            var draws = SplitMix64(seed: seed)
            let (kind, openings) = Self.openings[(turn + task.index) % Self.openings.count]
            let (question, written) = try writer.write(
                about: excerpts[task.excerpt], opening: openings.randomElement(using: &draws) ?? "", seed: draws.next())
            if let rejection = filter.rejection(of: question, about: passage, asked: asked) {
                return StudyItem(kind: kind, question: question, answer: written, rejection: rejection)
            }
            if !isPrefilled {
                try teacher.prefill(passage)
                isPrefilled = true
            }
            let answer = try teacher.answer(question)
            let rejection =
                answer.map { filter.rejection(of: $0, to: question, about: passage, kind: kind) } ?? .tooLong
            if let rejection {
                return StudyItem(kind: kind, question: question, answer: answer ?? "", rejection: rejection)
            }
            asked.insert(StudyFilter.key(question))
            return StudyItem(
                kind: kind, question: question, answer: answer ?? "",
                targets: try teacher.targets(question, answer: answer ?? ""))
        }
    }

    private static func seed(_ text: String) -> UInt64 {
        UInt64(Digest.sha256(text).prefix(16), radix: 16) ?? 0
    }
}

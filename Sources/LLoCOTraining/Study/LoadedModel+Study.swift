import Foundation
import LLoCOBase
public import LLoCOCompression
import LLoCODocuments
public import LLoCOLibrary
import LLoCOTokenizers

/// What studying a group came to.
public struct StudySummary: Sendable, Equatable {
    /// Passages of the group's documents
    public let passages: Int
    /// Questions that were asked
    public let asked: Int
    /// Those that are learned from
    public let kept: Int
}

extension LoadedModel {
    /// What a study of this engine's is stored under.
    public func studyIdentity(_ recipe: StudyRecipe, seed: UInt64) throws -> StudyIdentity {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let settings = StudySettings(
            version: 1, recipe: recipe, seed: seed, teacher: generalAdapter?.digest,
            prompt: Digest.sha256(tokens: try prompts.prompt(question: "?", context: [0])))
        return StudyIdentity(
            model: modelIdentity, settings: String(decoding: try encoder.encode(settings), as: UTF8.self))
    }

    private struct StudySettings: Codable {
        /// of how questions are asked and judged
        let version: Int
        let recipe: StudyRecipe
        let seed: UInt64
        /// the general adapter that answers
        let teacher: String?
        /// how the model is spoken to
        let prompt: String
    }

    /// Asks and answers questions about a group's documents, and stores them for
    /// ``finetune(group:study:recipe:seed:in:checkpointing:saveEvery:onStep:)`` to learn from.
    ///
    /// What was studied before is kept: an interrupted study goes on, and a document that grew is studied where it grew.
    ///
    /// - Parameter progress: told after every passage how many of the group are done, of how many
    /// - Throws: `EngineError` where the group has no documents or nothing came of them, `LibraryError`, `ModelError`.
    @discardableResult
    public func study(
        group: String, recipe: StudyRecipe, seed: UInt64, in library: any LibraryStore,
        progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
    ) async throws -> StudySummary {
        let documents = try await studyDocuments(group, library)
        let identity = try studyIdentity(recipe, seed: seed)
        var passages: [[String]] = []
        for document in documents { passages.append(try await library.passages(of: document.id).map(\.text)) }
        let total = passages.reduce(0) { $0 + $1.count }
        var before = 0
        // Made for the first passage that has not been studied.
        var study: Study?
        for (document, passages) in zip(documents, passages) {
            let known = Set(try await library.study(of: document.id, by: identity).map(\.passage.text))
            if !known.isSuperset(of: passages) {
                let own =
                    try study
                    ?? Study(
                        writer: StudyWriter(languageModel, recipe: recipe), teacher: StudyTeacher(self, recipe: recipe),
                        recipe: recipe, identity: identity, seed: seed)
                study = own
                try await own.run(on: document.id, in: library) { done, _ in try progress(before + done, total) }
            }
            before += passages.count
            try progress(before, total)
        }
        var items: [StudyItem] = []
        for document in documents {
            items += try await library.study(of: document.id, by: identity).flatMap(\.items)
        }
        return StudySummary(passages: total, asked: items.count, kept: items.count { $0.rejection == nil })
    }

    /// The group's documents, all of them compressed.
    private func studyDocuments(_ group: String, _ library: any LibraryStore) async throws -> [DocumentRecord] {
        let documents = try await library.documents(in: .group(group))
        guard !documents.isEmpty else {
            throw EngineError(.notFound, "group '\(group)' has no documents", hint: .addDocuments(group: group))
        }
        for document in documents {
            if try await library.isComplete(document.id, identity: vectorIdentity) { continue }
            throw EngineError(
                .notFound,
                "document '\(document.name)' is not compressed (or not to its end) by this model and compressor: add it "
                    + "again with them")
        }
        return documents
    }

    /// Trains a group's adapter on what was studied of its documents: the model with their vectors learns to hold likely
    /// what the model with the passage holds likely.
    ///
    /// As ``finetune(group:questions:recipe:seed:in:checkpointing:saveEvery:onStep:)`` otherwise.
    public func finetune(
        group: String, study identity: StudyIdentity, recipe: FinetuningRecipe, seed: UInt64,
        in library: any LibraryStore,
        checkpointing: GradientCheckpointing = .automatic, saveEvery: Double = 20,
        onStep: (Finetuner.Step, _ total: Int, _ tokensPerSecond: Double) throws -> Void
    ) async throws -> FinetunedAdapter {
        try await train(
            group: group, data: studyData(group: group, identity, recipe, seed: seed, library), recipe: recipe,
            seed: seed, in: library,
            checkpointing: checkpointing, saveEvery: saveEvery, onStep: onStep)
    }

    private func studyData(
        group: String, _ identity: StudyIdentity, _ recipe: FinetuningRecipe, seed: UInt64, _ library: any LibraryStore
    ) async throws -> TrainingData {
        var data = TrainingData.Builder(model: self, library: library, recipe: recipe, seed: seed)
        var (asked, kept) = (0, 0)
        for document in try await studyDocuments(group, library) {
            let items = try await library.study(of: document.id, by: identity).flatMap(\.items)
            let questions = items.compactMap { item in
                item.targets.map {
                    TrainingData.Question(
                        name: "document '\(document.name)', '\(item.question)'", text: item.question, answer: $0.answer,
                        targets: $0)
                }
            }
            asked += items.count
            kept += questions.count
            try await data.add(questions, about: document)
        }
        guard kept > 0 else {
            throw EngineError(
                .failed,
                "nothing can be learned from the \(asked) questions that the model has asked about group '\(group)'",
                hint: .showStudy)
        }
        return data.finish()
    }
}

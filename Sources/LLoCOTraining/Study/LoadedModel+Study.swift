import Foundation
import LLoCOBase
public import LLoCOCompression
import LLoCODocuments
public import LLoCOLibrary
import LLoCOTokenizers

/// The result of a group's study.
public struct StudySummary: Sendable, Equatable {
    /// Number of passages in the group's documents
    public let passages: Int
    /// Number of generated questions
    public let asked: Int
    /// Number of questions that passed the filter and are trained on
    public let kept: Int
}

extension LoadedModel {
    /// The identity under which this model's study is stored.
    ///
    /// - Throws: `TokenizerError` if the model's chat template is not supported.
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
        /// The version of question generation and filtering
        let version: Int
        let recipe: StudyRecipe
        let seed: UInt64
        /// The digest of the general adapter that the teacher uses
        let teacher: String?
        /// A digest of the chat template's tokens
        let prompt: String
    }

    /// Generates questions and answers about a group's documents, and stores them for
    /// ``finetune(group:study:recipe:seed:in:checkpointing:saveEvery:onStep:)``.
    ///
    /// Stored passages are skipped: an interrupted study resumes, and only new passages of a changed document are
    /// studied.
    ///
    /// - Parameter progress: called after every passage with the numbers of finished passages and of all passages
    /// - Throws: `EngineError` if the group has no documents or one is not compressed; `LibraryError`; `ModelError`.
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
        var finished = 0
        // Created only if a passage has not been studied.
        var study: Study?
        for (document, passages) in zip(documents, passages) {
            let studied = Set(try await library.study(of: document.id, by: identity).map(\.passage.text))
            if !studied.isSuperset(of: passages) {
                let current =
                    try study
                    ?? Study(
                        writer: StudyWriter(languageModel, recipe: recipe), teacher: StudyTeacher(self, recipe: recipe),
                        recipe: recipe, identity: identity, seed: seed)
                study = current
                try await current.run(on: document.id, in: library) { done, _ in try progress(finished + done, total) }
            }
            finished += passages.count
            try progress(finished, total)
        }
        var items: [StudyItem] = []
        for document in documents {
            items += try await library.study(of: document.id, by: identity).flatMap(\.items)
        }
        return StudySummary(passages: total, asked: items.count, kept: items.count { $0.rejection == nil })
    }

    /// The group's documents.
    ///
    /// - Throws: `EngineError` if there is none, or if one is not completely compressed.
    private func studyDocuments(_ group: String, _ library: any LibraryStore) async throws -> [DocumentRecord] {
        let documents = try await library.documents(in: .group(group))
        guard !documents.isEmpty else {
            throw EngineError(.notFound, "group '\(group)' has no documents", hint: .addDocuments(group: group))
        }
        for document in documents {
            if try await library.isComplete(document.id, identity: vectorIdentity) { continue }
            throw EngineError(
                .notFound,
                "document '\(document.name)' is not compressed, or only in part, by this model and compressor: add it "
                    + "again with them")
        }
        return documents
    }

    /// Trains a group's adapter on a study of its documents. The model with the documents' vectors learns the
    /// probabilities that the model with the passage gives to the answers' tokens.
    ///
    /// Otherwise as ``finetune(group:questions:recipe:seed:in:checkpointing:saveEvery:onStep:)``.
    ///
    /// - Throws: also `EngineError` if the study has no accepted question.
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
        var (generated, accepted) = (0, 0)
        for document in try await studyDocuments(group, library) {
            let items = try await library.study(of: document.id, by: identity).flatMap(\.items)
            let questions = items.compactMap { item in
                item.targets.map {
                    TrainingData.Question(
                        name: "document '\(document.name)', '\(item.question)'", text: item.question, answer: $0.answer,
                        targets: $0)
                }
            }
            generated += items.count
            accepted += questions.count
            try await data.add(questions, about: document)
        }
        guard accepted > 0 else {
            throw EngineError(
                .failed,
                "group '\(group)': 0 of \(generated) generated questions were accepted, expected 1 or more",
                hint: .showStudy)
        }
        return data.finish()
    }
}

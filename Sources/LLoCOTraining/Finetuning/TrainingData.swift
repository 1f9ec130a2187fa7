import LLoCOBase
import LLoCOCompression
import LLoCODocuments
import LLoCOLibrary
import LLoCOModels
import LLoCOTokenizers
import LLoCOTorch

/// The training data of a group's adapter: its documents' vectors, and examples about each document.
struct TrainingData {
    /// Each document's vectors
    let vectors: [SegmentVectors]
    /// The examples of each epoch; later epochs repeat from the first. Epochs differ if mixtures of vectors and text
    /// are sampled.
    let epochs: [[FinetuningExample]]
    /// Each document's id
    let documents: [Int64]
    /// The SHA-256 of the documents and examples
    let digest: String

    /// A question about a document and its answer.
    struct Question {
        /// Its name in errors
        let name: String
        let text: String
        /// The answer with its end token
        let answer: [Int]
        var targets: TeacherTargets?
    }

    struct Builder {
        private let model: LoadedModel
        private let library: any LibraryStore
        private let recipe: FinetuningRecipe
        private let mixer: ContextMixer
        private var draws: SplitMix64
        private var vectors: [SegmentVectors] = []
        private var epochs: [[FinetuningExample]]
        private var documents: [Int64] = []
        private var digests: [String] = []

        /// The maximum number of epochs with different mixtures; later epochs repeat them.
        private static let maximumMixtures = 8

        init(model: LoadedModel, library: any LibraryStore, recipe: FinetuningRecipe, seed: UInt64) {
            self.model = model
            self.library = library
            self.recipe = recipe
            mixer = ContextMixer(model: model, library: library)
            draws = SplitMix64(seed: seed)
            epochs = Array(
                repeating: [], count: recipe.hybridShare > 0 ? min(recipe.epochs, Self.maximumMixtures) : 1)
        }

        /// Adds a document and its questions.
        ///
        /// - Throws: `LibraryError` if the document is not compressed; `EngineError` if a question does not fit the
        ///   window.
        mutating func add(_ questions: [Question], about document: DocumentRecord) async throws {
            let stored = try await library.storedVectors(of: document.id, identity: model.vectorIdentity)
            for index in epochs.indices {
                for question in questions {
                    epochs[index].append(try await example(question, document, stored))
                }
            }
            vectors.append(stored)
            documents.append(document.id)
            digests.append(document.digest)
            for question in questions { digests.append(question.targets.map { Digest.sha256($0.bytes) } ?? "") }
        }

        private mutating func example(
            _ question: Question, _ document: DocumentRecord, _ stored: SegmentVectors
        ) async throws -> FinetuningExample {
            var mixture: ContextMixer.Mixture?
            if let budget = ContextBudget.sampled(
                ofTokens: document.tokenCount, share: recipe.hybridShare,
                ratios: (recipe.minimumRatio, recipe.maximumRatio), prefersText: recipe.prefersText, using: &draws)
            {
                // As in answering, the budget is limited to the window's room beside question and answer.
                let empty = try model.prompts.prompt(question: question.text, context: [0]).count
                let room = model.languageModel.window - empty - question.answer.count - 1
                mixture = try await mixer.mix(
                    question.text, about: [document],
                    budget.fitting(.init(places: room, reading: model.compressor.vectorReading)))
            }
            let example = FinetuningExample(
                document: vectors.count, rows: mixture?.rows[0],
                prompt: try model.prompts.prompt(question: question.text, context: mixture?.text ?? []),
                answer: question.answer, targets: question.targets)
            let count = mixture?.vectorCount ?? stored.count
            let length =
                model.compressor.vectorReading.positions(of: count) + example.prompt.count + example.answer.count
            guard length <= model.languageModel.window else {
                throw EngineError(
                    .doesNotFit,
                    "\(question.name): the document's \(count) vectors with the question and its answer take \(length) "
                        + "positions, the model's window holds \(model.languageModel.window)")
            }
            return example
        }

        func finish() -> TrainingData {
            let ids = epochs.joined().flatMap { example in
                [example.document, example.prompt.count, example.answer.count] + example.prompt + example.answer
                    + (example.rows ?? []).flatMap { [$0.lowerBound, $0.upperBound] }
            }
            return TrainingData(
                vectors: vectors, epochs: epochs, documents: documents,
                digest: Digest.sha256(digests.joined() + Digest.sha256(tokens: ids)))
        }
    }
}

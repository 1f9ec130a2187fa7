package import LLoCOLibrary
import LLoCOTokenizers
import Synchronization

/// Mixes some of the documents' vectors and the best pieces of their text to a context of few positions: vectors for the
/// whole, text for the detail.
package final class ContextMixer: Sendable {
    /// What is read before a question.
    package struct Mixture {
        /// Of each document's vectors, those that are read, in their order
        package var rows: [[Range<Int>]]
        /// What is read of the documents' text; empty for none
        package var text: [Int] = []
        /// The same as passages, in the order in which they are read
        package var excerpts: [RetrievedPassage] = []
        /// What was too long, a line each
        package var omissions: [String] = []

        package var vectorCount: Int { rows.joined().reduce(0) { $0 + $1.count } }
    }

    private let model: LoadedModel
    private let library: any LibraryStore
    /// Of the documents that were asked about last
    private let index = Mutex<(digests: [String], pieces: ExcerptIndex)?>(nil)

    package init(model: LoadedModel, library: any LibraryStore) {
        self.model = model
        self.library = library
    }

    /// - Parameters:
    ///   - passages: what retrieval found in the documents, best first: read where the question's own words are not enough
    ///   - withVectors: whether what text leaves of the budget is vectors; the documents must be compressed then
    /// - Throws: `LibraryError` where a document is not compressed; `TokenizerError`.
    package func mix(
        _ question: String, about documents: [DocumentRecord], passages: [RetrievedPassage] = [],
        _ budget: ContextBudget, withVectors: Bool = true
    ) async throws -> Mixture {
        var segments: [[ContextSelection.Segment]]?
        if withVectors {
            var lists: [[ContextSelection.Segment]] = []
            for document in documents {
                try await library.checkCompressed(document.id, identity: model.vectorIdentity)
                lists.append(
                    try await library.segments(of: document.id, identity: model.vectorIdentity).map {
                        .init(bytes: $0.bytes, vectorCount: $0.vectorCount)
                    })
            }
            segments = lists
        }
        let index = try await pieces(of: documents)
        let found = passages.compactMap { passage in
            documents.firstIndex { $0.id == passage.document }.map {
                ExcerptIndex.Piece(text: $0, bytes: passage.start..<passage.end)
            }
        }
        let selection = try ContextSelection(
            question, index, prompts: model.prompts, found: found, segments: segments, budget)
        return Mixture(
            rows: segments == nil ? documents.map { _ in [] } : selection.rows, text: selection.text,
            excerpts: selection.excerpts.map { excerpt in
                let document = documents[excerpt.piece.text]
                return RetrievedPassage(
                    id: 0, document: document.id, documentName: document.name, start: excerpt.piece.bytes.lowerBound,
                    end: excerpt.piece.bytes.upperBound, score: RankFusion.weight(rank: excerpt.rank),
                    text: index.content(excerpt.piece))
            }, omissions: selection.omissions)
    }

    private func pieces(of documents: [DocumentRecord]) async throws -> ExcerptIndex {
        let digests = documents.map(\.digest)
        if let index = index.withLock({ $0 }), index.digests == digests { return index.pieces }
        var texts: [String] = []
        for document in documents { texts.append(try await library.text(of: document.id)) }
        let made = try ExcerptIndex(texts)
        index.withLock { $0 = (digests, made) }
        return made
    }
}

package import LLoCOLibrary
import LLoCOTokenizers
import Synchronization

/// Builds a context of few positions from some of the documents' vectors and the best pieces of their text: vectors for
/// the whole, text for the detail.
package final class ContextMixer: Sendable {
    /// The context before a question.
    package struct Mixture {
        /// The selected ranges of each document's vectors, ascending
        package var rows: [[Range<Int>]]
        /// The tokens of the selected text; empty for none
        package var text: [Int] = []
        /// The selected text as passages, in context order
        package var excerpts: [RetrievedPassage] = []
        /// Messages about content that did not fit, one line each
        package var omissions: [String] = []

        package var vectorCount: Int { rows.joined().reduce(0) { $0 + $1.count } }
    }

    private let model: LoadedModel
    private let library: any LibraryStore
    /// The cached excerpt index of the most recent documents
    private let index = Mutex<(digests: [String], pieces: ExcerptIndex)?>(nil)

    package init(model: LoadedModel, library: any LibraryStore) {
        self.model = model
        self.library = library
    }

    /// Selects the context for a question.
    ///
    /// - Parameters:
    ///   - passages: retrieved passages of the documents, best first; used after the pieces that the question's words
    ///     rank
    ///   - withVectors: whether vectors fill the part of the budget that text leaves; the documents must be compressed
    ///     then
    /// - Throws: `LibraryError` if a document is not compressed; `TokenizerError`.
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
        let pieces = try ExcerptIndex(texts)
        index.withLock { $0 = (digests, pieces) }
        return pieces
    }
}

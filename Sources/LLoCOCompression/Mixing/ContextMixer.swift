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

    /// More pieces than a budget holds are not looked at.
    private static let mostPieces = 256
    /// Positions for which no piece of text is looked for any more
    private static let leastText = 8

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
        var mixture = Mixture(rows: documents.map { _ in [] })
        let room = Int(Double(max(0, budget.positions)) * min(1, max(0, budget.textShare)))
        if room >= Self.leastText {
            try await read(question, documents, passages, room, cuts: !withVectors, into: &mixture)
        } else if !withVectors {
            mixture.omissions.append(
                "no piece of text was read: it takes \(Self.leastText) positions, there is room for \(room)")
        }
        guard withVectors else { return mixture }
        var segments: [[SegmentRecord]] = []
        for document in documents {
            try await library.checkCompressed(document.id, identity: model.vectorIdentity)
            segments.append(try await library.segments(of: document.id, identity: model.vectorIdentity))
        }
        let flat = segments.enumerated().flatMap { index, list in list.map { (document: index, segment: $0) } }
        let favoured = mixture.excerpts.sorted { $0.score > $1.score }.compactMap { excerpt in
            flat.firstIndex {
                documents[$0.document].id == excerpt.document && $0.segment.bytes.contains(excerpt.start)
            }
        }
        let counts = ContextBudget.vectors(
            of: flat.map(\.segment.vectorCount), favoured: favoured, positions: budget.positions - mixture.text.count)
        var start = 0
        for (index, part) in flat.enumerated() {
            if index > 0, flat[index - 1].document != part.document { start = 0 }
            if counts[index] > 0 { mixture.rows[part.document].append(start..<start + counts[index]) }
            start += part.segment.vectorCount
        }
        return mixture
    }

    /// Takes the best pieces of text that fit, in the documents' order.
    ///
    /// - Parameter cuts: whether the best piece's beginning is taken where none fits; else vectors have the room
    private func read(
        _ question: String, _ documents: [DocumentRecord], _ passages: [RetrievedPassage], _ room: Int, cuts: Bool,
        into mixture: inout Mixture
    ) async throws {
        let prompts = try model.prompts
        let index = try await pieces(of: documents)
        var order = try index.ranked(for: question, limit: Self.mostPieces)
        var known = Set(order)
        for passage in passages {
            guard let document = documents.firstIndex(where: { $0.id == passage.document }) else { continue }
            for (place, piece) in index.pieces.enumerated()
            where piece.text == document && piece.bytes.overlaps(passage.start..<passage.end)
                && known.insert(place).inserted
            {
                order.append(place)
            }
        }
        var left = room
        var chosen: [Int] = []
        for place in order.prefix(Self.mostPieces) where left >= Self.leastText {
            // What joins it to the others counts too.
            let count = prompts.text(index.content(index.pieces[place])).count + 1
            guard count <= left else { continue }
            chosen.append(place)
            left -= count
        }
        if chosen.isEmpty, let best = order.first {
            var piece = index.pieces[best]
            var ids = prompts.text(index.content(piece))
            let count = ids.count
            let tooLong = "no piece of text was read: the best has \(count) tokens, there is room for \(room)"
            guard cuts else {
                mixture.omissions.append(tooLong)
                return
            }
            while ids.count > room, let shorter = index.withoutLastWord(piece) {
                piece = shorter
                ids = prompts.text(index.content(piece))
            }
            guard ids.count <= room else {
                mixture.omissions.append(tooLong)
                return
            }
            (mixture.text, mixture.excerpts) = (ids, [passage(piece, documents, rank: 1, of: index)])
            mixture.omissions.append(
                "of the best piece of text, \(count) tokens, only the beginning was read: there is room for \(room)")
            return
        }
        while !chosen.isEmpty {
            let excerpts = excerpts(chosen, of: index, documents)
            let ids = prompts.text(excerpts.map(\.text).joined(separator: "\n"))
            if ids.count <= room {
                (mixture.text, mixture.excerpts) = (ids, excerpts)
                return
            }
            chosen.removeLast()
        }
    }

    /// Pieces, best first, in the order of the texts; those that follow each other are one.
    private func excerpts(_ chosen: [Int], of index: ExcerptIndex, _ documents: [DocumentRecord]) -> [RetrievedPassage]
    {
        let rank = Dictionary(uniqueKeysWithValues: chosen.enumerated().map { ($1, $0 + 1) })
        var parts: [(text: Int, bytes: Range<Int>, rank: Int)] = []
        for place in chosen.sorted() {
            let piece = index.pieces[place]
            if let last = parts.last, last.text == piece.text,
                let joined = index.joined(last.bytes, piece.bytes, of: piece.text)
            {
                parts[parts.count - 1] = (last.text, joined, min(last.rank, rank[place]!))
            } else {
                parts.append((piece.text, piece.bytes, rank[place]!))
            }
        }
        return parts.map {
            passage(ExcerptIndex.Piece(text: $0.text, bytes: $0.bytes), documents, rank: $0.rank, of: index)
        }
    }

    private func passage(
        _ piece: ExcerptIndex.Piece, _ documents: [DocumentRecord], rank: Int, of index: ExcerptIndex
    ) -> RetrievedPassage {
        RetrievedPassage(
            id: 0, document: documents[piece.text].id, documentName: documents[piece.text].name,
            start: piece.bytes.lowerBound, end: piece.bytes.upperBound, score: RankFusion.weight(rank: rank),
            text: index.content(piece))
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

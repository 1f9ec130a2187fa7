package import LLoCOLibrary
package import LLoCOTokenizers

/// The context for a question under a budget: the best pieces of some texts, and some of their vectors.
package struct ContextSelection {
    /// Changes with every change that selects other pieces or vectors for any question.
    package static let version = "words and neighbours, 2"

    /// A compressed segment of a text.
    package struct Segment {
        /// UTF-8 byte offsets in the text
        package let bytes: Range<Int>
        package let vectorCount: Int

        package init(bytes: Range<Int>, vectorCount: Int) {
            self.bytes = bytes
            self.vectorCount = vectorCount
        }
    }

    /// A selected piece of a text.
    package struct Excerpt {
        package let piece: ExcerptIndex.Piece
        /// 1 for the best
        package let rank: Int
    }

    /// The selected ranges of each text's vectors, ascending
    package private(set) var rows: [[Range<Int>]] = []
    /// The tokens of the selected text; empty for none
    package private(set) var text: [Int] = []
    /// The selected text as pieces, in text order; adjacent pieces are joined
    package private(set) var excerpts: [Excerpt] = []
    /// Messages about content that did not fit, one line each
    package private(set) var omissions: [String] = []

    private let index: ExcerptIndex
    private let prompts: PromptBuilder

    /// A selected part of a text
    private struct Part: Equatable {
        let text: Int
        /// UTF-8 byte offsets; parts do not overlap
        let bytes: Range<Int>
        let tokens: Int
    }

    /// The maximum number of ranked pieces; a budget holds fewer.
    private static let maximumPieces = 256
    /// With fewer free positions than this no more text is selected.
    private static let minimumText = 8
    /// The number of best pieces whose segments are favoured if no text is selected
    private static let maximumFavoured = 4

    /// Selects the context for a question.
    ///
    /// - Parameters:
    ///   - index: the texts' pieces
    ///   - found: retrieved passages, best first; used after the pieces that the question's words rank
    ///   - segments: each text's segments; nil to select no vectors
    /// - Throws: `LibraryError` if the pieces cannot be searched.
    package init(
        _ question: String, _ index: ExcerptIndex, prompts: PromptBuilder, found: [ExcerptIndex.Piece] = [],
        segments: [[Segment]]?, _ budget: ContextBudget
    ) throws {
        (self.index, self.prompts) = (index, prompts)
        // The upper bound for both kinds of question.
        let room = budget.text(for: .detail)
        let vectorTotal = segments?.joined().reduce(0) { $0 + $1.vectorCount } ?? 0
        let ranking =
            room >= Self.minimumText || (budget.textShare == nil && budget.positions < vectorTotal)
            ? try ExcerptRanking(question, index, limit: Self.maximumPieces) : nil
        if let ranking, room >= Self.minimumText {
            selectText(
                ranking, found, budget, ranking.matchesIdentifier ? .detail : QuestionKind(question),
                truncates: segments == nil)
        } else if segments == nil {
            omissions.append(
                "no text excerpt was used: it needs \(Self.minimumText) positions, there is room for \(room)")
        }
        guard let segments else { return }
        let flat = segments.enumerated().flatMap { text, list in list.map { (text: text, segment: $0) } }
        // Favour the segments of the selected text; without any, those of the best-ranked pieces.
        let best =
            excerpts.isEmpty && budget.textShare == nil
            ? (ranking?.order.prefix(Self.maximumFavoured) ?? []).map { index.pieces[$0] }
            : excerpts.sorted { $0.rank < $1.rank }.map(\.piece)
        let favoured = best.flatMap { piece in
            flat.indices.filter { flat[$0].text == piece.text && flat[$0].segment.bytes.overlaps(piece.bytes) }
        }
        let (requested, fitting) = budget.vectors(beside: text.count)
        if fitting < min(requested, vectorTotal) {
            omissions.append(
                "\(max(0, fitting)) of \(min(requested, vectorTotal)) vectors were used: "
                    + "the model's window holds no more")
        }
        let counts = ContextBudget.vectors(
            of: flat.map(\.segment.vectorCount), favoured: favoured, positions: fitting)
        rows = segments.map { _ in [] }
        var start = 0
        for (index, part) in flat.enumerated() {
            if index > 0, flat[index - 1].text != part.text { start = 0 }
            if counts[index] > 0 { rows[part.text].append(start..<start + counts[index]) }
            start += part.segment.vectorCount
        }
    }

    /// Selects the best text that fits, in text order: key sentences, then whole pieces.
    ///
    /// - Parameter truncates: whether to use the best piece's beginning if no piece fits; if not, vectors use the room
    private mutating func selectText(
        _ ranking: ExcerptRanking, _ found: [ExcerptIndex.Piece], _ budget: ContextBudget, _ kind: QuestionKind,
        truncates: Bool
    ) {
        let room = budget.text(for: kind)
        // Best first.
        var chosen: [Part] = []
        var used = 0
        /// Adds a part of a text if it fits, merged with the chosen parts that it overlaps.
        func take(_ bytes: Range<Int>, of text: Int) {
            let overlapping = chosen.filter { $0.text == text && $0.bytes.overlaps(bytes) }
            let union = overlapping.reduce(bytes) {
                min($0.lowerBound, $1.bytes.lowerBound)..<max($0.upperBound, $1.bytes.upperBound)
            }
            let tokens = prompts.text(index.content(union, of: text)).count
            let separator = overlapping.isEmpty && !chosen.isEmpty ? 1 : 0
            let added = tokens - overlapping.reduce(0) { $0 + $1.tokens } + separator
            guard used + added <= room else { return }
            used += added
            let rank = chosen.firstIndex(where: overlapping.contains) ?? chosen.endIndex
            chosen.removeAll(where: overlapping.contains)
            chosen.insert(Part(text: text, bytes: union, tokens: tokens), at: rank)
        }
        for part in ranking.keySentences where room - used >= Self.minimumText {
            take(part.sentences, of: index.pieces[part.place].text)
        }
        let order = ranking.order + places(of: found, excluding: ranking.order)
        for place in order.prefix(Self.maximumPieces) where room - used >= Self.minimumText {
            take(index.pieces[place].bytes, of: index.pieces[place].text)
        }
        if chosen.isEmpty, let best = order.first {
            if truncates { selectBeginning(of: index.pieces[best], room) }
            return
        }
        while !chosen.isEmpty {
            let excerpts = joined(chosen)
            let ids = prompts.text(excerpts.map { index.content($0.piece) }.joined(separator: "\n"))
            if ids.count <= room {
                (text, self.excerpts) = (ids, excerpts)
                return
            }
            chosen.removeLast()
        }
    }

    /// Indices of the pieces that overlap retrieved passages, without those in `order`.
    private func places(of found: [ExcerptIndex.Piece], excluding order: [Int]) -> [Int] {
        var seen = Set(order)
        return found.flatMap { passage in
            index.pieces.enumerated().filter { place, piece in
                piece.text == passage.text && piece.bytes.overlaps(passage.bytes) && seen.insert(place).inserted
            }.map(\.offset)
        }
    }

    /// Selects as much of a piece's beginning as fits.
    private mutating func selectBeginning(of longPiece: ExcerptIndex.Piece, _ room: Int) {
        var piece = longPiece
        var ids = prompts.text(index.content(piece))
        let count = ids.count
        while ids.count > room, let shorter = index.withoutLastWord(piece) {
            piece = shorter
            ids = prompts.text(index.content(piece))
        }
        guard ids.count <= room else {
            omissions.append(
                "no text excerpt was used: the best one has \(count) tokens, there is room for \(room)")
            return
        }
        (text, excerpts) = (ids, [Excerpt(piece: piece, rank: 1)])
        guard ids.count < count else { return }
        omissions.append(
            "only the beginning of the best text excerpt (\(count) tokens) was used: there is room for \(room)")
    }

    /// Sorts parts, given best first, into text order, and joins adjacent ones.
    private func joined(_ chosen: [Part]) -> [Excerpt] {
        var excerpts: [Excerpt] = []
        let ranked = chosen.enumerated().sorted {
            ($0.element.text, $0.element.bytes.lowerBound) < ($1.element.text, $1.element.bytes.lowerBound)
        }
        for (rank, part) in ranked {
            if let last = excerpts.last, last.piece.text == part.text,
                let bytes = index.joined(last.piece.bytes, part.bytes, of: part.text)
            {
                excerpts[excerpts.count - 1] = Excerpt(
                    piece: .init(text: part.text, bytes: bytes), rank: min(last.rank, rank + 1))
            } else {
                excerpts.append(Excerpt(piece: .init(text: part.text, bytes: part.bytes), rank: rank + 1))
            }
        }
        return excerpts
    }
}

package import LLoCOLibrary
package import LLoCOTokenizers

/// What is read of some texts before a question under a budget: the best pieces of the texts, and some of their vectors.
package struct ContextSelection {
    /// Another one chooses other pieces, or other vectors, for some question.
    package static let version = "words and neighbours, 2"

    /// A segment of a text that has vectors.
    package struct Segment {
        /// UTF-8 byte offsets in the text
        package let bytes: Range<Int>
        package let vectorCount: Int

        package init(bytes: Range<Int>, vectorCount: Int) {
            self.bytes = bytes
            self.vectorCount = vectorCount
        }
    }

    /// A piece of a text that is read.
    package struct Excerpt {
        package let piece: ExcerptIndex.Piece
        /// 1 for the best
        package let rank: Int
    }

    /// Of each text's vectors, those that are read, in their order
    package private(set) var rows: [[Range<Int>]] = []
    /// What is read of the texts themselves; empty for none
    package private(set) var text: [Int] = []
    /// The same piece by piece, in the texts' order; those that follow each other are one
    package private(set) var excerpts: [Excerpt] = []
    /// What was too long, a line each
    package private(set) var omissions: [String] = []

    private let index: ExcerptIndex
    private let prompts: PromptBuilder

    /// Some of a text that is read
    private struct Part: Equatable {
        let text: Int
        /// UTF-8 byte offsets; parts do not overlap
        let bytes: Range<Int>
        let tokens: Int
    }

    /// More pieces than a budget holds are not looked at.
    private static let maximumPieces = 256
    /// Positions for which no piece of text is looked for any more
    private static let minimumText = 8
    /// Pieces whose segments' vectors are favoured where no text is read
    private static let maximumFavoured = 4

    /// - Parameters:
    ///   - index: of the texts
    ///   - found: where else in the texts an answer may stand, best first: read where the question's own words are not enough
    ///   - segments: each text's; nil where no vectors are read
    /// - Throws: `LibraryError` where the pieces cannot be searched.
    package init(
        _ question: String, _ index: ExcerptIndex, prompts: PromptBuilder, found: [ExcerptIndex.Piece] = [],
        segments: [[Segment]]?, _ budget: ContextBudget
    ) throws {
        (self.index, self.prompts) = (index, prompts)
        // What may be read where everything is sure to matter.
        let room = budget.text(for: .detail)
        let all = segments?.joined().reduce(0) { $0 + $1.vectorCount } ?? 0
        let ranking =
            room >= Self.minimumText || (budget.textShare == nil && budget.positions < all)
            ? try ExcerptRanking(question, index, limit: Self.maximumPieces) : nil
        if let ranking, room >= Self.minimumText {
            readText(
                ranking, found, budget, ranking.findsCode ? .detail : QuestionKind(question), cuts: segments == nil)
        } else if segments == nil {
            omissions.append(
                "no piece of text was read: it takes \(Self.minimumText) positions, there is room for \(room)")
        }
        guard let segments else { return }
        let flat = segments.enumerated().flatMap { text, list in list.map { (text: text, segment: $0) } }
        // The segments that text was read from, else those of the pieces that would have been.
        let best =
            excerpts.isEmpty && budget.textShare == nil
            ? (ranking?.order.prefix(Self.maximumFavoured) ?? []).map { index.pieces[$0] }
            : excerpts.sorted { $0.rank < $1.rank }.map(\.piece)
        let favoured = best.flatMap { piece in
            flat.indices.filter { flat[$0].text == piece.text && flat[$0].segment.bytes.overlaps(piece.bytes) }
        }
        let (asked, fitting) = budget.vectors(beside: text.count)
        if fitting < min(asked, all) {
            omissions.append(
                "of \(min(asked, all)) vectors \(max(0, fitting)) were read: the model's window holds no more")
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

    /// Takes the best of the texts that fits, in the texts' order: sentences that are sure to matter, then whole pieces.
    ///
    /// - Parameter cuts: whether the best piece's beginning is taken where none fits; else vectors have the room
    private mutating func readText(
        _ ranking: ExcerptRanking, _ found: [ExcerptIndex.Piece], _ budget: ContextBudget, _ kind: QuestionKind,
        cuts: Bool
    ) {
        let room = budget.text(for: kind)
        // What is read, best first.
        var chosen: [Part] = []
        var used = 0
        /// Takes some of a text, together with what it overlaps of what was taken before.
        func take(_ bytes: Range<Int>, of text: Int) {
            let known = chosen.filter { $0.text == text && $0.bytes.overlaps(bytes) }
            let union = known.reduce(bytes) {
                min($0.lowerBound, $1.bytes.lowerBound)..<max($0.upperBound, $1.bytes.upperBound)
            }
            let tokens = prompts.text(index.content(union, of: text)).count
            // What joins it to the others counts too.
            let joint = known.isEmpty && !chosen.isEmpty ? 1 : 0
            let more = tokens - known.reduce(0) { $0 + $1.tokens } + joint
            guard used + more <= room else { return }
            used += more
            let rank = chosen.firstIndex(where: known.contains) ?? chosen.endIndex
            chosen.removeAll(where: known.contains)
            chosen.insert(Part(text: text, bytes: union, tokens: tokens), at: rank)
        }
        for part in ranking.telling where room - used >= Self.minimumText {
            take(part.sentences, of: index.pieces[part.place].text)
        }
        let order = ranking.order + others(found, than: ranking.order)
        for place in order.prefix(Self.maximumPieces) where room - used >= Self.minimumText {
            take(index.pieces[place].bytes, of: index.pieces[place].text)
        }
        if chosen.isEmpty, let best = order.first {
            if cuts { readBeginning(of: index.pieces[best], room) }
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

    /// Places of pieces in passages that were found otherwise.
    private func others(_ found: [ExcerptIndex.Piece], than order: [Int]) -> [Int] {
        var known = Set(order)
        return found.flatMap { passage in
            index.pieces.enumerated().filter { place, piece in
                piece.text == passage.text && piece.bytes.overlaps(passage.bytes) && known.insert(place).inserted
            }.map(\.offset)
        }
    }

    /// Takes what fits of a piece that is too long.
    private mutating func readBeginning(of whole: ExcerptIndex.Piece, _ room: Int) {
        var piece = whole
        var ids = prompts.text(index.content(piece))
        let count = ids.count
        while ids.count > room, let shorter = index.withoutLastWord(piece) {
            piece = shorter
            ids = prompts.text(index.content(piece))
        }
        guard ids.count <= room else {
            omissions.append(
                "no piece of text was read: the best has \(count) tokens, there is room for \(room)")
            return
        }
        (text, excerpts) = (ids, [Excerpt(piece: piece, rank: 1)])
        guard ids.count < count else { return }
        omissions.append(
            "of the best piece of text, \(count) tokens, only the beginning was read: there is room for \(room)")
    }

    /// Parts of the texts, best first, in the texts' order; those that follow each other are one.
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

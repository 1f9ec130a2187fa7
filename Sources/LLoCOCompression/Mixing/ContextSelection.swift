package import LLoCOLibrary
package import LLoCOTokenizers

/// What is read of some texts before a question under a budget: the best pieces of the texts, and some of their vectors.
package struct ContextSelection {
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

    /// More pieces than a budget holds are not looked at.
    private static let mostPieces = 256
    /// Positions for which no piece of text is looked for any more
    private static let leastText = 8

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
        let room = Int(Double(max(0, budget.positions)) * min(1, max(0, budget.textShare)))
        if room >= Self.leastText {
            try readText(ranked(question, found), room, cuts: segments == nil)
        } else if segments == nil {
            omissions.append(
                "no piece of text was read: it takes \(Self.leastText) positions, there is room for \(room)")
        }
        guard let segments else { return }
        let flat = segments.enumerated().flatMap { text, list in list.map { (text: text, segment: $0) } }
        let favoured = excerpts.sorted { $0.rank < $1.rank }.compactMap { excerpt in
            flat.firstIndex {
                $0.text == excerpt.piece.text && $0.segment.bytes.contains(excerpt.piece.bytes.lowerBound)
            }
        }
        let counts = ContextBudget.vectors(
            of: flat.map(\.segment.vectorCount), favoured: favoured, positions: budget.positions - text.count)
        rows = segments.map { _ in [] }
        var start = 0
        for (index, part) in flat.enumerated() {
            if index > 0, flat[index - 1].text != part.text { start = 0 }
            if counts[index] > 0 { rows[part.text].append(start..<start + counts[index]) }
            start += part.segment.vectorCount
        }
    }

    /// Places of the pieces that may be read, best first.
    private func ranked(_ question: String, _ found: [ExcerptIndex.Piece]) throws -> [Int] {
        var order = try index.ranked(for: question, limit: Self.mostPieces)
        var known = Set(order)
        for passage in found {
            for (place, piece) in index.pieces.enumerated()
            where piece.text == passage.text && piece.bytes.overlaps(passage.bytes) && known.insert(place).inserted {
                order.append(place)
            }
        }
        return order
    }

    /// Takes the best pieces of text that fit, in the texts' order.
    ///
    /// - Parameter cuts: whether the best piece's beginning is taken where none fits; else vectors have the room
    private mutating func readText(_ order: [Int], _ room: Int, cuts: Bool) throws {
        var left = room
        var chosen: [Int] = []
        for place in order.prefix(Self.mostPieces) where left >= Self.leastText {
            // What joins it to the others counts too.
            let count = prompts.text(index.content(index.pieces[place])).count + 1
            guard count <= left else { continue }
            chosen.append(place)
            left -= count
        }
        if chosen.isEmpty, let best = order.first { return readBeginning(of: index.pieces[best], room, cuts: cuts) }
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

    /// Takes what fits of a piece that is too long.
    private mutating func readBeginning(of whole: ExcerptIndex.Piece, _ room: Int, cuts: Bool) {
        var piece = whole
        var ids = prompts.text(index.content(piece))
        let count = ids.count
        let tooLong = "no piece of text was read: the best has \(count) tokens, there is room for \(room)"
        guard cuts else {
            omissions.append(tooLong)
            return
        }
        while ids.count > room, let shorter = index.withoutLastWord(piece) {
            piece = shorter
            ids = prompts.text(index.content(piece))
        }
        guard ids.count <= room else {
            omissions.append(tooLong)
            return
        }
        (text, excerpts) = (ids, [Excerpt(piece: piece, rank: 1)])
        omissions.append(
            "of the best piece of text, \(count) tokens, only the beginning was read: there is room for \(room)")
    }

    /// Pieces, best first, in the order of the texts; those that follow each other are one.
    private func joined(_ chosen: [Int]) -> [Excerpt] {
        let rank = Dictionary(uniqueKeysWithValues: chosen.enumerated().map { ($1, $0 + 1) })
        var parts: [Excerpt] = []
        for place in chosen.sorted() {
            let piece = index.pieces[place]
            if let last = parts.last, last.piece.text == piece.text,
                let bytes = index.joined(last.piece.bytes, piece.bytes, of: piece.text)
            {
                parts[parts.count - 1] = Excerpt(
                    piece: .init(text: piece.text, bytes: bytes), rank: min(last.rank, rank[place]!))
            } else {
                parts.append(Excerpt(piece: piece, rank: rank[place]!))
            }
        }
        return parts
    }
}

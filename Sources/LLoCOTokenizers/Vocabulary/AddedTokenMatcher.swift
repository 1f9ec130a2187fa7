/// Finds added tokens in text: the leftmost match, and the longest of several at the same position.
struct AddedTokenMatcher: Sendable {
    private struct Node: Sendable {
        var children: [(byte: UInt8, node: Int)] = []
        var token = -1
    }

    private var nodes = [Node()]
    /// Whether a token begins with the byte.
    private var isFirstByte = [Bool](repeating: false, count: 256)
    private let tokens: [AddedToken]

    init(_ tokens: [AddedToken]) {
        self.tokens = tokens.filter { !$0.text.isEmpty }
        for (index, token) in self.tokens.enumerated() {
            insert(Array(token.text.utf8), index)
        }
    }

    private mutating func insert(_ text: [UInt8], _ index: Int) {
        var node = 0
        for byte in text {
            if let child = nodes[node].children.first(where: { $0.byte == byte }) {
                node = child.node
            } else {
                nodes.append(Node())
                nodes[node].children.append((byte, nodes.count - 1))
                node = nodes.count - 1
            }
        }
        if nodes[node].token < 0 {
            nodes[node].token = index
        }
        isFirstByte[Int(text[0])] = true
    }

    /// The added tokens in `text`, in order.
    ///
    /// - Parameter base: an offset that is added to all ranges.
    func matches(in text: UTF8Buffer, at base: Int = 0) -> [EncodedToken] {
        guard !tokens.isEmpty else { return [] }
        var matches: [EncodedToken] = []
        var start = 0
        var index = 0
        while index < text.count {
            guard isFirstByte[Int(text[index])], let (found, end) = match(in: text, at: index) else {
                index += 1
                continue
            }
            let range = widened(index..<end, by: found, in: text, from: start)
            matches.append(EncodedToken(id: found.id, range: (base + range.lowerBound)..<(base + range.upperBound)))
            start = range.upperBound
            index = start
        }
        return matches
    }

    private func match(in text: UTF8Buffer, at index: Int) -> (AddedToken, end: Int)? {
        var node = 0
        var end = index
        var best: (AddedToken, end: Int)?
        while end < text.count, let child = nodes[node].children.first(where: { $0.byte == text[end] }) {
            node = child.node
            end += 1
            if nodes[node].token >= 0 {
                best = (tokens[nodes[node].token], end)
            }
        }
        guard let best, best.0.isSingleWord else { return best }
        return isWord(text, before: index) || isWord(text, at: best.end) ? nil : best
    }

    private func widened(
        _ range: Range<Int>, by token: AddedToken, in text: UTF8Buffer, from start: Int
    ) -> Range<Int> {
        var (lower, upper) = (range.lowerBound, range.upperBound)
        while token.stripsLeft, lower > start {
            let previous = text.scalarStart(before: lower)
            guard text.scalarClass(at: previous).class == .space else { break }
            lower = previous
        }
        if token.stripsRight {
            upper = text.end(of: .space, from: upper, to: text.count)
        }
        return lower..<upper
    }

    private func isWord(_ text: UTF8Buffer, before index: Int) -> Bool {
        index > 0 && isWord(text, at: text.scalarStart(before: index))
    }

    private func isWord(_ text: UTF8Buffer, at index: Int) -> Bool {
        guard index < text.count else { return false }
        let kind = text.scalarClass(at: index).class
        return kind == .letter || kind == .number || text[index] == UInt8(ascii: "_")
    }
}

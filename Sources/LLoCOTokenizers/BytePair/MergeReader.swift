/// Builds a merge table from the spellings in a file. Ranks follow the order of the file.
struct MergeReader {
    private(set) var table: PairTable
    private let vocabulary: Vocabulary
    private let location: String
    private var rank = 0
    /// The spelling of both tokens together.
    private var joined: [UInt8] = []

    /// - Parameter capacity: expected number of merges.
    init(capacity: Int, _ vocabulary: Vocabulary, location: String) {
        table = PairTable(capacity: capacity)
        self.vocabulary = vocabulary
        self.location = location
        joined.reserveCapacity(64)
    }

    /// Adds a merge in the form `left right`.
    ///
    /// - Throws: ``TokenizerError`` for any other form, and if the vocabulary lacks one of the tokens or the result.
    mutating func add(_ text: String) throws(TokenizerError) {
        var text = text
        let found = text.withUTF8 { bytes -> Ids? in
            let space = UInt8(ascii: " ")
            guard let middle = bytes.firstIndex(of: space), middle > 0, middle + 1 < bytes.count,
                !bytes[(middle + 1)...].contains(space)
            else { return nil }
            return look(bytes.slice(0..<middle), bytes.slice((middle + 1)..<bytes.count))
        }
        guard let found else {
            throw .malformed(location, "merge \(TokenizerError.quoted(text)) is not two tokens separated by a space")
        }
        try insert(found) {
            let parts = text.split(separator: " ")
            return (String(parts[0]), String(parts[1]))
        }
    }

    /// Adds the merge of two tokens.
    ///
    /// - Throws: ``TokenizerError`` if the vocabulary lacks one of the tokens or the result.
    mutating func add(_ left: String, _ right: String) throws(TokenizerError) {
        var (first, second) = (left, right)
        let found = first.withUTF8 { first in second.withUTF8 { second in look(first, second) } }
        try insert(found) { (left, right) }
    }

    private typealias Ids = (left: Int?, right: Int?, merged: Int?)

    private mutating func look(_ left: UTF8Buffer, _ right: UTF8Buffer) -> Ids {
        joined.removeAll(keepingCapacity: true)
        joined.append(contentsOf: left)
        joined.append(contentsOf: right)
        return (vocabulary.id(of: left), vocabulary.id(of: right), vocabulary.id(of: joined))
    }

    private mutating func insert(_ ids: Ids, _ spellings: () -> (String, String)) throws(TokenizerError) {
        guard let left = ids.left, let right = ids.right, let merged = ids.merged else {
            let (first, second) = spellings()
            let missing = ids.left == nil ? first : ids.right == nil ? second : first + second
            throw .malformed(
                location,
                "merge \(rank), \(TokenizerError.quoted("\(first) \(second)")), needs token "
                    + "\(TokenizerError.quoted(missing)), which is not in the vocabulary")
        }
        table.insert(
            Int32(truncatingIfNeeded: left), Int32(truncatingIfNeeded: right), rank: UInt32(truncatingIfNeeded: rank),
            merged: Int32(truncatingIfNeeded: merged))
        rank += 1
    }
}

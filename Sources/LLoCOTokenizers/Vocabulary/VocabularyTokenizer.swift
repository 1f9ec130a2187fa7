/// The common base of this package's tokenizers: a vocabulary, the roles of its tokens, and the splitting of text at
/// added tokens.
protocol VocabularyTokenizer: Tokenizer {
    var vocabulary: Vocabulary { get }
    var markers: TokenMarkers { get }

    /// Encodes a part of a text without added tokens.
    ///
    /// - Parameters:
    ///   - text: the part.
    ///   - base: its offset in the whole text.
    func encode(_ text: UTF8Buffer, at base: Int, into sink: inout TokenSink)
}

/// The roles of a vocabulary's tokens, indexed for encoding and decoding.
struct TokenMarkers: Sendable {
    let roles: TokenRoles
    let endTokens: Set<Int>
    private let all: AddedTokenMatcher
    private let ordinary: AddedTokenMatcher
    private let byID: [Int: AddedToken]

    init(_ roles: TokenRoles) {
        self.roles = roles
        endTokens = roles.endTokens
        all = AddedTokenMatcher(roles.added)
        ordinary = AddedTokenMatcher(roles.added.filter { !$0.isSpecial })
        byID = Dictionary(roles.added.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    func matcher(_ special: SpecialTokens) -> AddedTokenMatcher { special == .parsed ? all : ordinary }

    subscript(id: Int) -> AddedToken? { byID[id] }
}

/// The output of encoding: `tokens` if ranges are requested, otherwise `ids`.
struct TokenSink {
    var ids: [Int] = []
    var tokens: [EncodedToken] = []
    let needsRanges: Bool

    init(needsRanges: Bool) {
        self.needsRanges = needsRanges
    }

    @inline(__always)
    mutating func append(_ id: Int, _ range: @autoclosure () -> Range<Int>) {
        if needsRanges {
            tokens.append(EncodedToken(id: id, range: range()))
        } else {
            ids.append(id)
        }
    }
}

extension VocabularyTokenizer {
    public var vocabularySize: Int { vocabulary.count }
    public var beginningOfText: Int? { markers.roles.beginningOfText }
    public var endOfText: Int? { markers.roles.endOfText }
    public var endTokens: Set<Int> { markers.endTokens }
    public var addsBeginningOfText: Bool { markers.roles.addsBeginningOfText }
    public var chatTemplate: String? { markers.roles.chatTemplate }

    public func isSpecial(_ id: Int) -> Bool { markers[id]?.isSpecial ?? false }

    public func id(of token: String) -> Int? { vocabulary.id(of: token) }

    public func encode(_ text: String, special: SpecialTokens) -> [Int] {
        var sink = TokenSink(needsRanges: false)
        encode(text, special, into: &sink)
        return sink.ids
    }

    public func encodeWithOffsets(_ text: String, special: SpecialTokens) -> [EncodedToken] {
        var sink = TokenSink(needsRanges: true)
        encode(text, special, into: &sink)
        return sink.tokens
    }

    public func encode(_ segments: [ChatSegment]) -> [Int] {
        var sink = TokenSink(needsRanges: false)
        var matches: [EncodedToken] = []
        var start = 0
        for segment in segments {
            var text = segment.text
            text.withUTF8 { bytes in
                matches += markers.matcher(segment.isContent ? .asText : .parsed).matches(in: bytes, at: start)
                start += bytes.count
            }
        }
        var text = segments.map(\.text).joined()
        text.withUTF8 { encode($0, around: matches, into: &sink) }
        return sink.ids
    }

    private func encode(_ text: String, _ special: SpecialTokens, into sink: inout TokenSink) {
        var text = text
        text.withUTF8 { encode($0, around: markers.matcher(special).matches(in: $0), into: &sink) }
    }

    private func encode(_ text: UTF8Buffer, around matches: [EncodedToken], into sink: inout TokenSink) {
        var start = 0
        for match in matches {
            if match.range.lowerBound > start {
                encode(text.slice(start..<match.range.lowerBound), at: start, into: &sink)
            }
            sink.append(match.id, match.range)
            start = match.range.upperBound
        }
        if start < text.count {
            encode(text.slice(start..<text.count), at: start, into: &sink)
        }
    }

    public func decode(_ ids: [Int], skippingSpecial: Bool) -> String {
        var assembler = TextAssembler(tokenizer: self, skippingSpecial: skippingSpecial, startsText: true)
        var bytes: [UInt8] = []
        for id in ids {
            assembler.append(id, to: &bytes)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

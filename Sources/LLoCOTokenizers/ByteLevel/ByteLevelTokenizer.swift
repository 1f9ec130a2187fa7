/// A byte-level BPE tokenizer: GPT-2, SmolLM2, Llama 3, Qwen 2 and similar models.
///
/// Every byte has a token, so every text can be encoded and decodes to itself.
public final class ByteLevelTokenizer: VocabularyTokenizer {
    let vocabulary: Vocabulary
    let markers: TokenMarkers
    let model: BytePairModel
    let preTokenizer: PreTokenizer
    let usesNFC: Bool
    private let pieces: PieceTable
    private let scratches = BytePairScratchPool()

    /// - Parameter usesNFC: whether text is converted to Unicode normalization form C first.
    init(model: BytePairModel, preTokenizer: PreTokenizer, usesNFC: Bool, roles: TokenRoles) {
        self.model = model
        self.preTokenizer = preTokenizer
        self.usesNFC = usesNFC
        vocabulary = model.vocabulary
        markers = TokenMarkers(roles)
        let added = Set(roles.added.map(\.id))
        pieces = PieceTable(model.vocabulary) { id, spelling, bytes in
            if added.contains(id) || !ByteAlphabet.append(bytesOf: spelling, to: &bytes) {
                bytes.append(contentsOf: spelling)
            }
        }
    }

    public var dropsLeadingSpace: Bool { false }

    public func bytes(of id: Int) -> [UInt8] { pieces[id] }

    func encode(_ text: UTF8Buffer, at base: Int, into sink: inout TokenSink) {
        var text = text
        var normalized: NormalizedText?
        if usesNFC, let composed = CanonicalComposition.composed(text, tracksOffsets: sink.needsRanges) {
            normalized = composed
        }
        if preTokenizer.addsPrefixSpace, text.first != UInt8(ascii: " ") {
            var prefixed = NormalizedText(tracksOffsets: sink.needsRanges)
            prefixed.append(CollectionOfOne(UInt8(ascii: " ")), from: 0)
            if let normalized {
                prefixed.append(normalized)
            } else {
                prefixed.append(copying: text, at: 0)
                prefixed.finish(at: text.count)
            }
            normalized = prefixed
        }
        guard let normalized else {
            encodeWords(of: text, source: { base + $0 }, into: &sink)
            return
        }
        normalized.bytes.withUnsafeBufferPointer { bytes in
            text = bytes
            encodeWords(of: text, source: { base + normalized.offsets[$0] }, into: &sink)
        }
    }

    @inline(__always)
    private func encodeWords(of text: UTF8Buffer, source: (Int) -> Int, into sink: inout TokenSink) {
        var local = sink
        sink = TokenSink(needsRanges: local.needsRanges)
        scratches.withScratch { scratch in
            preTokenizer.forEachWord(in: text) { range in
                model.encode(text.slice(range), at: range.lowerBound, source: source, &scratch, into: &local)
            }
        }
        sink = local
    }
}

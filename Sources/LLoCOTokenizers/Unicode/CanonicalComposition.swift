import Foundation

/// Unicode normalization form C of UTF-8 text, with offsets.
enum CanonicalComposition {
    /// `source` in NFC; nil if it is in NFC already.
    ///
    /// Composition never crosses the boundary of an extended grapheme cluster. Clusters are therefore composed one by
    /// one, and a changed cluster maps to its whole source.
    static func composed(_ source: UTF8Buffer, tracksOffsets: Bool) -> NormalizedText? {
        // Scalars below U+0300 (first byte 0xCC) are NFC in every context.
        guard source.contains(where: { $0 >= 0xCC }) else { return nil }
        let text = String(decoding: source, as: UTF8.self)
        let whole = text.precomposedStringWithCanonicalMapping
        if whole.utf8.elementsEqual(source) {
            return nil
        }
        var result = NormalizedText(tracksOffsets: tracksOffsets)
        guard tracksOffsets else {
            result.bytes = Array(whole.utf8)
            return result
        }
        var offset = 0
        for cluster in text {
            let bytes = Array(cluster.utf8)
            let isComposed = !bytes.contains { $0 >= 0xCC }
            let composed = isComposed ? bytes : Array(String(cluster).precomposedStringWithCanonicalMapping.utf8)
            if composed == bytes {
                result.append(copying: source.slice(offset..<(offset + bytes.count)), at: offset)
            } else {
                result.append(composed, from: offset)
            }
            offset += bytes.count
        }
        result.finish(at: offset)
        return result
    }
}

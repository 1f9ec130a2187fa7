package import LLoCOTokenizers

extension CompressionScheme {
    /// The UTF-8 bytes of a text that each of its segments stands for. Segments join without a gap, whatever bytes lie
    /// between two tokens.
    ///
    /// - Parameters:
    ///   - tokens: of the whole text
    ///   - byteCount: its bytes
    package func bytes(of tokens: [EncodedToken], byteCount: Int) -> [Range<Int>] {
        segments(of: tokens.count).map { range in
            let start = range.lowerBound == 0 ? 0 : tokens[range.lowerBound].range.lowerBound
            let end = range.upperBound == tokens.count ? byteCount : tokens[range.upperBound].range.lowerBound
            return start..<end
        }
    }
}

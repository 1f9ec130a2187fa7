package import LLoCOTokenizers

extension CompressionScheme {
    /// The UTF-8 byte range of each of a text's segments. The ranges have no gaps: bytes between two tokens belong to
    /// the earlier segment.
    ///
    /// - Parameters:
    ///   - tokens: the whole text's tokens
    ///   - byteCount: the text's length in bytes
    package func bytes(of tokens: [EncodedToken], byteCount: Int) -> [Range<Int>] {
        segments(of: tokens.count).map { range in
            let start = range.lowerBound == 0 ? 0 : tokens[range.lowerBound].range.lowerBound
            let end = range.upperBound == tokens.count ? byteCount : tokens[range.upperBound].range.lowerBound
            return start..<end
        }
    }
}

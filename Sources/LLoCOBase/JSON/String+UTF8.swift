extension String {
    /// The text of `bytes`; nil if they are not UTF-8.
    ///
    /// `String(validating:)` runs unspecialized, which is too slow for vocabularies of 150,000 tokens.
    package init?(utf8 bytes: UnsafeRawBufferPointer) {
        // Decoding repairs, and so changes, invalid UTF-8.
        var text = String(decoding: bytes, as: UTF8.self)
        guard text.utf8.count == bytes.count, text.withUTF8({ $0.elementsEqual(bytes) }) else { return nil }
        self = text
    }
}

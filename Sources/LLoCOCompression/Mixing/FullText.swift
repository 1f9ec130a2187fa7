/// Truncation of whole texts to a model's window.
package enum FullText {
    /// The number of positions for text: `free` rounded down to a multiple of window / 32. A long document is thus
    /// truncated alike for questions of about the same length.
    package static func room(_ free: Int, window: Int) -> Int { free - free % max(1, window / 32) }

    /// A text's tokens truncated to `room`: head and tail are kept, the middle is dropped, as in the literature.
    package static func kept(_ ids: [Int], room: Int) -> [Int] {
        ids.count <= room ? ids : Array(ids.prefix(room / 2) + ids.suffix(room - room / 2))
    }
}

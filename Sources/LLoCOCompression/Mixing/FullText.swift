/// What is read of documents' whole texts, which a window may not hold.
package enum FullText {
    /// The free positions that text may take: whole steps, so that a long document is cut alike for questions of about the
    /// same length.
    package static func room(_ free: Int, window: Int) -> Int { free - free % max(1, window / 32) }

    /// The tokens of a text that are read in `room` positions. The literature's cut: head and tail are kept, the middle is
    /// dropped.
    package static func kept(_ ids: [Int], room: Int) -> [Int] {
        ids.count <= room ? ids : Array(ids.prefix(room / 2) + ids.suffix(room - room / 2))
    }
}

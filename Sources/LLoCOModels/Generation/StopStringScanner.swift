/// Passes text through until a stop string appears. A possible beginning of a stop string is held back.
///
/// The stop string that is complete first wins, so that the result does not depend on how the text is split into
/// pieces.
package struct StopStringScanner {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []
    package private(set) var isStopped = false

    package init(_ stops: [String]) {
        self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty }
    }

    /// Adds text and returns the part that is certainly before a stop string.
    package mutating func accept(_ text: String) -> String {
        guard !isStopped else { return "" }
        if stops.isEmpty { return text }
        held += Array(text.utf8)
        for end in held.indices {
            let ending = stops.filter { held[...end].suffix($0.count).elementsEqual($0) }
            if let longest = ending.map(\.count).max() {
                isStopped = true
                defer { held = [] }
                return String(decoding: held[...end].dropLast(longest), as: UTF8.self)
            }
        }
        let longest = stops.map(\.count).max() ?? 0
        var keep = 0
        for length in stride(from: min(longest - 1, held.count), to: 0, by: -1) {
            let tail = held.suffix(length)
            if stops.contains(where: { $0.starts(with: tail) }) {
                keep = length
                break
            }
        }
        let ready = held.dropLast(keep)
        defer { held = Array(held.suffix(keep)) }
        return String(decoding: ready, as: UTF8.self)
    }

    /// Ends the text and returns the part held back.
    package mutating func finish() -> String {
        defer { held = [] }
        return isStopped ? "" : String(decoding: held, as: UTF8.self)
    }
}

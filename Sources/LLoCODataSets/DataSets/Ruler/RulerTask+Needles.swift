extension RulerTask {
    /// The needles and the filler of a retrieval task.
    struct Needles: Sendable {
        enum Filler: Sendable { case noise, prose, needles }
        enum Kind: Sendable { case word, number, code }

        var filler = Filler.prose
        var key = Kind.word
        var value = Kind.number
        var keys = 1
        var valuesOfKey = 1
        var queries = 1
    }

    /// nil for tasks other than retrieval.
    var needles: Needles? {
        switch self {
        case .needleInNoise: Needles(filler: .noise)
        case .needleInProse: Needles()
        case .codeInProse: Needles(value: .code)
        case .fourKeys: Needles(keys: 4)
        case .onlyKeys: Needles(filler: .needles)
        case .onlyCodes: Needles(filler: .needles, key: .code, value: .code)
        case .fourValues: Needles(valuesOfKey: 4)
        case .fourQueries: Needles(keys: 4, queries: 4)
        default: nil
        }
    }
}

import ArgumentParser

/// A number of tokens or passages, as "1536" or "8k" for 8,000.
struct Count: ExpressibleByArgument, Hashable {
    /// Larger than any window or library that is measured.
    static let largest = 10_000_000

    let value: Int

    init(_ value: Int) { self.value = value }

    init?(argument: String) { self.init(argument, thousand: 1000) }

    /// - Parameter thousand: the number that `k` stands for
    init?(_ argument: String, thousand: Int) {
        let isThousands = argument.hasSuffix("k")
        let digits = isThousands ? argument.dropLast() : argument[...]
        guard !digits.isEmpty, digits.count <= 8, digits.allSatisfy({ $0.isASCII && $0.isNumber }),
            let number = Int(digits)
        else { return nil }
        let value = isThousands ? number * thousand : number
        guard 1...Self.largest ~= value else { return nil }
        self.value = value
    }

    var defaultValueDescription: String { value % 1000 == 0 ? "\(value / 1000)k" : "\(value)" }
}

/// Several counts: "512,1536" or "1k,8k".
struct Counts: ExpressibleByArgument, Hashable {
    let values: [Int]

    init(_ values: [Int]) { self.values = values }

    init?(argument: String) { self.init(argument, thousand: 1000) }

    /// - Parameter thousand: the number that `k` stands for
    init?(_ argument: String, thousand: Int) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        let counts = parts.compactMap { Count(String($0), thousand: thousand) }
        guard counts.count == parts.count else { return nil }
        values = counts.map(\.value)
    }

    var defaultValueDescription: String {
        values.map { Count($0).defaultValueDescription }.joined(separator: ",")
    }
}

/// Lengths of contexts, where "4k" is 4,096 tokens.
struct Lengths: ExpressibleByArgument, Hashable {
    static let thousand = 1024

    let values: [Int]

    init(_ values: [Int]) { self.values = values }

    init?(argument: String) {
        guard let counts = Counts(argument, thousand: Self.thousand) else { return nil }
        values = counts.values
    }

    var defaultValueDescription: String {
        values.map { $0 % Self.thousand == 0 ? "\($0 / Self.thousand)k" : "\($0)" }.joined(separator: ",")
    }
}

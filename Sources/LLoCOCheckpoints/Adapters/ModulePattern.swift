/// A regular expression over the paths of a model's modules, as PEFT's configurations hold them: Python's `re`, without
/// references back, looks behind and flags.
///
/// A part of the expression maps the places where it may begin to those where it may end. With the bound on steps that makes
/// the time that an expression from a file takes a bounded one.
package struct ModulePattern: Sendable {
    /// What of an expression is not read, or that it takes too long.
    package struct Fault: Error {
        package let reason: String
    }

    private indirect enum Node: Sendable {
        case byte(ByteSet)
        case sequence([Node])
        case choice([Node])
        case repeated(Node, minimum: Int, maximum: Int)
        case start
        case end
        case wordBoundary(Bool)
        case lookahead(Node, isWanted: Bool)
    }

    private static let longest = 4096
    private static let deepest = 64
    private static let maximumSteps = 1_000_000

    let source: String
    private let text: [UInt8]
    private let root: Node
    /// Whether nothing but the dot has a meaning of its own.
    let isPlain: Bool

    /// - Throws: `Fault`.
    package init(_ text: String) throws(Fault) {
        source = text
        self.text = Array(text.utf8)
        guard self.text.count <= Self.longest else { throw Fault(reason: "longer than \(Self.longest) bytes") }
        isPlain = !self.text.contains { "^$*+?[](){}|\\".utf8.contains($0) }
        var parser = Parser(bytes: self.text)
        root = try parser.expression()
    }

    /// Whether the expression matches all of a path: `re.fullmatch`.
    package func matches(_ path: String) throws(Fault) -> Bool {
        let path = Array(path.utf8)
        return try ends(path, from: [0]).contains(path.count)
    }

    /// Whether it matches all of a path or what follows some dot of it, as PEFT reads the keys of `rank_pattern` and
    /// `alpha_pattern`: `re.match(r"(.*\.)?(KEY)$", path)`.
    package func matchesEnd(of path: String) throws(Fault) -> Bool {
        let path = Array(path.utf8)
        if isPlain {
            let start = path.count - text.count
            return start >= 0 && (start == 0 || path[start - 1] == UInt8(ascii: "."))
                && zip(text, path[start...]).allSatisfy { $0 == $1 || $0 == UInt8(ascii: ".") }
        }
        let starts = path.indices.filter { path[$0] == UInt8(ascii: ".") }.map { $0 + 1 }
        return try ends(path, from: Set([0] + starts)).contains(path.count)
    }

    private func ends(_ path: [UInt8], from starts: Set<Int>) throws(Fault) -> Set<Int> {
        var matcher = Matcher(path: path)
        return try matcher.ends(root, from: starts)
    }

    private struct Matcher {
        let path: [UInt8]
        var steps = 0

        mutating func ends(_ node: Node, from places: Set<Int>) throws(Fault) -> Set<Int> {
            steps += 1 + places.count
            guard steps <= ModulePattern.maximumSteps else { throw Fault(reason: "it takes too long") }
            guard !places.isEmpty else { return [] }
            switch node {
            case .byte(let set):
                return Set(places.filter { $0 < path.count && set.contains(path[$0]) }.map { $0 + 1 })
            case .sequence(let nodes):
                var places = places
                for node in nodes { places = try ends(node, from: places) }
                return places
            case .choice(let nodes):
                var all: Set<Int> = []
                for node in nodes { all.formUnion(try ends(node, from: places)) }
                return all
            case .repeated(let node, let minimum, let maximum):
                return try ends(node, minimum, maximum, from: places)
            case .start: return places.intersection([0])
            case .end: return places.intersection([path.count])
            case .wordBoundary(let isWanted):
                return places.filter { (isWord($0 - 1) != isWord($0)) == isWanted }
            case .lookahead(let node, let isWanted):
                var kept: Set<Int> = []
                for place in places {
                    let isThere = try !ends(node, from: [place]).isEmpty
                    if isThere == isWanted { kept.insert(place) }
                }
                return kept
            }
        }

        private mutating func ends(
            _ node: Node, _ minimum: Int, _ maximum: Int, from places: Set<Int>
        ) throws(Fault) -> Set<Int> {
            var last = places
            for _ in 0..<minimum {
                let next = try ends(node, from: last)
                // What a round leaves as it was, all further ones do.
                if next == last { break }
                last = next
            }
            var all = last
            var round = minimum
            while round < maximum, !last.isEmpty {
                last = try ends(node, from: last).subtracting(all)
                all.formUnion(last)
                round += 1
            }
            return all
        }

        private func isWord(_ place: Int) -> Bool {
            path.indices.contains(place) && ByteSet.word.contains(path[place])
        }
    }

    /// A set of bytes.
    private struct ByteSet: Sendable {
        private var flags = [Bool](repeating: false, count: 256)

        init(_ bytes: some Sequence<UInt8>) { for byte in bytes { flags[Int(byte)] = true } }

        static let digits = ByteSet(UInt8(ascii: "0")...UInt8(ascii: "9"))
        static let word = ByteSet(
            (UInt8.min...UInt8.max).filter {
                $0 < 0x80 && (Unicode.Scalar($0).properties.isAlphabetic || digits.contains($0) || $0 == 0x5F)
            })
        static let space = ByteSet([0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20])
        static let allButLineEnds = ByteSet([0x0A]).inverted

        var inverted: ByteSet { ByteSet((UInt8.min...UInt8.max).filter { !contains($0) }) }
        func contains(_ byte: UInt8) -> Bool { flags[Int(byte)] }
        mutating func formUnion(_ other: ByteSet) {
            for index in 0..<256 where other.flags[index] { flags[index] = true }
        }
    }

    private struct Parser {
        let bytes: [UInt8]
        var index = 0
        var depth = 0

        private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

        private mutating func accept(_ text: StaticString) -> Bool {
            let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
            guard bytes[index...].starts(with: wanted) else { return false }
            index += wanted.count
            return true
        }

        mutating func expression() throws(Fault) -> Node {
            let node = try choice()
            guard index == bytes.count else { throw Fault(reason: "a parenthesis that nothing opens") }
            return node
        }

        private mutating func choice() throws(Fault) -> Node {
            depth += 1
            guard depth <= ModulePattern.deepest else {
                throw Fault(reason: "more than \(ModulePattern.deepest) levels")
            }
            defer { depth -= 1 }
            var branches: [Node] = []
            repeat {
                var parts: [Node] = []
                while let byte = next, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
                    let part = try atom()
                    parts.append(try repeated(part))
                }
                branches.append(.sequence(parts))
            } while accept("|")
            return branches.count == 1 ? branches[0] : .choice(branches)
        }

        private mutating func atom() throws(Fault) -> Node {
            if accept("(") { return try group() }
            if accept("[") { return .byte(try byteClass()) }
            if accept(".") { return .byte(.allButLineEnds) }
            if accept("^") { return .start }
            if accept("$") { return .end }
            if accept("\\") {
                if accept("b") { return .wordBoundary(true) }
                if accept("B") { return .wordBoundary(false) }
                if accept("A") { return .start }
                if accept("Z") { return .end }
                return .byte(try escaped())
            }
            guard let byte = next, !"*+?".utf8.contains(byte) else { throw Fault(reason: "nothing to repeat") }
            index += 1
            return .byte(ByteSet([byte]))
        }

        private mutating func group() throws(Fault) -> Node {
            var isWanted: Bool?
            if accept("?=") {
                isWanted = true
            } else if accept("?!") {
                isWanted = false
            } else if accept("?P<") {
                while let byte = next, byte != UInt8(ascii: ">") {
                    guard ByteSet.word.contains(byte) else { throw Fault(reason: "a group's name that is none") }
                    index += 1
                }
                guard accept(">") else { throw Fault(reason: "a group's name that does not end") }
            } else if !accept("?:"), next == UInt8(ascii: "?") {
                throw Fault(reason: "a kind of group that is not read")
            }
            let node = try choice()
            guard accept(")") else { throw Fault(reason: "a parenthesis that does not end") }
            return isWanted.map { .lookahead(node, isWanted: $0) } ?? node
        }

        private mutating func repeated(_ node: Node) throws(Fault) -> Node {
            var minimum = 0
            var maximum = Int.max
            if accept("+") {
                minimum = 1
            } else if accept("?") {
                maximum = 1
            } else if !accept("*") {
                guard let bounds = try bounds() else { return node }
                (minimum, maximum) = bounds
            }
            // A lazy repetition matches the same paths.
            _ = accept("?")
            if let byte = next, "*+?".utf8.contains(byte) { throw Fault(reason: "a repetition that is repeated") }
            return .repeated(node, minimum: minimum, maximum: maximum)
        }

        /// {n}, {n,}, {,m} or {n,m}; nil, and nothing is read, where the brace stands for itself.
        private mutating func bounds() throws(Fault) -> (Int, Int)? {
            let start = index
            guard accept("{") else { return nil }
            func number(_ digits: ArraySlice<UInt8>) throws(Fault) -> Int {
                guard let value = Int(String(decoding: digits, as: UTF8.self)), value <= 1000 else {
                    throw Fault(reason: "more than 1000 repetitions")
                }
                return value
            }
            guard let end = bytes[index...].firstIndex(of: UInt8(ascii: "}")) else {
                index = start
                return nil
            }
            let parts = bytes[index..<end].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            guard parts.count <= 2, parts.joined().allSatisfy(ByteSet.digits.contains),
                parts.contains(where: { !$0.isEmpty })
            else {
                index = start
                return nil
            }
            index = end + 1
            let minimum = parts[0].isEmpty ? 0 : try number(parts[0])
            let maximum = parts.count == 1 ? minimum : parts[1].isEmpty ? Int.max : try number(parts[1])
            guard minimum <= maximum else {
                throw Fault(reason: "a repetition of at least \(minimum) and at most \(maximum)")
            }
            return (minimum, maximum)
        }

        /// What stands behind a backslash, and is a set of bytes.
        private mutating func escaped() throws(Fault) -> ByteSet {
            guard let byte = next else { throw Fault(reason: "a backslash at its end") }
            index += 1
            switch byte {
            case UInt8(ascii: "d"): return .digits
            case UInt8(ascii: "D"): return ByteSet.digits.inverted
            case UInt8(ascii: "w"): return .word
            case UInt8(ascii: "W"): return ByteSet.word.inverted
            case UInt8(ascii: "s"): return .space
            case UInt8(ascii: "S"): return ByteSet.space.inverted
            case _ where ByteSet.word.contains(byte) && byte != 0x5F:
                throw Fault(reason: "\\\(Character(Unicode.Scalar(byte)))")
            default: return ByteSet([byte])
            }
        }

        private mutating func byteClass() throws(Fault) -> ByteSet {
            let isInverted = accept("^")
            var set = ByteSet([])
            var isFirst = true
            while isFirst || next != UInt8(ascii: "]") {
                isFirst = false
                guard let byte = next, byte < 0x80 else {
                    throw Fault(reason: "a class that does not end, or is not ASCII")
                }
                index += 1
                if byte == UInt8(ascii: "\\") {
                    set.formUnion(try escaped())
                } else if bytes[index...].first == UInt8(ascii: "-"), index + 1 < bytes.count,
                    bytes[index + 1] != UInt8(ascii: "]")
                {
                    let last = bytes[index + 1]
                    guard byte <= last, last < 0x80, last != UInt8(ascii: "\\") else {
                        throw Fault(reason: "a range of a class that is none")
                    }
                    set.formUnion(ByteSet(byte...last))
                    index += 2
                } else {
                    set.formUnion(ByteSet([byte]))
                }
            }
            index += 1
            return isInverted ? set.inverted : set
        }
    }
}

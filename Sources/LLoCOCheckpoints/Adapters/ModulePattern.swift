/// A regular expression over module paths, as in PEFT's configurations: the syntax of Python's `re`, without
/// backreferences, lookbehind and flags.
///
/// Each part of the expression maps the set of positions where it may begin to the set where it may end. The maximum
/// number of steps therefore bounds the time of an expression from an untrusted file.
package struct ModulePattern: Sendable {
    /// An expression with unsupported syntax, or a match that took too many steps.
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
        case lookahead(Node, isPositive: Bool)
    }

    private static let maximumBytes = 4096
    private static let maximumDepth = 64
    private static let maximumSteps = 1_000_000

    let source: String
    private let text: [UInt8]
    private let root: Node
    /// Whether the expression has no metacharacter except the dot.
    let isPlain: Bool

    /// - Throws: `Fault`.
    package init(_ text: String) throws(Fault) {
        source = text
        self.text = Array(text.utf8)
        guard self.text.count <= Self.maximumBytes else {
            throw Fault(reason: "longer than \(Self.maximumBytes) bytes")
        }
        isPlain = !self.text.contains { "^$*+?[](){}|\\".utf8.contains($0) }
        var parser = Parser(bytes: self.text)
        root = try parser.expression()
    }

    /// Whether the expression matches the whole path (`re.fullmatch`).
    package func matches(_ path: String) throws(Fault) -> Bool {
        let path = Array(path.utf8)
        return try ends(path, from: [0]).contains(path.count)
    }

    /// Whether the expression matches the whole path or everything after one of its dots.
    ///
    /// PEFT matches the keys of `rank_pattern` and `alpha_pattern` this way: `re.match(r"(.*\.)?(KEY)$", path)`.
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

        mutating func ends(_ node: Node, from positions: Set<Int>) throws(Fault) -> Set<Int> {
            steps += 1 + positions.count
            guard steps <= ModulePattern.maximumSteps else {
                throw Fault(reason: "more than \(ModulePattern.maximumSteps) steps for one path")
            }
            guard !positions.isEmpty else { return [] }
            switch node {
            case .byte(let set):
                return Set(positions.filter { $0 < path.count && set.contains(path[$0]) }.map { $0 + 1 })
            case .sequence(let nodes):
                var positions = positions
                for node in nodes { positions = try ends(node, from: positions) }
                return positions
            case .choice(let nodes):
                var all: Set<Int> = []
                for node in nodes { all.formUnion(try ends(node, from: positions)) }
                return all
            case .repeated(let node, let minimum, let maximum):
                return try ends(node, minimum, maximum, from: positions)
            case .start: return positions.intersection([0])
            case .end: return positions.intersection([path.count])
            case .wordBoundary(let isPositive):
                return positions.filter { (isWord($0 - 1) != isWord($0)) == isPositive }
            case .lookahead(let node, let isPositive):
                var accepted: Set<Int> = []
                for position in positions {
                    let matches = try !ends(node, from: [position]).isEmpty
                    if matches == isPositive { accepted.insert(position) }
                }
                return accepted
            }
        }

        private mutating func ends(
            _ node: Node, _ minimum: Int, _ maximum: Int, from positions: Set<Int>
        ) throws(Fault) -> Set<Int> {
            var last = positions
            for _ in 0..<minimum {
                let next = try ends(node, from: last)
                // A fixed point: further rounds change nothing.
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

        private func isWord(_ position: Int) -> Bool {
            path.indices.contains(position) && ByteSet.word.contains(path[position])
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
        static let allButLineFeed = ByteSet([0x0A]).inverted

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
            let prefix = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
            guard bytes[index...].starts(with: prefix) else { return false }
            index += prefix.count
            return true
        }

        mutating func expression() throws(Fault) -> Node {
            let node = try choice()
            guard index == bytes.count else { throw Fault(reason: "an unmatched closing parenthesis") }
            return node
        }

        private mutating func choice() throws(Fault) -> Node {
            depth += 1
            guard depth <= ModulePattern.maximumDepth else {
                throw Fault(reason: "groups nested deeper than \(ModulePattern.maximumDepth)")
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
            if accept(".") { return .byte(.allButLineFeed) }
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
            var isPositive: Bool?
            if accept("?=") {
                isPositive = true
            } else if accept("?!") {
                isPositive = false
            } else if accept("?P<") {
                while let byte = next, byte != UInt8(ascii: ">") {
                    guard ByteSet.word.contains(byte) else { throw Fault(reason: "an invalid group name") }
                    index += 1
                }
                guard accept(">") else { throw Fault(reason: "an unterminated group name") }
            } else if !accept("?:"), next == UInt8(ascii: "?") {
                throw Fault(reason: "an unsupported kind of group")
            }
            let node = try choice()
            guard accept(")") else { throw Fault(reason: "an unmatched opening parenthesis") }
            return isPositive.map { .lookahead(node, isPositive: $0) } ?? node
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
            if let byte = next, "*+?".utf8.contains(byte) { throw Fault(reason: "a repeated repetition") }
            return .repeated(node, minimum: minimum, maximum: maximum)
        }

        /// Parses {n}, {n,}, {,m} or {n,m}. Returns nil and consumes nothing if the brace is literal.
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

        /// Parses the character after a backslash as a set of bytes.
        private mutating func escaped() throws(Fault) -> ByteSet {
            guard let byte = next else { throw Fault(reason: "a backslash at the end") }
            index += 1
            switch byte {
            case UInt8(ascii: "d"): return .digits
            case UInt8(ascii: "D"): return ByteSet.digits.inverted
            case UInt8(ascii: "w"): return .word
            case UInt8(ascii: "W"): return ByteSet.word.inverted
            case UInt8(ascii: "s"): return .space
            case UInt8(ascii: "S"): return ByteSet.space.inverted
            case _ where ByteSet.word.contains(byte) && byte != 0x5F:
                throw Fault(reason: "the unsupported escape \\\(Character(Unicode.Scalar(byte)))")
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
                    throw Fault(reason: "a character class that is unterminated or not ASCII")
                }
                index += 1
                if byte == UInt8(ascii: "\\") {
                    set.formUnion(try escaped())
                } else if bytes[index...].first == UInt8(ascii: "-"), index + 1 < bytes.count,
                    bytes[index + 1] != UInt8(ascii: "]")
                {
                    let last = bytes[index + 1]
                    guard byte <= last, last < 0x80, last != UInt8(ascii: "\\") else {
                        throw Fault(reason: "an invalid range in a character class")
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

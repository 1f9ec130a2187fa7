import LLoCOBase

/// String similarity: `SequenceMatcher(None, a, b).ratio()` of Python's difflib, and fuzzywuzzy's `ratio` based on it.
///
/// The algorithm finds the longest common block, then recursively the longest blocks to its left and right (Ratcliff
/// and Obershelp 1988); blocks consist of Unicode scalars. As in difflib, if the second string has 200 scalars or more,
/// a block does not begin with a scalar that makes up more than 1 % of it.
public enum SequenceSimilarity {
    /// Twice the total length of the blocks divided by the length of both strings, 0…1; 1 for two empty strings.
    public static func ratio(_ a: String, _ b: String) -> Double {
        let a = a.unicodeScalars.map(\.value)
        let b = b.unicodeScalars.map(\.value)
        guard a.count + b.count > 0 else { return 1 }
        return 2 * Double(Blocks(a, b).matches()) / Double(a.count + b.count)
    }

    /// fuzzywuzzy's `fuzz.ratio`: ``ratio(_:_:)`` in whole percent, 0…100, rounded half to even.
    ///
    /// fuzzywuzzy uses another measure (indels only) if python-Levenshtein is installed. That package is an optional
    /// extra that LongBench does not require, so the published figures rest on difflib.
    public static func percent(_ a: String, _ b: String) -> Int {
        if a.utf8.elementsEqual(b.utf8) { return 100 }
        if a.isEmpty || b.isEmpty { return 0 }
        return Int((100 * ratio(a, b)).rounded(.toNearestOrEven))
    }

    private struct Blocks {
        let a: [UInt32]
        let b: [UInt32]
        /// By scalar: the places in `b` where a block can begin, ascending.
        let places: [UInt32: [Int]]

        init(_ a: [UInt32], _ b: [UInt32]) {
            self.a = a
            self.b = b
            var places: [UInt32: [Int]] = [:]
            for (place, scalar) in b.enumerated() { places[scalar, default: []].append(place) }
            if b.count >= 200 {
                let limit = b.count / 100 + 1
                places = places.filter { $0.value.count <= limit }
            }
            self.places = places
        }

        /// The total length of all blocks.
        func matches() -> Int {
            // By place of `b` plus one: the length of the run that ends there, in this row and in the previous one.
            var runs = [Int](repeating: 0, count: b.count + 1)
            var runsBefore = runs
            var pending = [(0..<a.count, 0..<b.count)]
            var total = 0
            while let (aRange, bRange) = pending.popLast() {
                let (i, j, count) = longest(aRange, bRange, &runs, &runsBefore)
                guard count > 0 else { continue }
                total += count
                if aRange.lowerBound < i, bRange.lowerBound < j {
                    pending.append((aRange.lowerBound..<i, bRange.lowerBound..<j))
                }
                if i + count < aRange.upperBound, j + count < bRange.upperBound {
                    pending.append(((i + count)..<aRange.upperBound, (j + count)..<bRange.upperBound))
                }
            }
            return total
        }

        /// The longest block in the two ranges; of several, the first in `a`, then in `b`. `runs` and `runsBefore` are
        /// all 0 before and after.
        private func longest(
            _ aRange: Range<Int>, _ bRange: Range<Int>, _ runs: inout [Int], _ runsBefore: inout [Int]
        ) -> (Int, Int, Int) {
            var best = (i: aRange.lowerBound, j: bRange.lowerBound, count: 0)
            var placesBefore: ArraySlice<Int> = []
            for i in aRange {
                let here = Self.part(places[a[i]] ?? [], in: bRange)
                for j in here {
                    let count = runsBefore[j] + 1
                    runs[j + 1] = count
                    if count > best.count { best = (i - count + 1, j - count + 1, count) }
                }
                for j in placesBefore { runsBefore[j + 1] = 0 }
                swap(&runs, &runsBefore)
                placesBefore = here
            }
            for j in placesBefore { runsBefore[j + 1] = 0 }
            // Frequent scalars, which begin no block, can still extend one.
            while best.i > aRange.lowerBound, best.j > bRange.lowerBound, a[best.i - 1] == b[best.j - 1] {
                best = (best.i - 1, best.j - 1, best.count + 1)
            }
            while best.i + best.count < aRange.upperBound, best.j + best.count < bRange.upperBound,
                a[best.i + best.count] == b[best.j + best.count]
            {
                best.count += 1
            }
            return best
        }

        private static func part(_ places: [Int], in range: Range<Int>) -> ArraySlice<Int> {
            let start = places.partitioningIndex { $0 >= range.lowerBound }
            let end = places.partitioningIndex { $0 >= range.upperBound }
            return places[start..<end]
        }
    }
}

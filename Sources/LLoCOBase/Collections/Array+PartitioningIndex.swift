extension Array {
    /// The first index whose element satisfies `condition`; `count` if none does. A binary search.
    ///
    /// - Parameter condition: true for every element after the first one that satisfies it
    package func partitioningIndex(where condition: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if condition(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

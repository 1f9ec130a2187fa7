/// Where a decoder's weights are while it computes on a CPU.
public enum WeightPlace: String, Sendable, CaseIterable {
    /// `file`: expanding some rows at a time costs a hundredth of a product with 500 rows, and reading all of them
    /// expanded as much as expanding them (Docs/performance.md)
    case automatic = "auto"
    /// as they are in their file, which is mapped: nothing is copied
    case file
    /// expanded in memory, in the computation's dtype
    case dense
}

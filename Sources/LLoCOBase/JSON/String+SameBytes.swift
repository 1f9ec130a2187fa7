extension String {
    /// Whether both strings have the same UTF-8 bytes. Swift's `==` tests canonical equivalence.
    package func hasSameBytes(as other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        return utf8.elementsEqual(other.utf8)
    }
}

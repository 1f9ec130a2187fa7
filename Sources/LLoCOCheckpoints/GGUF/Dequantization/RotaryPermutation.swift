/// The order of rows in which llama.cpp stores the query and key projections of the `llama` architecture.
///
/// Hugging Face rotates the first half of a head's dimensions against the second half, llama.cpp even ones against odd
/// ones. Its converter therefore stores a head's rows 0…d-1 as 0, d/2, 1, d/2+1, …
struct RotaryPermutation: Sendable {
    let headSize: Int

    /// The permutation of `rows` rows that belong to `heads` heads; nil where they do not divide.
    init?(rows: Int, heads: Int) {
        guard heads > 0, rows > 0, rows % heads == 0, (rows / heads) % 2 == 0 else { return nil }
        headSize = rows / heads
    }

    /// Where the file's row belongs in the Hugging Face order.
    func destination(_ row: Int) -> Int {
        let (head, place) = row.quotientAndRemainder(dividingBy: headSize)
        return head * headSize + (place & 1) * (headSize / 2) + place / 2
    }
}

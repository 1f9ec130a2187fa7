/// The documents that a search or a listing covers.
public enum LibraryScope: Hashable, Sendable {
    /// Every document.
    case all
    /// The documents of the group of this name.
    case group(String)
    /// The documents with these keys.
    case documents(Set<Int64>)

    /// The document with this key.
    public static func document(_ id: Int64) -> LibraryScope { .documents([id]) }
}

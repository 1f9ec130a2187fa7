/// The part of a library that a search or a listing looks at.
public enum LibraryScope: Hashable, Sendable {
    /// Every document.
    case all
    /// The documents of the group of this name.
    case group(String)
    /// These documents, by their keys.
    case documents(Set<Int64>)

    /// One document, by its key.
    public static func document(_ id: Int64) -> LibraryScope { .documents([id]) }
}

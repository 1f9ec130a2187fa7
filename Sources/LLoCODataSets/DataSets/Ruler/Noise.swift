/// The filler that says nothing: five short sentences, a line of them again and again.
enum Noise {
    static let text =
        "Rain falls on the roof. The kettle is warm. A door opens and shuts. Nobody is in a hurry. "
        + "Then it starts once more."

    static func haystack() throws -> Haystack { try Haystack(text, separator: "\n") }
}

/// RULER's noise filler: a line of five short sentences, repeated.
enum Noise {
    static let text =
        "Rain falls on the roof. The kettle is warm. A door opens and shuts. Nobody is in a hurry. "
        + "Then it starts once more."

    static func haystack() throws -> Haystack { try Haystack(text, separator: "\n") }
}

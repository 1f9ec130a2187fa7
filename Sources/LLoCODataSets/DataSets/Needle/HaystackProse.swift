import LLoCOBase

/// The default haystack: sentences about people of made-up places, drawn from built-in patterns.
///
/// The text is always the same; a longer text begins with the shorter one. It contains no digits.
package enum HaystackProse {
    /// The first paragraphs, with at least `words` words.
    package static func text(words: Int) -> String {
        var generator = SplitMix64(seed: 0, name: "haystack prose")
        var (text, count) = ("", 0)
        while count < words {
            if !text.isEmpty { text += "\n\n" }
            // All sentences of a paragraph share one place and one person.
            let theme = ["place": generator.pick(places), "person": generator.pick(people)]
            for sentence in 0..<Int.random(in: 4...7, using: &generator) {
                if sentence > 0 { text += " " }
                for (index, word) in generator.pick(patterns).split(separator: " ").enumerated() {
                    if index > 0 { text += " " }
                    text += filled(word, theme, &generator)
                    count += 1
                }
            }
        }
        return text
    }

    /// A word of a pattern. `{slot}` is replaced by a random word of the slot; punctuation after it stays.
    private static func filled(
        _ word: Substring, _ theme: [String: String], _ generator: inout SplitMix64
    ) -> String {
        guard word.hasPrefix("{"), let end = word.firstIndex(of: "}") else { return String(word) }
        let slot = String(word[word.index(after: word.startIndex)..<end])
        let chosen = theme[slot] ?? slots[slot].map { generator.pick($0) } ?? slot
        return chosen + word[word.index(after: end)...]
    }

    private static func list(_ text: String) -> [String] { text.split(separator: ",").map { $0.trimmed } }

    private static let places = list(
        """
        Brelby, Harrowick, Tansmere, Oldcombe, Wexley Down, Fennimoor, Caldry, Upper Thoss, Marrenford, Quillstead, \
        Sandrow, Ilverstoke, Dunmarch, Little Peverby, Ashkettle, Corvingham, Netherbourne, Stallowfield, Rookhaven, \
        Pellworth
        """)

    private static let people = list(
        """
        Ada Merrow, Tobias Finch, Old Nell Garrow, Petra Lindqvist, Samuel Oake, Ines Calloway, Jonas Thrale, \
        Widow Hartley, Mirela Voss, Edwin Pask, Rosalind Byrne, Casimir Dole, Hester Quaid, Lucan Frey, Agnes Tull, \
        Barnaby Stroud
        """)

    private static let slots: [String: [String]] = [
        "trade": list(
            """
            baker, glazier, ferryman, schoolmaster, cooper, weaver, postmistress, miller, beekeeper, roofer, cobbler, \
            surveyor, clockmaker, gardener, printer, bargeman, tinsmith, midwife, sexton, bookbinder
            """),
        "thing": list(
            """
            ledger, ladder, copper kettle, fishing net, wooden chest, calendar, weathervane, handcart, pair of boots, \
            box of nails, folded map, tin whistle, spare oar, length of rope, jar of honey, bundle of letters, \
            garden spade, broken compass, set of scales, wool blanket
            """),
        "spot": list(
            """
            behind the chapel, under the stairs, beside the lock, at the edge of the orchard, above the stables, \
            near the old quarry, by the mill race, in the back of the shop, at the end of the lane, on the upper \
            landing, beyond the second gate, next to the pump
            """),
        "season": list(
            """
            early spring, the wet months, late summer, the harvest weeks, the first frost, midwinter, the long \
            evenings of June, the week of the fair, the quiet days after the new year
            """),
        "weather": list(
            """
            a thin rain, a bitter east wind, an unexpected thaw, low fog, a dry heat, a sudden hailstorm, soft snow, \
            a high clear sky, a restless breeze
            """),
        "quality": list(
            """
            patient, stubborn, cheerful, careful, generous, suspicious, talkative, solemn, practical, forgetful, \
            punctual, curious, modest, weary
            """),
        "number": list("two, three, four, five, six, seven, nine, ten, a dozen, twenty, thirty, forty"),
        "matter": list(
            """
            the repair of the bridge, the price of flour, the shape of the new road, the lost sheep, the school roof, \
            the choir's new songs, a disputed hedge, the depth of the well, the colour of the town hall doors, the \
            name of the ferry, the drains in the lower street, the date of the fair
            """),
        "idea": list(
            """
            that work done slowly is done once, that a good tool outlives its owner, that nobody listens before \
            supper, that a promise weighs more than a contract, that rivers have longer memories than people, that \
            most quarrels begin with a fence, that a place is known by its bread, that silence is also an answer
            """),
    ]

    private static let patterns = [
        "In {season} the people of {place} talked of little but {matter}.",
        "{person} kept a {thing} {spot} and saw no reason to explain it.",
        "The {trade} was a {quality} neighbour, and {person} was another.",
        "It took {number} days to settle {matter}, and nobody was pleased with the result.",
        "When {weather} came over the hills, the {trade} closed the shutters and waited.",
        "{person} had learned from a {trade} {idea}.",
        "There was a {thing} {spot} which had belonged to {number} families in turn.",
        "Visitors to {place} were always shown the {thing} first and the church afterwards.",
        "Some held {idea}, but the {trade} only laughed.",
        "After {season} there were {number} houses fewer, and the lane seemed wider for it.",
        "A {quality} {trade} is worth more to a village than a {quality} mayor, as {person} used to say.",
        "Through {weather} one could hear the bell {spot}, faint and a little late.",
        "Nobody in {place} could remember who had first raised {matter}.",
        "{person} wrote about {matter} in a small even hand, {number} lines to the page.",
        "The council met {number} times that year and mostly spoke of {matter}.",
        "What the {trade} wanted was simple: a {thing}, an hour of quiet, and {weather} to watch.",
        "It is said in {place} {idea}.",
        "Children found the {thing} {spot} and carried it home as if it were treasure.",
        "For {number} years the {trade} walked the same path {spot}, in every kind of light.",
        "{person} was {quality} by nature and {quality} by habit, which made for a strange kind of host.",
        "By {season} the arguments about {matter} had worn themselves out.",
        "The road from {place} runs past a house {spot} where a {trade} once lived.",
        "With {weather} on the way, {number} of them stayed to mend the {thing} and the rest went home.",
        "A letter came for {person}, but the {trade} had already left with the {thing}.",
        "If {matter} taught the town anything, it was {idea}.",
        "They measured everything in those days, from the {thing} to the shadow {spot}.",
        "Only {person} noticed that the {trade} had become {quality} since {season}.",
        "The supper lasted {number} hours, and {matter} came up before the soup was cold.",
        "Under {weather} the fields around {place} looked like a page that someone had rubbed clean.",
        "An old {trade} may be {quality} and still be right, and this one was both.",
    ]
}

extension Substring {
    /// The text without leading and trailing spaces.
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

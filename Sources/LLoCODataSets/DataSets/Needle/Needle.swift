import LLoCOBase

/// A sentence to hide in a text, with a question about it.
public struct Needle: Sendable, Hashable {
    /// The hidden sentence.
    public var text: String
    /// The question about the sentence.
    public var question: String
    /// The strings that an answer must contain; each occurs in ``text``.
    public var answers: [String]

    /// Creates a needle.
    public init(text: String, question: String, answers: [String]) {
        self.text = text
        self.question = question
        self.answers = answers
    }

    /// The default fixed needle: a preference that no other text mentions.
    public static let standard = Needle(
        text: """
            The finest thing to do on a free evening in Brelby is to row out to the mill island with a pot of plum \
            soup.
            """,
        question: "What does the text call the finest thing to do on a free evening in Brelby?",
        answers: ["mill island", "plum soup"])

    /// A random thing in a random town with a random number: a fact that no model can have learned.
    static func random(using generator: inout SplitMix64, outside haystack: Haystack) -> Needle {
        var numbers = DistinctNumbers(outside: haystack)
        let thing = generator.pick(things)
        let city = generator.pick(cities)
        let number = numbers.next(using: &generator)
        return Needle(
            text: "The \(thing) of \(city) bears the number \(number).",
            question: "Which number does the \(thing) of \(city) bear?", answers: ["\(number)"])
    }

    private static let things = """
        lighthouse,town clock,oldest tram,fire engine,opera house,botanical garden,harbour crane,night train,\
        city archive,cable car,market hall,water tower,observatory,drawbridge,public library,swimming bath,\
        flower fair,stone lion,post office,concert organ
        """.split(separator: ",").map(String.init)

    private static let cities = """
        Lisbon,Bergen,Nagoya,Montevideo,Tallinn,Cork,Valparaiso,Ghent,Tbilisi,Dakar,Halifax,Adelaide,Turin,Gdansk,\
        Quito,Izmir,Leipzig,Porto,Cusco,Riga,Busan,Tampere,Nairobi,Graz,Malaga,Hobart,Odense,Kyoto,Lima,Bruges
        """.split(separator: ",").map(String.init)
}

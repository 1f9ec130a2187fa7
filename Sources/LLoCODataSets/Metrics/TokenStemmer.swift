/// A stemmer, which removes the endings of words so that their forms count as one token.
public protocol TokenStemmer: Sendable {
    /// The stem of one token, both ASCII lower-case letters and digits; an empty stem drops the token.
    func stem(_ token: [UInt8]) -> [UInt8]
}

/// A request that a model cannot serve. The description is one line: what was found and what was expected.
public struct ModelError: Error, CustomStringConvertible, Sendable {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}

/// A line of JSON with field names that are chosen at run time, in a given order.
struct NamedFields: Encodable {
    enum Value {
        case text(String)
        case count(Int)
        case number(Double)
    }

    private let fields: [(name: String, value: Value)]

    init(_ fields: [(name: String, value: Value)]) {
        self.fields = fields
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for (name, value) in fields {
            switch value {
            case .text(let text): try container.encode(text, forKey: Key(name))
            case .count(let count): try container.encode(count, forKey: Key(name))
            case .number(let number): try container.encode(number, forKey: Key(name))
            }
        }
    }
}

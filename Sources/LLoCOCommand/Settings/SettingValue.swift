/// The value of a setting: a number for `threads` and `port`, else text.
enum SettingValue: Hashable, Encodable, CustomStringConvertible {
    case text(String)
    case number(Int)

    var description: String {
        switch self {
        case .text(let text): text
        case .number(let number): "\(number)"
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .number(let number): try container.encode(number)
        }
    }
}

import ArgumentParser
import Foundation

/// A comma-separated list of an option's values: "none,full".
enum NamedChoices {
    /// The values that `text` lists, in its order.
    ///
    /// - Throws: `ValidationError` for an unknown name: "--modes: unknown mode 'x', expected none, full".
    static func parse<Value: RawRepresentable<String> & CaseIterable>(
        _ text: String, option: String, kind: String
    ) throws -> [Value] {
        try text.split(separator: ",").map { name in
            guard let value = Value(rawValue: name.trimmingCharacters(in: .whitespaces)) else {
                let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("\(option): unknown \(kind) '\(name)', expected \(known)")
            }
            return value
        }
    }
}

public import Foundation
import LLoCOBase
public import LLoCOCheckpoints

/// A model's hyperparameters: a file in `Recipes/`, JSON with comments. Missing fields keep their defaults.
public struct Recipe: Sendable, Codable, Equatable {
    /// The shape of the models that a recipe applies to.
    public struct Shape: Sendable, Codable, Equatable {
        /// Size of a hidden state, D; 0 by default, which matches no model
        public var hiddenSize = 0
        /// Number of layers; 0 by default
        public var layerCount = 0
        /// Rows of the embedding matrix; 0 by default
        public var vocabularySize = 0

        /// Creates a shape that matches no model.
        public init() {}

        /// Whether a model has this shape.
        public func matches(_ configuration: LlamaConfiguration) -> Bool {
            hiddenSize == configuration.hiddenSize && layerCount == configuration.layerCount
                && vocabularySize == configuration.vocabularySize
        }
    }

    /// The models for which `Installation.recipe(for:)` chooses this recipe; none by default
    public var appliesTo = Shape()
    /// Training of a compressor
    public var compressor = CompressorRecipe()
    /// Training of a head selection
    public var selection = SelectionRecipe()
    /// Training of a group's adapter
    public var finetuning = FinetuningRecipe()
    /// Generation of questions in a self-study
    public var study = StudyRecipe()

    /// Creates a recipe with the defaults.
    public init() {}

    /// Reads a recipe file.
    ///
    /// - Throws: `TrainingError` naming the file, and a field that is unknown or has a wrong type or value.
    public init(contentsOf file: URL) throws {
        guard let data = FileManager.default.contents(atPath: file.path) else {
            throw TrainingError(.notFound, "\(file.path): not found, expected a recipe file")
        }
        // The file's fields override the defaults; unknown fields are errors.
        typealias Sections = [String: [String: Value]]
        func recipe(_ sections: Sections) throws -> Recipe {
            try JSONDecoder().decode(Recipe.self, from: JSONEncoder().encode(sections))
        }
        let defaults = try JSONDecoder().decode(Sections.self, from: JSONEncoder().encode(Recipe()))
        let overrides: Sections
        do {
            let decoder = JSONDecoder()
            decoder.allowsJSON5 = true
            overrides = try decoder.decode(Sections.self, from: data)
        } catch DecodingError.typeMismatch(_, let context) where !context.codingPath.isEmpty {
            let field = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw TrainingError(.invalid, "\(file.path): \(field): \(Self.line(context.debugDescription))")
        } catch {
            throw TrainingError(
                .damaged, "\(file.path): not a recipe, expected JSON with comments: \(Self.line("\(error)"))")
        }
        var merged = defaults
        for (section, fields) in overrides.sorted(by: { $0.key < $1.key }) {
            for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
                guard let example = defaults[section]?[name] else {
                    throw TrainingError(
                        .invalid, "\(file.path): unknown field '\(name)' in '\(section)', expected a recipe's field")
                }
                // Decode each field alone, so that the error can name it.
                var one = defaults
                one[section]?[name] = value
                guard (try? recipe(one)) != nil else {
                    throw TrainingError(
                        .invalid, "\(file.path): \(section).\(name): \(value), expected a value such as \(example)")
                }
                merged[section]?[name] = value
            }
        }
        self = try recipe(merged)
        try checkLimits(source: file.path)
    }

    /// The fields of an encoded section.
    static func fields(_ section: Data) throws -> [String: Value] {
        try JSONDecoder().decode([String: Value].self, from: section)
    }

    private static func line(_ text: String) -> String {
        String(text.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(200))
    }

    /// The value of a field.
    enum Value: Codable, Equatable, CustomStringConvertible {
        case number(Double)
        case text(String)
        case flag(Bool)

        var description: String {
            switch self {
            case .number(let number): number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
            case .text(let text): "'\(text.prefix(40))'"
            case .flag(let flag): "\(flag)"
            }
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                self = .flag(flag)
            } else if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else {
                self = .text(try container.decode(String.self))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .number(let number): try container.encode(number)
            case .text(let text): try container.encode(text)
            case .flag(let flag): try container.encode(flag)
            }
        }
    }
}

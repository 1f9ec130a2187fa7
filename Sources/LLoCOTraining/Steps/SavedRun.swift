import Foundation
import LLoCOBase
import LLoCOCheckpoints

/// The saved training state in a run's folder, from which the same run resumes.
struct SavedRun {
    /// A field that must agree for a run to resume.
    struct Field {
        /// Its key in the file's metadata
        let key: String
        let value: String
        /// Its name in errors
        let name: String
        let setting: ErrorHint.Setting
        /// Whether a saved value is equivalent; nil to require equality
        var isSame: ((_ saved: String) throws -> Bool)?
    }

    private static let tokensKey = "tokens"

    let file: URL
    let fields: [Field]

    init(in folder: URL, fields: [Field]) {
        file = folder.appending(path: "training-state.safetensors")
        self.fields = fields
    }

    /// Writes the state.
    ///
    /// - Parameter tokens: number of tokens processed so far
    func write(_ state: TrainingState, tokens: Int) throws {
        var metadata = Dictionary(uniqueKeysWithValues: fields.map { ($0.key, $0.value) })
        metadata[Self.tokensKey] = "\(tokens)"
        try SafetensorsWriter.write(state.tensors(), metadata: state.metadata(metadata), to: file)
    }

    /// Restores the saved state. Returns the number of tokens it has processed, or nil without a saved state.
    ///
    /// - Throws: `TrainingError` if the saved run differs from this one, naming the difference.
    func resume(_ state: TrainingState) throws -> Int? {
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        let checkpoint = try SafetensorsCheckpoint(file)
        for field in fields {
            let saved = checkpoint.metadata[field.key, default: ""]
            guard try saved == field.value || field.isSame?(saved) == true else {
                throw TrainingError(
                    .invalid, "\(file.path): the saved run is of another \(field.name)",
                    hint: .trainElsewhere(field.setting))
            }
        }
        guard let tokens = checkpoint.metadata[Self.tokensKey].flatMap({ Int($0) }), 0...1 << 53 ~= tokens else {
            throw TrainingError(
                .damaged, "\(file.path): no valid '\(Self.tokensKey)' in its metadata, expected a number of tokens")
        }
        try state.restore(checkpoint, metadata: checkpoint.metadata, named: file.path)
        return tokens
    }
}

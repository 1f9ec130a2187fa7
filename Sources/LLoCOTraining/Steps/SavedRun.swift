import Foundation
import LLoCOBase
import LLoCOCheckpoints

/// The state of a training in its folder, which the same run goes on from.
struct SavedRun {
    /// What has to agree for a run to go on.
    struct Field {
        /// Its name among the file's metadata
        let key: String
        let value: String
        /// What an error calls it
        let name: String
        let setting: ErrorHint.Setting
        /// Whether a saved value says the same; nil where it has to be equal
        var isSame: ((_ saved: String) throws -> Bool)?
    }

    private static let tokensKey = "tokens"

    let file: URL
    let fields: [Field]

    init(in folder: URL, fields: [Field]) {
        file = folder.appending(path: "training-state.safetensors")
        self.fields = fields
    }

    /// - Parameter tokens: read so far
    func write(_ state: TrainingState, tokens: Int) throws {
        var metadata = Dictionary(uniqueKeysWithValues: fields.map { ($0.key, $0.value) })
        metadata[Self.tokensKey] = "\(tokens)"
        try SafetensorsWriter.write(state.tensors(), metadata: state.metadata(metadata), to: file)
    }

    /// Takes up what was saved; returns the tokens it had read, or nil where there is nothing.
    ///
    /// - Throws: `TrainingError` where the saved run is another than this one, naming in what: it would go on as neither.
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
            throw TrainingError(.damaged, "\(file.path): does not say how many tokens were read")
        }
        try state.restore(checkpoint, metadata: checkpoint.metadata, named: file.path)
        return tokens
    }
}

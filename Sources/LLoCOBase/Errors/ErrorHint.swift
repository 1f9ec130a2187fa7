/// A suggested fix for an error. A program names its own command or button for it.
public enum ErrorHint: Hashable, Sendable {
    /// Load a retrieval model.
    case loadEmbedder
    /// Name a language model, or install the default one.
    case loadModel
    /// Download the model with this name.
    case pullModel(String)
    /// Compute in float32.
    case computeInFloat32
    /// Create the library by adding a document, or name an existing library.
    case createLibrary
    /// Name another file as the library.
    case chooseLibrary
    /// Open the library for writing once, which upgrades its format.
    case upgradeLibrary
    /// List the existing groups.
    case listGroups
    /// Add documents, to this group if it is not nil.
    case addDocuments(group: String?)
    /// Ask about documents of a single group, or answer without adapters.
    case askWithoutAdapters
    /// Name the task that a file's questions belong to.
    case nameTask
    /// Choose a chat template.
    case chooseChatTemplate
    /// Score only this many of the text's tokens.
    case scoreTokens(Int)
    /// Store the evaluation's run in another file: `file` belongs to a different run. `differs` is the setting with
    /// another value, if a setting is the difference.
    case startAnotherRun(file: String, differs: Setting?)
    /// Train in another folder: the run in this folder has another value of this setting.
    case trainElsewhere(Setting)
    /// Train the compressor again, which rewrites its folder.
    case trainCompressorAgain
    /// Raise the maximum number of steps to this number or more.
    case allowSteps(Int)
    /// Show the questions that a study found and rejected.
    case showStudy

    /// A setting of an evaluation run or a training run.
    public enum Setting: Hashable, Sendable {
        case model, compressor, adapter, embedder
        /// How texts are compressed.
        case scheme
        /// The answer modes of an evaluation.
        case modes
        /// The maximum number of tokens of an answer.
        case answerTokens
        case dtype, device
        /// The format of the weights during decode.
        case decodeWeights
        case chatTemplate, seed
        /// The training texts of a compressor.
        case texts
        /// The training questions.
        case questions
        case recipe
        /// The compressor that training starts from.
        case start
        /// The adapter that predicts answers in training.
        case reader
    }
}

/// What a caller can do about an error. A program that has a command or a button for it names that.
public enum ErrorHint: Hashable, Sendable {
    /// Load a retrieval model.
    case loadEmbedder
    /// Name a language model, or install the default one.
    case loadModel
    /// Fetch the model of this name.
    case pullModel(String)
    /// Compute in float32.
    case computeInFloat32
    /// Create the library by adding a document, or name one that is there.
    case createLibrary
    /// Name another file as the library.
    case chooseLibrary
    /// Open the library for writing once, which brings its format up to date.
    case upgradeLibrary
    /// List the groups that there are.
    case listGroups
    /// Add documents, to this group where one is named.
    case addDocuments(group: String?)
    /// Ask about documents of one group, or read without adapters.
    case askWithoutAdapters
    /// Name the task that a file's questions are of.
    case nameTask
    /// Choose a chat template.
    case chooseChatTemplate
    /// Score only this many tokens of the text.
    case scoreTokens(Int)
    /// Keep the evaluation's run in another file than this one, which is of another run; `differs` is the setting that
    /// tells them apart, where it is one.
    case startAnotherRun(file: String, differs: Setting?)
    /// Train in another folder: the run in this one has another value of the setting.
    case trainElsewhere(Setting)
    /// Train the compressor again, which writes its folder anew.
    case trainCompressorAgain
    /// Allow at least this many steps.
    case allowSteps(Int)
    /// Look at what a study found and rejected.
    case showStudy

    /// What a run of an evaluation or a training is made with.
    public enum Setting: Hashable, Sendable {
        case model, compressor, adapter, embedder
        /// How texts are compressed.
        case scheme
        /// What an evaluation's questions are answered from.
        case modes
        /// How long answers may be.
        case answerTokens
        case dtype, device
        /// How weights are kept for decoding.
        case decodeWeights
        case chatTemplate, seed
        /// What a compressor is trained on.
        case texts
        /// The questions that training learns from.
        case questions
        case recipe
        /// The compressor that training begins with.
        case start
        /// The adapter that answers are read with in training.
        case reader
    }
}

/// What a caller can do about an error. A program that has a command or a button for it names that.
public enum ErrorHint: Hashable, Sendable {
    /// Load a retrieval model.
    case loadEmbedder
    /// Compute in float32.
    case computeInFloat32
    /// Name a library file that is there, or create one by adding a document.
    case chooseLibrary
    /// Open the library for writing once, which brings its format up to date.
    case upgradeLibrary
    /// List the groups that there are.
    case listGroups
    /// Add documents, to this group where one is named.
    case addDocuments(group: String?)
    /// Add a document again with the model and compressor in use.
    case addAgain
    /// Ask about documents of one group, or read without adapters.
    case askWithoutAdapters
    /// Name a format; otherwise the question's own data decides.
    case nameTask
    /// Choose a chat template.
    case chooseChatTemplate
    /// Score only this many tokens of the text.
    case scoreTokens(Int)
    /// Write to another folder.
    case writeElsewhere
    /// Train the compressor again, which writes its folder anew.
    case trainCompressorAgain
    /// Allow at least this many steps.
    case allowSteps(Int)
    /// Look at what a study found and rejected.
    case showStudy
}

/// Sentences in the help of several commands.
enum HelpText {
    /// The last line of the discussion of a command with hidden options.
    static let allOptions = "--help-hidden shows all options."
}

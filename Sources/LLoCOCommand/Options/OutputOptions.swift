import ArgumentParser

/// The form of a command's results.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON Lines instead of text.")
    var json = false
}

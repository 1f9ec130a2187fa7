import ArgumentParser

struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON Lines instead of text.")
    var json = false
}

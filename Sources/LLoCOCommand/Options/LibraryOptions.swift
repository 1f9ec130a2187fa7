import ArgumentParser
import Foundation
import LLoCO
import LLoCOLibrary
import Logging

struct LibraryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The library file.", discussion: "Default: $LLOCO_LIBRARY, else ./library.lloco.", valueName: "file"))
    var library: String?

    var path: String { library ?? Installation.environment("LLOCO_LIBRARY") ?? "library.lloco" }

    /// The library as it is now, for what it remembers; nil where there is none yet.
    func existing() throws -> SQLiteLibrary? {
        Installation.exists(URL(filePath: path)) ? try open(for: .reading) : nil
    }

    func open(for access: SQLiteLibrary.Access) throws -> SQLiteLibrary {
        let logger = Logger(label: "lloco") { _ in TerminalLog() }
        return try SQLiteLibrary.open(path, for: access, logger: logger) { Terminal.note($0) }
    }
}

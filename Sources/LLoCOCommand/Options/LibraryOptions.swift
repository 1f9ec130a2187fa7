import ArgumentParser
import Foundation
import LLoCO
import LLoCOLibrary
import Logging

/// The library that a command reads or writes.
struct LibraryOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The library file. Default: library.lloco.", valueName: "file"))
    var library: String?

    func path() throws -> String { try Settings.library(library) }

    /// The library, opened for reading; nil before it is created.
    func existing() throws -> SQLiteLibrary? {
        guard Installation.exists(URL(filePath: try path())) else { return nil }
        return try open(for: .reading)
    }

    func open(for access: SQLiteLibrary.Access) throws -> SQLiteLibrary {
        let logger = Logger(label: "lloco") { _ in TerminalLog() }
        return try SQLiteLibrary.open(path(), for: access, logger: logger) { Terminal.note($0) }
    }
}

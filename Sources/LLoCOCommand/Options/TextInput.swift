import Foundation
import LLoCODocuments

/// A text from a file or stdin, byte for byte: nothing is normalized.
enum TextInput {
    /// The UTF-8 text of `path`, or of stdin for "-".
    static func read(_ path: String) throws -> String {
        let data: Data
        if path == "-" {
            data = FileHandle.standardInput.readDataToEndOfFile()
        } else {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw CommandError("\(path): no such file")
            }
            guard !isFolder.boolValue else { throw CommandError("\(path): a folder, expected a text file") }
            guard let content = FileManager.default.contents(atPath: path) else {
                throw CommandError("\(path): the file cannot be read")
            }
            data = content
        }
        return try DocumentReader.exactText(data, path: path == "-" ? "stdin" : path)
    }
}

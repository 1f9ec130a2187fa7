import Foundation
import LLoCO
import LLoCOTorch

/// A folder that a command will write.
enum OutputFolder {
    /// Checks, before any work is done, that `path` is a writable folder or can be created. Changes nothing.
    ///
    /// - Throws: `CommandError` that names `option` and the obstacle.
    static func check(_ path: String, option: String) throws {
        guard !path.isEmpty else { throw CommandError("\(option): an empty name, expected a folder to write") }
        var place = URL(filePath: path).absoluteURL
        while !Installation.exists(place), place.path != "/" {
            // A dangling link exists, although its target does not.
            if (try? FileManager.default.destinationOfSymbolicLink(atPath: place.path)) != nil { break }
            place.deleteLastPathComponent()
        }
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder)
        guard isFolder.boolValue else {
            throw CommandError("\(option) \(path): \(place.path) is not a folder, expected a writable folder")
        }
        // Permissions are not enough: root has all of them, and a disk may be read-only.
        let trial = place.appending(path: ".lloco-\(UUID().uuidString)").path
        guard mkdir(trial, 0o700) == 0 else {
            let reason = String(cString: strerror(errno)).lowercased()
            throw CommandError("\(option) \(path): \(place.path) cannot be written: \(reason)")
        }
        rmdir(trial)
    }
}

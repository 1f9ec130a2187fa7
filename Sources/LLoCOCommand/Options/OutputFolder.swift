import Foundation
import LLoCO
import LLoCOTorch

/// A folder that a command is going to write.
enum OutputFolder {
    /// Finds out, before any work is done, whether `path` is a folder that can be written or can be made one; leaves
    /// everything as it was.
    ///
    /// - Throws: `CommandError` that names `option` and what is in the way.
    static func check(_ path: String, option: String) throws {
        guard !path.isEmpty else { throw CommandError("\(option): an empty name, expected a folder to write") }
        var place = URL(filePath: path).absoluteURL
        while !Installation.exists(place), place.path != "/" {
            // A link that leads nowhere is there, though nothing is where it leads.
            if (try? FileManager.default.destinationOfSymbolicLink(atPath: place.path)) != nil { break }
            place.deleteLastPathComponent()
        }
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder)
        guard isFolder.boolValue else {
            throw CommandError("\(option) \(path): \(place.path) is no folder, expected one to write")
        }
        // Permissions alone do not tell: root has them all, and a disk may be read-only.
        let trial = place.appending(path: ".lloco-\(UUID().uuidString)").path
        guard mkdir(trial, 0o700) == 0 else {
            let reason = String(cString: strerror(errno)).lowercased()
            throw CommandError("\(option) \(path): \(place.path) cannot be written: \(reason)")
        }
        rmdir(trial)
    }
}

package import Foundation

/// A checkpoint's folder: file names that come from inside it may not lead out of it.
package struct Folder: Sendable {
    package let url: URL

    package init(_ url: URL) {
        self.url = url
    }

    /// Whether `url` is a folder (or a link to one).
    package static func exists(_ url: URL) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// The file `name` of this folder, if it is there.
    package func file(_ name: String) -> URL? {
        let file = url.appendingPathComponent(name, isDirectory: false)
        return FileManager.default.fileExists(atPath: file.path) ? file : nil
    }

    /// The file that another file of this folder names: a plain name, and no link that leads elsewhere.
    ///
    /// Links into `blobs` beside `snapshots` are followed, because that is how the Hugging Face cache lays out a
    /// folder: `models--X/snapshots/REVISION/model.safetensors -> ../../blobs/DIGEST`.
    package func member(_ name: String, namedBy index: URL) throws -> URL {
        let plain =
            !name.isEmpty && name != "." && name != ".." && name.utf8.count <= 255
            && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") || $0 == 0 }
        guard plain else {
            throw CheckpointError(
                .malformed, file: index.path, found: "the file name \"\(name)\"",
                expected: "a plain name of a file in the same folder")
        }
        guard let file = file(name) else {
            throw CheckpointError(
                .unreadable, file: index.path, found: "it names \(name), which is not in the folder",
                expected: "every file of the checkpoint")
        }
        let target = file.resolvingSymlinksInPath().standardizedFileURL.path
        let root = url.resolvingSymlinksInPath().standardizedFileURL
        var allowed = [root.path]
        if root.deletingLastPathComponent().lastPathComponent == "snapshots" {
            allowed.append(
                root.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("blobs").path)
        }
        guard allowed.contains(where: { target.hasPrefix($0.hasSuffix("/") ? $0 : $0 + "/") }) else {
            throw CheckpointError(
                .malformed, file: index.path, found: "\(name) is a link to \(target)",
                expected: "a file inside \(root.path)")
        }
        return file
    }
}

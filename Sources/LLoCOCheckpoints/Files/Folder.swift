package import Foundation

/// A checkpoint's folder. File names in its files must not lead out of it.
package struct Folder: Sendable {
    package let url: URL

    package init(_ url: URL) {
        self.url = url
    }

    /// Whether `url` is a folder or a link to a folder.
    package static func exists(_ url: URL) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// The URL of the file `name` in this folder; nil if it does not exist.
    package func file(_ name: String) -> URL? {
        let file = url.appendingPathComponent(name, isDirectory: false)
        return FileManager.default.fileExists(atPath: file.path) ? file : nil
    }

    /// The file `name` that the file `index` of this folder refers to. Paths and links out of the folder are refused.
    ///
    /// Links into `blobs` beside `snapshots` are followed, because the Hugging Face cache uses them:
    /// `models--X/snapshots/REVISION/model.safetensors -> ../../blobs/DIGEST`.
    package func member(_ name: String, namedBy index: URL) throws -> URL {
        let plain =
            !name.isEmpty && name != "." && name != ".." && name.utf8.count <= 255
            && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") || $0 == 0 }
        guard plain else {
            throw CheckpointError(
                .malformed, file: index.path, found: "the file name \"\(name)\"",
                expected: "the name of a file in the same folder, without a path")
        }
        guard let file = file(name) else {
            throw CheckpointError(
                .unreadable, file: index.path, found: "a reference to \(name), which is not in the folder",
                expected: "all files of the checkpoint")
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

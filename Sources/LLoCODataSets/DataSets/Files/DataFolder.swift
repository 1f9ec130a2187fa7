import Foundation

/// File system queries shared by the readers.
enum DataFolder {
    /// Whether `url` is a folder.
    static func exists(_ url: URL) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// Whether `url` is neither a pipe nor a device; true also for a missing file.
    static func canReadTwice(_ url: URL) -> Bool {
        let path = url.resolvingSymlinksInPath().path
        let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
        return type == nil || type == .typeRegular || type == .typeDirectory
    }

    /// The first of `names` that is a file in `folder`, with or without `.gz`.
    static func file(_ names: [String], in folder: URL) -> URL? {
        names.flatMap { [$0, $0 + ".gz"] }.map { folder.appending(path: $0) }.first { url in
            FileManager.default.fileExists(atPath: url.path) && !exists(url)
        }
    }

    /// Whether an untrusted relative path stays inside the folder that it is resolved in.
    static func isInside(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return !name.isEmpty && name.utf8.count <= 1024 && !name.utf8.contains(0)
            && parts.allSatisfy { !["", ".", ".."].contains($0) }
    }
}

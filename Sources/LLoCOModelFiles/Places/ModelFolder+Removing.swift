public import Foundation
import LLoCOBase

extension ModelFolder {
    /// Removes a pulled model or the partial download of one.
    ///
    /// - Returns: the removed files and their size in bytes; no files if the folder has nothing of the model
    /// - Throws: ``ModelFileError``; `LockError` while the model is being pulled.
    public func remove(_ reference: ModelReference) throws -> (files: [URL], bytes: Int) {
        let folder: URL
        var file: String?
        switch reference {
        case .path: return ([], 0)
        case .catalogue(let model): folder = self.folder(of: model)
        case .repository(let repository, let named):
            folder = self.folder(of: repository)
            file = named
        }
        guard FileManager.default.fileExists(atPath: folder.path) else { return ([], 0) }
        let removed = try Self.remove(file, of: folder)
        // Remove an owner's folder with its last repository.
        let parent = folder.deletingLastPathComponent()
        if parent.standardizedFileURL != url.standardizedFileURL,
            (try? FileManager.default.contentsOfDirectory(atPath: parent.path))?.isEmpty == true
        {
            try? FileManager.default.removeItem(at: parent)
        }
        return removed
    }

    private static func remove(_ file: String?, of folder: URL) throws -> (files: [URL], bytes: Int) {
        let lock = try WriterLock.acquire(folder.path, timeout: .zero, onWait: { _ in })
        defer { withExtendedLifetime(lock) {} }
        var content = (FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? [])
            .map { folder.appending(path: $0) }
            .filter { $0.lastPathComponent != ModelManifest.fileName && ModelPlaces.size(of: $0) != nil }
        // Treat a malformed manifest as none, which removes the whole folder.
        let manifest = (try? ModelManifest(in: folder)) ?? nil
        let names = file.map { FileName.parts(ofSplit: $0) } ?? []
        let remaining = manifest?.files.filter { !names.contains($0.name) } ?? []
        if !names.isEmpty {
            let selected = Set(names.flatMap { [$0, $0 + partSuffix] }.map { folder.appending(path: $0).path })
            content = content.filter { selected.contains($0.path) }
        }
        let bytes = content.reduce(0) { $0 + (ModelPlaces.size(of: $1) ?? 0) }
        if names.isEmpty || remaining.isEmpty {
            try remove(folder)
        } else if var manifest, !content.isEmpty {
            // Write the manifest first, so that it never lists a removed file.
            manifest.files = remaining
            try manifest.write(to: folder)
            for url in content { try remove(url) }
        }
        return (content.sorted { $0.path < $1.path }, bytes)
    }

    private static func remove(_ url: URL) throws {
        do { try FileManager.default.removeItem(at: url) } catch {
            throw ModelFileError(.storage, "\(url.path): cannot be removed (\(error.localizedDescription))")
        }
    }
}

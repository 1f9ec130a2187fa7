public import Foundation
import LLoCOBase

/// The model cache of Hugging Face's programs. It is read and never written.
///
///     models--OWNER--REPO/refs/main                 the commit of a branch
///     models--OWNER--REPO/snapshots/COMMIT/FILE     a link to
///     models--OWNER--REPO/blobs/DIGEST              the content, named by its SHA-256 or by git's SHA-1
///
/// Links are followed only inside the cache.
public struct HuggingFaceCache: Sendable {
    /// The cache's folder, `hub`.
    public let url: URL

    private static let maximumFiles = 10_000

    /// The cache in a folder.
    public init(_ url: URL) {
        self.url = url
    }

    /// The user's cache: `$HF_HUB_CACHE`, else `hub` in `$HF_HOME`, `$XDG_CACHE_HOME/huggingface` or
    /// `~/.cache/huggingface`; nil without a home folder.
    public init?(environment: [String: String]) {
        func folder(_ name: String) -> URL? {
            environment[name].flatMap { $0.isEmpty ? nil : URL(filePath: $0, directoryHint: .isDirectory) }
        }
        if let cache = folder("HF_HUB_CACHE") {
            url = cache
            return
        }
        let cache = folder("XDG_CACHE_HOME") ?? folder("HOME")?.appending(path: ".cache")
        guard let home = folder("HF_HOME") ?? cache?.appending(path: "huggingface") else { return nil }
        url = home.appending(path: "hub", directoryHint: .isDirectory)
    }

    /// The snapshot of a repository's branch `main`, or without the branch its only snapshot; nil if there is none.
    ///
    /// - Throws: ``ModelFileError`` if `refs/main` does not contain a commit, or the snapshot leads out of the cache.
    public func snapshot(of repository: HubRepository) throws -> URL? {
        let folder = folder(of: repository)
        let snapshots = folder.appending(path: "snapshots")
        let reference = folder.appending(path: "refs/main")
        let commit: String
        if let file = FileHandle(forReadingAtPath: reference.path) {
            defer { try? file.close() }
            let text = String(decoding: (try? file.read(upToCount: 200)) ?? Data(), as: UTF8.self)
            commit = text.trimmingCharacters(in: .whitespacesAndNewlines)
            guard case .gitObject? = ContentDigest(hexadecimal: commit) else {
                throw ModelFileError(
                    .damaged,
                    "\(reference.path): \"\(commit.printable(limit: 60))\", expected a commit of 40 hexadecimal digits")
            }
        } else {
            let found = (try? FileManager.default.contentsOfDirectory(atPath: snapshots.path)) ?? []
            guard found.count == 1 else { return nil }
            commit = found[0]
        }
        let snapshot = snapshots.appending(path: commit, directoryHint: .isDirectory)
        guard FileManager.default.fileExists(atPath: snapshot.path) else { return nil }
        try checkInside(snapshot)
        return snapshot
    }

    /// The models in a repository's snapshot; empty without a snapshot. All their files are inside the cache.
    ///
    /// - Throws: ``ModelFileError`` if a link leads out of the cache or to a missing file.
    public func models(of repository: HubRepository) throws -> [StoredModel] {
        guard let snapshot = try snapshot(of: repository) else { return [] }
        let files = try files(in: snapshot)
        return StoredModel.models(
            of: files, called: repository.description, in: snapshot, place: .cache,
            licence: files.first { $0.name == "README.md" }.flatMap { Self.licence(inModelCard: $0.file.url) })
    }

    /// The models of all repositories. Malformed repositories are omitted and passed to `onFault`.
    public func models(onFault: (ModelFileError) -> Void = { _ in }) -> [StoredModel] {
        let content = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        return content.sorted().flatMap { name -> [StoredModel] in
            guard name.hasPrefix("models--"),
                let repository = HubRepository(name.dropFirst("models--".count).replacing("--", with: "/"))
            else { return [] }
            do { return try models(of: repository) } catch {
                if let fault = error as? ModelFileError { onFault(fault) }
                return []
            }
        }
    }

    private func folder(of repository: HubRepository) -> URL {
        url.appending(path: "models--\(repository.owner)--\(repository.name)", directoryHint: .isDirectory)
    }

    /// The files of a snapshot, with their paths below it. An incomplete download has no link yet.
    private func files(in snapshot: URL) throws -> [(name: String, file: StoredModel.File)] {
        guard let paths = FileManager.default.enumerator(atPath: snapshot.path) else { return [] }
        var files: [(name: String, file: StoredModel.File)] = []
        var entries = 0
        for case let path as String in paths {
            entries += 1
            guard entries <= Self.maximumFiles else {
                throw ModelFileError(
                    .damaged, "\(snapshot.path): more than \(Self.maximumFiles) files, the maximum for a snapshot")
            }
            let url = snapshot.appending(path: path)
            let target = try checkInside(url)
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: target.path, isDirectory: &isFolder) else {
                throw ModelFileError(
                    .damaged, "\(url.path): a link to \(target.path), which is missing; expected a file in the cache")
            }
            if isFolder.boolValue { continue }
            let size = try? FileManager.default.attributesOfItem(atPath: target.path)[.size] as? Int
            let isBlob = target.deletingLastPathComponent().lastPathComponent == "blobs"
            files.append(
                (
                    path,
                    StoredModel.File(
                        url: url, bytes: size ?? 0,
                        digest: isBlob ? ContentDigest(hexadecimal: target.lastPathComponent) : nil)
                ))
        }
        return files.sorted { $0.name < $1.name }
    }

    /// Resolves a path's links. Throws if the result is not inside the cache.
    @discardableResult
    private func checkInside(_ path: URL) throws -> URL {
        let target = path.resolvingSymlinksInPath().standardizedFileURL
        let root = url.resolvingSymlinksInPath().standardizedFileURL.path
        guard target.path.hasPrefix(root.hasSuffix("/") ? root : root + "/") else {
            throw ModelFileError(
                .invalid, "\(path.path): a link to \(target.path), expected a file inside \(root)")
        }
        return target
    }

    /// The licence in a model card's front matter: a line `license: apache-2.0` between lines of `---`.
    static func licence(inModelCard card: URL) -> String? {
        guard let file = FileHandle(forReadingAtPath: card.path) else { return nil }
        defer { try? file.close() }
        let text = String(decoding: (try? file.read(upToCount: 64 << 10)) ?? Data(), as: UTF8.self)
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard lines.first == "---" else { return nil }
        var fields: [String: String] = [:]
        for line in lines.dropFirst().prefix(while: { $0 != "---" }) {
            guard let match = line.wholeMatch(of: /(license|license_name):\s*["']?([^"'\s][^"']*?)["']?\s*/) else {
                continue
            }
            fields[String(match.1)] = String(match.2)
        }
        let named = fields["license"] == "other" ? fields["license_name"] ?? "other" : fields["license"]
        return named?.printable(limit: 80)
    }
}

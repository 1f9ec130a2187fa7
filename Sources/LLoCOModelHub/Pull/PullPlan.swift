public import Foundation
import LLoCOBase
import LLoCOModelFiles

/// The plan of a pull: the files to download.
public struct PullPlan: Sendable {
    /// The model's name.
    public let name: String
    /// The download source: the hub's address, or `pip`.
    public internal(set) var source: String
    /// The licence according to the hub or the catalogue; nil if unknown.
    public let licence: String?
    /// The files of the model.
    public let files: [HubFile]
    /// The folder for the files.
    public let folder: URL

    /// The repository; nil if no hub has the model.
    let repository: HubRepository?
    /// The commit or branch; nil without a repository.
    let revision: String?
    /// Whether the files make up a folder that is loaded as a whole and replace its current files.
    let replacesFolder: Bool

    /// The total size of all files in bytes.
    public var bytes: Int { files.reduce(0) { $0 + $1.bytes } }
}

extension PullPlan {
    /// The names of files that belong to a model beside its weights.
    private static let companions: Set = [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json",
        "special_tokens_map.json", "added_tokens.json", "chat_template.jinja", "chat_template.json", "vocab.json",
        "merges.txt", "vocab.txt", "modules.json", "sentence_bert_config.json", "config_sentence_transformers.json",
        "adapter_config.json", "README.md", "LICENSE", "LICENSE.md", "LICENSE.txt",
    ]

    /// A plan for the model of a repository, or for one of its files.
    ///
    /// - Throws: ``HubError`` if there is no model, or if there are several and `file` is nil; the error lists them.
    init(
        _ repository: HubRepository, file: String?, listing: HubListing, source: String, folder: URL
    ) throws {
        let files = try Self.files(of: repository, file: file, in: listing.files)
        let replacesFolder = !files.contains { $0.name.hasSuffix(".gguf") }
        for file in files where file.name == ModelManifest.fileName || file.name.hasSuffix(ModelFolder.partSuffix) {
            throw HubError(.invalid, "\(repository): a file named \(file.name), which is a reserved name")
        }
        self.init(
            name: repository.description, source: source, licence: listing.licence,
            // Small files first, so that errors show before the large downloads.
            files: files.sorted { ($0.bytes, $0.name) < ($1.bytes, $1.name) },
            folder: folder, repository: repository, revision: listing.commit, replacesFolder: replacesFolder)
    }

    private static func files(
        of repository: HubRepository, file: String?, in files: [HubFile]
    ) throws -> [HubFile] {
        let byName = Dictionary(files.map { ($0.name, $0) }) { first, _ in first }
        let firsts = files.filter { $0.name.hasSuffix(".gguf") && !FileName.isLaterPart($0.name) }
            .sorted { $0.name < $1.name }
        func named(_ name: String) throws -> [HubFile] {
            try FileName.parts(ofSplit: name).map { part in
                if let file = byName[part] { return file }
                throw HubError(
                    .notFound,
                    "\(repository): no file \(part); it has \(list(firsts.isEmpty ? files : firsts))")
            }
        }
        if let file { return try named(file) }
        let weights = weights(among: files)
        if !weights.isEmpty, byName["config.json"] != nil || byName["adapter_config.json"] != nil {
            return files.filter { isCompanion($0.name) } + weights
        }
        guard let first = firsts.first else {
            throw HubError(
                .unsupported,
                "\(repository): no model, expected config.json with .safetensors files, or .gguf files; it has "
                    + list(files))
        }
        guard firsts.count == 1 else {
            throw HubError(
                .invalid, "\(repository): several models; choose one, \(repository):FILE, from \(list(firsts))")
        }
        return try named(first.name)
    }

    /// Whether a file belongs to a model beside its weights, in the folder itself or in a module's, such as
    /// `1_Pooling`.
    private static func isCompanion(_ name: String) -> Bool {
        if companions.contains(name) { return true }
        return name.wholeMatch(of: /\d{1,2}_[A-Za-z]{1,40}\/(config\.json|model\.safetensors|pytorch_model\.bin)/)
            != nil
    }

    /// The weight files in a loader's order of preference: safetensors before PyTorch, and shards with an index before
    /// a single file.
    private static func weights(among files: [HubFile]) -> [HubFile] {
        for (stem, suffix) in [("model", "safetensors"), ("adapter_model", "safetensors"), ("pytorch_model", "bin")] {
            let index = files.filter { $0.name == "\(stem).\(suffix).index.json" }
            let shards = files.filter { file in
                file.name.hasPrefix("\(stem)-") && file.name.hasSuffix(".\(suffix)")
                    && file.name.firstMatch(of: /-\d{5}-of-\d{5}\./) != nil && !file.name.contains("/")
            }
            if !index.isEmpty, !shards.isEmpty { return index + shards }
            let single = files.filter { $0.name == "\(stem).\(suffix)" }
            if !single.isEmpty { return single }
        }
        return []
    }

    /// The first names, for messages.
    private static func list(_ files: [HubFile]) -> String {
        if files.isEmpty { return "no files" }
        let names = files.prefix(12).map { $0.name.printable(limit: 80) }
        return names.joined(separator: ", ")
            + (files.count > names.count ? " and \(files.count - names.count) more" : "")
    }
}

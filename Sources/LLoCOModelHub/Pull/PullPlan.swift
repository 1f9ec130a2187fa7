public import Foundation
import LLoCOBase
import LLoCOModelFiles

/// What pulling a model will bring.
public struct PullPlan: Sendable {
    /// What the model is called by.
    public let name: String
    /// Where it comes from: the hub's address, or `pip`.
    public internal(set) var source: String
    public let licence: String?
    public let files: [HubFile]
    /// The folder that they will lie in.
    public let folder: URL

    /// Which repository, and at which commit; nil where no hub has it.
    let repository: HubRepository?
    let revision: String?
    /// Whether the files make up a folder that is loaded as a whole, in place of what is in it now.
    let isWhole: Bool

    /// bytes of all files
    public var bytes: Int { files.reduce(0) { $0 + $1.bytes } }
}

extension PullPlan {
    /// A file that stands for a repository's model where none is named.
    private static let described: Set = [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json",
        "special_tokens_map.json", "added_tokens.json", "chat_template.jinja", "chat_template.json", "vocab.json",
        "merges.txt", "vocab.txt", "modules.json", "sentence_bert_config.json", "config_sentence_transformers.json",
        "adapter_config.json", "README.md", "LICENSE", "LICENSE.md", "LICENSE.txt",
    ]

    /// The model of a repository, or one file of it.
    ///
    /// - Throws: ``HubError`` where there is none, or several of which none is named: it lists them.
    init(
        _ repository: HubRepository, file: String?, listing: HubListing, source: String, folder: URL
    ) throws {
        let files = try Self.files(of: repository, file: file, in: listing.files)
        let isWhole = !files.contains { $0.name.hasSuffix(".gguf") }
        for file in files where file.name == ModelManifest.fileName || file.name.hasSuffix(ModelFolder.partSuffix) {
            throw HubError(.invalid, "\(repository): a file of the name \(file.name), which has another meaning here")
        }
        self.init(
            name: repository.description, source: source, licence: listing.licence,
            // What is small first: what is wrong shows before the large ones have come.
            files: files.sorted { ($0.bytes, $0.name) < ($1.bytes, $1.name) },
            folder: folder, repository: repository, revision: listing.commit, isWhole: isWhole)
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
                    "\(repository): no file \(part); it has \(shown(firsts.isEmpty ? files : firsts))")
            }
        }
        if let file { return try named(file) }
        let weights = weights(among: files)
        if !weights.isEmpty, byName["config.json"] != nil || byName["adapter_config.json"] != nil {
            return files.filter { isPart($0.name) } + weights
        }
        guard let first = firsts.first else {
            throw HubError(
                .unsupported,
                "\(repository): no model in it, expected config.json with .safetensors files, or .gguf files; it has "
                    + shown(files))
        }
        guard firsts.count == 1 else {
            throw HubError(
                .invalid, "\(repository): it has several models; name one, \(repository):FILE, of \(shown(firsts))")
        }
        return try named(first.name)
    }

    /// Descriptions beside the weights, and those of modules in folders such as `1_Pooling`.
    private static func isPart(_ name: String) -> Bool {
        if described.contains(name) { return true }
        return name.wholeMatch(of: /\d{1,2}_[A-Za-z]{1,40}\/(config\.json|model\.safetensors|pytorch_model\.bin)/)
            != nil
    }

    /// Safetensors where there are some, sharded ones where there is an index, as a loader takes them.
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

    private static func shown(_ files: [HubFile]) -> String {
        if files.isEmpty { return "no files" }
        let names = files.prefix(12).map { $0.name.printable(limit: 80) }
        return names.joined(separator: ", ")
            + (files.count > names.count ? " and \(files.count - names.count) more" : "")
    }
}

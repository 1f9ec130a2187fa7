public import Foundation

/// Opens checkpoints of every format.
public enum CheckpointLoader {
    /// Opens the file or folder at `url`:
    /// - a file: GGUF, safetensors or a `torch.save` archive, recognised by content, not by name;
    /// - a folder: the first of `model.safetensors.index.json`, `model.safetensors`, `pytorch_model.bin.index.json`,
    ///   `pytorch_model.bin`, and its only `.gguf` file or split GGUF model.
    /// - Throws: `CheckpointError`.
    public static func open(_ url: URL) throws -> any Checkpoint {
        guard Folder.exists(url) else { return try openFile(url) }
        let folder = Folder(url)
        for (index, single) in [
            ("model.safetensors.index.json", "model.safetensors"),
            ("pytorch_model.bin.index.json", "pytorch_model.bin"),
        ] {
            if let index = folder.file(index) { return try ShardedCheckpoint(index: index) }
            if let single = folder.file(single) { return try openFile(single) }
        }
        return try openFile(onlyGGUF(in: folder))
    }

    /// Opens the checkpoint at a path; see `open(_:)`.
    public static func open(path: String) throws -> any Checkpoint {
        try open(URL(fileURLWithPath: path))
    }

    /// The folder's only `.gguf` file, or the first part if all of them are the parts of one model.
    static func onlyGGUF(in folder: Folder) throws -> URL {
        let content = (try? FileManager.default.contentsOfDirectory(atPath: folder.url.path)) ?? []
        let found = content.filter { $0.hasSuffix(".gguf") }.sorted()
        let only = found.count == 1 ? found[0] : GGUFParts.first(of: found)
        guard let only, let file = folder.file(only) else {
            throw CheckpointError(
                .unreadable, file: folder.url.path,
                found: found.isEmpty
                    ? "no checkpoint in the folder" : "several GGUF files: \(found.joined(separator: ", "))",
                expected: found.isEmpty
                    ? "model.safetensors, pytorch_model.bin, an index of either, or one .gguf file"
                    : "only one; otherwise give the path of the file")
        }
        return file
    }

    static func openFile(_ url: URL) throws -> any Checkpoint {
        let file = try FileBytes(mapping: url)
        return try open(file)
    }

    /// Opens a file whose format is recognised by its first bytes.
    package static func open(_ file: FileBytes) throws -> any Checkpoint {
        let start = Array(file[0..<min(9, file.count)])
        if start.starts(with: Array("GGUF".utf8)) { return try GGUFCheckpoint(file) }
        if start.starts(with: [0x50, 0x4B]) { return try PickleCheckpoint(file) }
        if start.count == 9, start[8] == UInt8(ascii: "{") { return try SafetensorsCheckpoint(file) }
        if start.first == 0x80 {
            throw file.fault(
                "a pickle without a zip archive around it",
                expected: "a file saved by PyTorch 1.6 or later",
                code: .unsupported)
        }
        throw file.fault(
            "an unknown checkpoint format", expected: "GGUF, safetensors or a torch.save archive", code: .unsupported)
    }
}

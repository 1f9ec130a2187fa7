import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOTorch
import Testing

@Suite struct LoaderTests {
    private func write(_ value: Float, _ url: URL) throws {
        try SafetensorsWriter.write(["x": Tensor([value])], to: url)
    }

    private func value(_ url: URL) throws -> Float {
        try CheckpointLoader.open(url).tensor("x", as: .float32).array(of: Float.self)[0]
    }

    private func write(_ text: String, _ url: URL) throws {
        try Data(text.utf8).write(to: url)
    }

    @Test func foldersAreSearchedInOrder() throws {
        try withTemporaryFolder { folder in
            var builder = GGUFBuilder()
            builder.tensors = [("x", [1], 0, 0)]
            builder.data = [0, 0, 0, 64]  // 2.0
            try Data(builder.bytes).write(to: folder.appendingPathComponent("model.gguf"))
            #expect(try value(folder) == 2)
            let pickle = Pickle.archive(Pickle.tensor(count: 1, offset: 0, shape: [1], strides: [1]))
            try Data(pickle).write(to: folder.appendingPathComponent("pytorch_model.bin"))
            #expect(try CheckpointLoader.open(folder) is PickleCheckpoint)
            try write(4, folder.appendingPathComponent("model.safetensors"))
            #expect(try value(folder) == 4)
            try write(5, folder.appendingPathComponent("shard.safetensors"))
            try write(
                #"{"weight_map":{"x":"shard.safetensors"}}"#,
                folder.appendingPathComponent("model.safetensors.index.json"))
            #expect(try value(folder) == 5)
            #expect(try CheckpointLoader.open(folder).files.map(\.lastPathComponent) == ["shard.safetensors"])
        }
    }

    @Test func foldersWithoutOneCheckpointAreRefused() throws {
        try withTemporaryFolder { folder in
            #expect(
                fault { _ = try CheckpointLoader.open(folder) }?.description.contains("no checkpoint in the folder")
                    == true)
            for name in ["a.gguf", "b.gguf"] {
                try Data(GGUFBuilder().bytes).write(to: folder.appendingPathComponent(name))
            }
            let error = fault { _ = try CheckpointLoader.open(folder) }
            #expect(error?.description.contains("several GGUF files: a.gguf, b.gguf") == true)
        }
    }

    @Test func missingEmptyAndSpecialFilesAreRefused() throws {
        try withTemporaryFolder { folder in
            let absent = folder.appendingPathComponent("absent")
            #expect(fault { _ = try CheckpointLoader.open(absent) }?.description.contains("no such file") == true)
            let empty = folder.appendingPathComponent("empty")
            try Data().write(to: empty)
            #expect(fault { _ = try CheckpointLoader.open(empty) }?.description.contains("an empty file") == true)
            let device = URL(fileURLWithPath: "/dev/null")
            #expect(fault { _ = try CheckpointLoader.open(device) }?.description.contains("not a regular file") == true)
        }
    }

    @Test(arguments: ["../x.safetensors", "/etc/passwd", "a/b", "..", ".", "", "a\\b", "absent.safetensors"])
    func shardsStayInTheFolder(_ name: String) throws {
        try withTemporaryFolder { parent in
            let folder = parent.appendingPathComponent("model")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try write(1, parent.appendingPathComponent("x.safetensors"))
            let map = JSONValue.object(JSONObject(["weight_map": .object(JSONObject(["x": .string(name)]))])).text()
            try write(map, folder.appendingPathComponent("model.safetensors.index.json"))
            #expect(fault { _ = try CheckpointLoader.open(folder) }?.file.hasSuffix("index.json") == true)
        }
    }

    @Test func linksOutOfTheFolderAreRefused() throws {
        try withTemporaryFolder { parent in
            let folder = parent.appendingPathComponent("model")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let outside = parent.appendingPathComponent("secret.safetensors")
            try write(1, outside)
            let link = folder.appendingPathComponent("a.safetensors")
            try FileManager.default.createSymbolicLink(at: link, withDestinationURL: outside)
            try write(
                #"{"weight_map":{"x":"a.safetensors"}}"#, folder.appendingPathComponent("model.safetensors.index.json"))
            #expect(fault { _ = try CheckpointLoader.open(folder) }?.description.contains("is a link to") == true)
        }
    }

    @Test func theHubCacheLayoutIsRead() throws {
        try withTemporaryFolder { cache in
            let folder = cache.appendingPathComponent("snapshots/abc")
            let blobs = cache.appendingPathComponent("blobs")
            for url in [folder, blobs] {
                try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            }
            try write(6, blobs.appendingPathComponent("digest"))
            try FileManager.default.createSymbolicLink(
                atPath: folder.appendingPathComponent("a.safetensors").path, withDestinationPath: "../../blobs/digest")
            try write(
                #"{"weight_map":{"x":"a.safetensors"}}"#, folder.appendingPathComponent("model.safetensors.index.json"))
            #expect(try value(folder) == 6)
        }
    }

    @Test func wrongIndexesAreRefused() throws {
        try withTemporaryFolder { folder in
            try write(1, folder.appendingPathComponent("a.safetensors"))
            let index = folder.appendingPathComponent("model.safetensors.index.json")
            for (text, message) in [
                (
                    #"{"weight_map":{"x":"a.safetensors","y":"a.safetensors"}}"#,
                    "assigns y to a.safetensors, which lacks it"
                ),
                (#"{"weight_map":{}}"#, "no weight_map"), ("[]", "not an object"),
                (#"{"weight_map":{"x":1}}"#, "no file name for x"),
            ] {
                try write(text, index)
                #expect(
                    fault { _ = try CheckpointLoader.open(folder) }?.description.contains(message) == true, "\(text)")
            }
        }
    }
}

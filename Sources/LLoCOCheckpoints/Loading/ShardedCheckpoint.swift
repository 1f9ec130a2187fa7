public import Foundation
import LLoCOBase
public import LLoCOTorch

/// A checkpoint in several files, with an index (`*.index.json`) of which tensor is where.
public struct ShardedCheckpoint: Checkpoint {
    private let index: URL
    private let shards: [any Checkpoint]
    private let places: [String: Int]
    public let names: [String]

    /// Opens every file that the index names; they lie in the index's folder.
    /// - Throws: `CheckpointError`, also where a file lacks a tensor that the index promises.
    public init(index url: URL) throws {
        let file = try FileBytes(mapping: url)
        let object = try file.jsonObject()
        guard let map = object["weight_map"]?.object, map.count > 0 else {
            throw file.fault("no weight_map", expected: "an object of tensor names to file names")
        }
        var order: [String: Int] = [:]
        var places: [String: Int] = [:]
        for (name, place) in map.members {
            guard let shard = place.string else {
                throw file.fault("weight_map holds no file name for \(name)", expected: "a file name")
            }
            places[name] = order[shard] ?? order.count
            if order[shard] == nil { order[shard] = order.count }
        }
        guard order.count <= 4096 else { throw file.fault("\(order.count) files", expected: "at most 4096") }
        let folder = Folder(url.deletingLastPathComponent())
        let shards = try order.sorted { $0.value < $1.value }
            .map { try CheckpointLoader.openFile(folder.member($0.key, namedBy: url)) }
        for (name, place) in places where !shards[place].contains(name) {
            throw file.fault(
                "weight_map says that \(shards[place].files[0].lastPathComponent) holds \(name), which it does not",
                expected: "an index of these files", code: .missing)
        }
        self.index = url
        self.shards = shards
        self.places = places
        self.names = places.keys.sorted()
    }

    public var files: [URL] {
        shards.flatMap(\.files).sorted { $0.path < $1.path }
    }

    public func contains(_ name: String) -> Bool { places[name] != nil }

    public func shape(of name: String) throws -> [Int] { try shard(name).shape(of: name) }

    public func dtype(of name: String) throws -> DType { try shard(name).dtype(of: name) }

    public func tensor(_ name: String, as dtype: DType?) throws -> Tensor {
        try shard(name).tensor(name, as: dtype)
    }

    public func fileRows(_ name: String) throws -> FileWeight.Rows? {
        try shard(name).fileRows(name)
    }

    private func shard(_ name: String) throws -> any Checkpoint {
        guard let place = places[name] else {
            throw CheckpointError(
                .missing, file: index.path, found: "no tensor \(name)", expected: "one of its \(names.count) tensors")
        }
        return shards[place]
    }
}

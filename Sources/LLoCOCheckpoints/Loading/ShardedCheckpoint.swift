public import Foundation
import LLoCOBase
public import LLoCOTorch

/// A checkpoint in several files, with an index (`*.index.json`) that maps tensors to files.
public struct ShardedCheckpoint: Checkpoint {
    private let index: URL
    private let shards: [any Checkpoint]
    /// Index in `shards` by tensor name.
    private let shardIndices: [String: Int]
    public let names: [String]

    /// Opens every file in the index. The files must be in the index's folder.
    /// - Throws: `CheckpointError`, also if a file lacks a tensor that the index assigns to it.
    public init(index url: URL) throws {
        let file = try FileBytes(mapping: url)
        let object = try file.jsonObject()
        guard let map = object["weight_map"]?.object, map.count > 0 else {
            throw file.fault("no weight_map", expected: "an object of tensor names to file names")
        }
        var order: [String: Int] = [:]
        var shardIndices: [String: Int] = [:]
        for (name, value) in map.members {
            guard let shard = value.string else {
                throw file.fault("weight_map has no file name for \(name)", expected: "a file name")
            }
            shardIndices[name] = order[shard] ?? order.count
            if order[shard] == nil { order[shard] = order.count }
        }
        guard order.count <= 4096 else { throw file.fault("\(order.count) files", expected: "at most 4096") }
        let folder = Folder(url.deletingLastPathComponent())
        let shards = try order.sorted { $0.value < $1.value }
            .map { try CheckpointLoader.openFile(folder.member($0.key, namedBy: url)) }
        for (name, shardIndex) in shardIndices where !shards[shardIndex].contains(name) {
            throw file.fault(
                "weight_map assigns \(name) to \(shards[shardIndex].files[0].lastPathComponent), which lacks it",
                expected: "an index of these files", code: .missing)
        }
        self.index = url
        self.shards = shards
        self.shardIndices = shardIndices
        self.names = shardIndices.keys.sorted()
    }

    public var files: [URL] {
        shards.flatMap(\.files).sorted { $0.path < $1.path }
    }

    public func contains(_ name: String) -> Bool { shardIndices[name] != nil }

    public func shape(of name: String) throws -> [Int] { try shard(name).shape(of: name) }

    public func dtype(of name: String) throws -> DType { try shard(name).dtype(of: name) }

    public func tensor(_ name: String, as dtype: DType?) throws -> Tensor {
        try shard(name).tensor(name, as: dtype)
    }

    public func fileRows(_ name: String) throws -> FileWeight.Rows? {
        try shard(name).fileRows(name)
    }

    private func shard(_ name: String) throws -> any Checkpoint {
        guard let shardIndex = shardIndices[name] else {
            throw CheckpointError(
                .missing, file: index.path, found: "no tensor \(name)", expected: "one of its \(names.count) tensors")
        }
        return shards[shardIndex]
    }
}

public import Foundation
public import LLoCOTorch

/// A memory-mapped safetensors file. Tensors share its pages.
public struct SafetensorsCheckpoint: Checkpoint {
    private let file: FileBytes
    private let header: SafetensorsHeader
    public let names: [String]

    /// Opens a file and checks its header.
    /// - Throws: `CheckpointError`.
    public init(_ url: URL) throws {
        try self.init(FileBytes(mapping: url))
    }

    /// Opens the content of a safetensors file in memory. Errors call it `name`.
    /// - Throws: `CheckpointError`.
    public init(data: Data, named name: String) throws {
        try self.init(FileBytes(Array(data), name: name))
    }

    package init(_ file: FileBytes) throws {
        self.file = file
        self.header = try SafetensorsHeader(file)
        self.names = header.entries.keys.sorted()
    }

    public var files: [URL] { [file.url] }

    /// The header's `__metadata__`.
    public var metadata: [String: String] { header.metadata }

    public func contains(_ name: String) -> Bool { header.entries[name] != nil }

    public func shape(of name: String) throws -> [Int] { try entry(name).shape }

    public func dtype(of name: String) throws -> DType { try entry(name).dtype }

    public func tensor(_ name: String, as dtype: DType?) throws -> Tensor {
        try entry(name).tensor(in: file, as: dtype)
    }

    public func fileRows(_ name: String) throws -> FileWeight.Rows? {
        try entry(name).rows(in: file)
    }

    private func entry(_ name: String) throws -> TensorEntry {
        guard let entry = header.entries[name] else { throw file.missing(name, among: names) }
        return entry
    }
}

extension FileBytes {
    /// Creates the error for a missing tensor.
    func missing(_ name: String, among names: [String]) -> CheckpointError {
        let last = name.split(separator: ".").suffix(2).joined(separator: ".")
        let similar = names.first { $0.hasSuffix(last) }
        let hint = similar.map { ", such as \($0)" } ?? ""
        return fault("no tensor \(name)", expected: "one of its \(names.count) tensors\(hint)", code: .missing)
    }
}

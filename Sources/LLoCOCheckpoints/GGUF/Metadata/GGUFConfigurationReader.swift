import LLoCOTorch

/// Typed access to the metadata keys of a GGUF file's architecture.
struct GGUFConfigurationReader {
    let metadata: [String: GGUFValue]
    let architecture: String
    let file: FileBytes
    /// The file's tensors.
    let tensors: any Checkpoint

    private func value(_ key: String) -> GGUFValue? { metadata["\(architecture).\(key)"] }

    private func fault(_ key: String, _ value: GGUFValue?, _ expected: String) -> CheckpointError {
        guard let value else { return file.fault("no \(architecture).\(key)", expected: expected, code: .missing) }
        return file.fault("\(architecture).\(key) is \(value.summary)", expected: expected)
    }

    /// Creates the error for a variant that would be computed wrongly.
    func refuse(_ found: String, _ expected: String) -> CheckpointError {
        file.fault(found, expected: expected, code: .unsupported)
    }

    func optionalInteger(_ key: String) throws -> Int? {
        guard let value = value(key) else { return nil }
        guard let integer = value.integer else { throw fault(key, value, "one integer for all layers") }
        return integer
    }

    func integer(_ key: String) throws -> Int {
        guard let integer = try optionalInteger(key) else { throw fault(key, nil, "an integer") }
        return integer
    }

    func optionalNumber(_ key: String) throws -> Double? {
        guard let value = value(key) else { return nil }
        guard let number = value.double else { throw fault(key, value, "a number") }
        return number
    }

    func number(_ key: String) throws -> Double {
        guard let number = try optionalNumber(key) else { throw fault(key, nil, "a number") }
        return number
    }

    func optionalString(_ key: String) throws -> String? {
        guard let value = value(key) else { return nil }
        guard let string = value.string else { throw fault(key, value, "a string") }
        return string
    }

    func optionalBool(_ key: String) throws -> Bool? {
        guard let value = value(key) else { return nil }
        guard let bool = value.bool else { throw fault(key, value, "true or false") }
        return bool
    }

    func isArray(_ key: String) -> Bool { value(key)?.array != nil }

    /// The sliding window: number of positions that a query attends to; nil for all.
    func window() throws -> Int? {
        guard let window = try optionalInteger("attention.sliding_window"), window > 0 else { return nil }
        return window
    }

    /// An array with one flag per layer, stored as booleans or as 0 and 1; nil if the key is missing.
    func flags(_ key: String, count: Int) throws -> [Bool]? {
        guard let value = value(key) else { return nil }
        let flags = value.array.flatMap { $0.bools() ?? $0.integers()?.map { $0 != 0 } }
        guard let flags, flags.count == count else { throw fault(key, value, "\(count) booleans") }
        return flags
    }

    func has(_ tensor: String) -> Bool { tensors.contains(tensor) }

    /// The elements of a one-dimensional tensor with at most 1024 elements.
    func floats(_ tensor: String) throws -> [Float] {
        let shape = try tensors.shape(of: tensor)
        guard shape.count == 1, shape[0] <= 1024 else {
            throw file.fault("tensor \(tensor) of shape \(shape)", expected: "one dimension of at most 1024")
        }
        return try tensors.tensor(tensor, as: .float32).array(of: Float.self)
    }
}

import LLoCOTorch

/// A value on the stack of the pickle interpreter.
///
/// Containers, storages and tensors are indices into the interpreter's arrays. Deep nesting is therefore never
/// released recursively, and a container that contains itself is harmless.
enum PickleValue: Equatable, Sendable {
    case none
    case bool(Bool)
    case integer(Int)
    case float(Double)
    case string(String)
    case tuple(Int)
    case list(Int)
    case dictionary(Int)
    case global(PickleClass)
    case storage(Int)
    case tensor(Int)
}

/// The only classes and functions that a pickle may name. The interpreter never runs them; it creates their results
/// itself.
enum PickleClass: Equatable, Sendable {
    case orderedDictionary
    case rebuildTensor
    case rebuildTensorWithDType
    case rebuildParameter
    case size
    case storage(DType)
    case untypedStorage
    case dtype(DType)

    /// - Returns: nil for any other class.
    init?(module: String, name: String) {
        switch (module, name) {
        case ("collections", "OrderedDict"): self = .orderedDictionary
        case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
        case ("torch._utils", "_rebuild_tensor_v3"): self = .rebuildTensorWithDType
        case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
        case ("torch", "Size"): self = .size
        case ("torch.storage", "UntypedStorage"), ("torch", "UntypedStorage"): self = .untypedStorage
        case ("torch", _):
            if let dtype = Self.storages[name] {
                self = .storage(dtype)
            } else if let dtype = Self.dtypes[name] {
                self = .dtype(dtype)
            } else {
                return nil
            }
        default: return nil
        }
    }

    private static let storages: [String: DType] = [
        "DoubleStorage": .float64, "FloatStorage": .float32, "HalfStorage": .float16, "BFloat16Storage": .bfloat16,
        "LongStorage": .int64, "IntStorage": .int32, "ShortStorage": .int16, "CharStorage": .int8,
        "ByteStorage": .uint8, "BoolStorage": .bool,
    ]

    private static let dtypes: [String: DType] = [
        "float64": .float64, "float32": .float32, "float16": .float16, "bfloat16": .bfloat16, "int64": .int64,
        "int32": .int32, "int16": .int16, "int8": .int8, "uint8": .uint8, "bool": .bool,
    ]
}

/// A storage in a pickle. It refers to a record of the archive.
struct PickleStorage: Equatable, Sendable {
    /// nil for an untyped storage.
    let dtype: DType?
    /// The record's name below `data/`.
    let key: String
    /// Size in elements; in bytes for an untyped storage.
    let count: Int
}

/// A tensor in a pickle. Offset and strides are in elements.
struct PickleTensor: Equatable, Sendable {
    let storage: PickleStorage
    let dtype: DType
    let offset: Int
    let shape: [Int]
    let strides: [Int]
}

import LLoCOTorch

/// A value on the stack of the pickle interpreter.
///
/// Containers are numbers into the interpreter's own lists, so no nesting, however deep, is ever released recursively,
/// and a container that holds itself is harmless.
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

/// The only classes and functions that a pickle may name. None of them is ever run: the interpreter makes what they
/// would make.
enum PickleClass: Equatable, Sendable {
    case orderedDictionary
    case rebuildTensor
    case rebuildTensorWithDType
    case rebuildParameter
    case size
    case storage(DType)
    case untypedStorage
    case dtype(DType)

    /// - Returns: nil for every class that tensors are not made of.
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

/// A storage as the pickle names it: a record of the archive.
struct PickleStorage: Equatable, Sendable {
    /// Nil for an untyped storage, which is counted in bytes.
    let dtype: DType?
    /// The record's name below `data/`.
    let key: String
    /// In elements, in bytes where it is untyped.
    let count: Int
}

/// A tensor as the pickle describes it; offsets and strides count elements.
struct PickleTensor: Equatable, Sendable {
    let storage: PickleStorage
    let dtype: DType
    let offset: Int
    let shape: [Int]
    let strides: [Int]
}

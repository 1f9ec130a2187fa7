extension PickleInterpreter {
    mutating func reduce() throws {
        let operands = try pop(2)
        guard case .global(let callee) = operands[0], case .tuple(let index) = operands[1] else {
            throw fault("a call of something other than a class; nothing was run")
        }
        let arguments = tuples[index]
        switch callee {
        case .orderedDictionary:
            guard arguments.isEmpty else {
                throw fault("an OrderedDict with constructor arguments", expected: "an empty OrderedDict")
            }
            pushDictionary()
        case .size:
            guard arguments.count == 1, case .tuple = arguments[0] else {
                throw fault("a torch.Size without a tuple")
            }
            stack.append(arguments[0])
        case .rebuildParameter:
            guard arguments.count == 3, case .tensor = arguments[0] else {
                throw fault("a parameter without a tensor")
            }
            stack.append(arguments[0])
        case .rebuildTensor, .rebuildTensorWithDType:
            tensors.append(try tensor(arguments, isTyped: callee == .rebuildTensor))
            stack.append(.tensor(tensors.count - 1))
        case .storage, .untypedStorage, .dtype:
            throw fault("a call of a storage or a dtype; nothing was run")
        }
    }

    /// Discards the attributes of a state dict: `_metadata`, the versions of its modules, contains no tensors.
    mutating func build() throws {
        _ = try pop()
        guard case .dictionary = try top() else {
            throw fault("attributes of something other than an OrderedDict; nothing was run")
        }
    }

    /// Loads a storage from its persistent id, `("storage", storage class, key, location, count)`.
    mutating func loadPersistent() throws {
        guard case .tuple(let index) = try pop() else { throw fault("a persistent id that is not a tuple") }
        let parts = tuples[index]
        guard parts.count == 5, parts[0] == .string("storage"), case .global(let storageClass) = parts[1],
            case .string(let key) = parts[2], case .string = parts[3], case .integer(let count) = parts[4], count >= 0
        else { throw fault("a persistent id that is not a storage") }
        switch storageClass {
        case .storage(let dtype): storages.append(PickleStorage(dtype: dtype, key: key, count: count))
        case .untypedStorage: storages.append(PickleStorage(dtype: nil, key: key, count: count))
        default: throw fault("a persistent id without a storage class")
        }
        stack.append(.storage(storages.count - 1))
    }

    /// Creates a tensor from `(storage, offset, size, stride, requires_grad, hooks)`. The newer form adds
    /// `(dtype, metadata)` and has an untyped storage.
    private func tensor(_ arguments: [PickleValue], isTyped: Bool) throws -> PickleTensor {
        guard arguments.count >= 6, case .storage(let index) = arguments[0], case .integer(let offset) = arguments[1],
            let shape = integers(arguments[2]), let strides = integers(arguments[3])
        else { throw fault("a tensor without storage, offset, sizes and strides") }
        let storage = storages[index]
        var dtype = storage.dtype
        if !isTyped, arguments.count >= 7, case .global(.dtype(let named)) = arguments[6] { dtype = named }
        guard let dtype, storage.dtype == nil || storage.dtype == dtype else {
            throw fault("a tensor with another dtype than its storage")
        }
        return PickleTensor(storage: storage, dtype: dtype, offset: offset, shape: shape, strides: strides)
    }

    private func integers(_ value: PickleValue) -> [Int]? {
        guard case .tuple(let index) = value, tuples[index].count <= 16 else { return nil }
        var integers: [Int] = []
        for value in tuples[index] {
            guard case .integer(let integer) = value else { return nil }
            integers.append(integer)
        }
        return integers
    }
}

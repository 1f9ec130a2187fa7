/// Interprets only the pickles that `torch.save` writes for state dicts (protocols 2 to 5).
///
/// It supports the opcodes in `PickleOpcode` and the names in `PickleClass`. Everything else is an error, so reading a
/// file never runs code. Memory is proportional to the pickle's size: each opcode creates at most one value.
struct PickleInterpreter {
    var cursor: ByteCursor
    var stack: [PickleValue] = []
    var marks: [Int] = []
    var memo: [Int: PickleValue] = [:]
    var tuples: [[PickleValue]] = []
    var lists: [[PickleValue]] = []
    var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
    var storages: [PickleStorage] = []
    var tensors: [PickleTensor] = []

    private static let maximumValues = 4_000_000

    /// The tensors of the state dict pickled in `range` of `file`.
    static func stateDictionary(_ file: FileBytes, range: Range<Int>) throws -> [String: PickleTensor] {
        guard range.count <= 64 << 20 else {
            throw file.fault("a pickle of \(range.count) bytes", expected: "at most \(64 << 20)")
        }
        var interpreter = PickleInterpreter(cursor: ByteCursor(file, range: range))
        let result = try interpreter.run()
        return try interpreter.stateDictionary(result)
    }

    private init(cursor: ByteCursor) {
        self.cursor = cursor
    }

    private func stateDictionary(_ value: PickleValue) throws -> [String: PickleTensor] {
        guard case .dictionary(let index) = value else {
            throw fault("a pickle of something other than a state dict", expected: "a dict of names to tensors")
        }
        var result: [String: PickleTensor] = [:]
        for (key, value) in dictionaries[index] {
            guard case .string(let name) = key, case .tensor(let tensor) = value else {
                throw fault("a state dict with something other than tensors", expected: "a dict of names to tensors")
            }
            // As in Python, the last of several equal keys wins.
            result[name] = tensors[tensor]
        }
        return result
    }

    func fault(_ found: String, expected: String = "a state dict written by torch.save") -> CheckpointError {
        cursor.file.fault("\(found) (pickle, byte \(cursor.offset))", expected: expected)
    }
}

// MARK: - Opcodes

extension PickleInterpreter {
    private mutating func run() throws -> PickleValue {
        while true {
            let byte = try cursor.integer(UInt8.self, "the pickle")
            guard let opcode = PickleOpcode(rawValue: byte) else { throw try refusal(of: byte) }
            if opcode == .stop {
                return try pop()
            }
            try execute(opcode)
            guard stack.count <= Self.maximumValues, memo.count <= Self.maximumValues, marks.count <= Self.maximumValues
            else { throw fault("a pickle of more than \(Self.maximumValues) values") }
        }
    }

    private mutating func execute(_ opcode: PickleOpcode) throws {
        switch opcode {
        case .proto:
            let version = try cursor.integer(UInt8.self, "the pickle")
            guard (2...5).contains(version) else { throw fault("pickle protocol \(version)", expected: "2 to 5") }
        case .frame: try cursor.skip(8, "the pickle")
        case .stop: break
        case .mark: marks.append(stack.count)
        case .pop: _ = try pop()
        case .popMark: _ = try popToMark()
        case .duplicate: stack.append(try top())
        case .none: stack.append(.none)
        case .newTrue: stack.append(.bool(true))
        case .newFalse: stack.append(.bool(false))
        case .int4: stack.append(.integer(Int(try cursor.integer(Int32.self, "the pickle"))))
        case .int1: stack.append(.integer(try byteLength()))
        case .int2: stack.append(.integer(Int(try cursor.integer(UInt16.self, "the pickle"))))
        case .long1: stack.append(.integer(try long()))
        case .float8:
            let bits = try cursor.integer(UInt64.self, "the pickle").byteSwapped  // the only big-endian opcode
            stack.append(.float(Double(bitPattern: bits)))
        case .unicode1: try pushString(byteLength())
        case .unicode4: try pushString(Int(cursor.integer(UInt32.self, "the pickle")))
        case .unicode8: try pushString(cursor.count("a string of the pickle"))
        case .emptyTuple: push(tuple: [])
        case .tuple1: push(tuple: try pop(1))
        case .tuple2: push(tuple: try pop(2))
        case .tuple3: push(tuple: try pop(3))
        case .tuple: push(tuple: try popToMark())
        case .emptyList:
            lists.append([])
            stack.append(.list(lists.count - 1))
        case .append: try append(pop(1))
        case .appends: try append(popToMark())
        case .emptyDictionary: pushDictionary()
        case .setItem: try setItems(pop(2))
        case .setItems: try setItems(popToMark())
        case .put1: memo[try byteLength()] = try top()
        case .put4: memo[Int(try cursor.integer(UInt32.self, "the pickle"))] = try top()
        case .memoize: memo[memo.count] = try top()
        case .get1: try get(byteLength())
        case .get4: try get(Int(cursor.integer(UInt32.self, "the pickle")))
        case .global:
            let (module, name) = (try line(), try line())
            stack.append(.global(try pickleClass(module: module, name: name)))
        case .stackGlobal:
            let names = try pop(2)
            guard case .string(let module) = names[0], case .string(let name) = names[1] else {
                throw fault("a class whose name is not a string")
            }
            stack.append(.global(try pickleClass(module: module, name: name)))
        case .reduce: try reduce()
        case .build: try build()
        case .persistentID: try loadPersistent()
        }
    }

    private func pickleClass(module: String, name: String) throws -> PickleClass {
        guard let result = PickleClass(module: module, name: name) else {
            throw foreignClass("\(module).\(name)")
        }
        return result
    }

    private func foreignClass(_ name: String) -> CheckpointError {
        cursor.file.fault(
            "the pickle names the class \(name), which is not a tensor class; nothing was run",
            expected: "only tensors, storages and OrderedDict", code: .foreignClass)
    }

    /// The error for an unsupported opcode; it contains the class name if the opcode has one.
    private mutating func refusal(of opcode: UInt8) throws -> CheckpointError {
        switch opcode {
        case UInt8(ascii: "i"):
            let (module, name) = (try line(), try line())
            return foreignClass("\(module).\(name)")
        case 0x82, 0x83, 0x84: return foreignClass("with an extension registry code")
        case 0x81, 0x92, UInt8(ascii: "o"):
            return cursor.file.fault(
                "the pickle creates an object of a class; nothing was run",
                expected: "only tensors, storages and OrderedDict", code: .foreignClass)
        default:
            return fault("the opcode 0x\(String(opcode, radix: 16))", expected: "only opcodes that torch.save writes")
        }
    }

    /// Reads a line of text, the argument of the oldest opcodes.
    private mutating func line() throws -> String {
        var length = 0
        while length < cursor.remaining,
            cursor.file.base.load(fromByteOffset: cursor.offset + length, as: UInt8.self) != 0x0A
        {
            length += 1
            guard length <= 1024 else { throw fault("a class name of more than 1024 bytes") }
        }
        let text = try cursor.string(length, "a class name of the pickle")
        try cursor.skip(1, "a class name of the pickle")
        return text
    }

    private mutating func byteLength() throws -> Int { Int(try cursor.integer(UInt8.self, "the pickle")) }

    private mutating func pushString(_ length: Int) throws {
        stack.append(.string(try cursor.string(length, "a string of the pickle")))
    }

    /// Reads a little-endian two's complement integer of up to eight bytes.
    private mutating func long() throws -> Int {
        let length = try byteLength()
        guard length <= 8 else { throw fault("a number of \(length) bytes", expected: "at most 8") }
        let bytes = try cursor.bytes(length, "the pickle")
        var value: UInt64 = (bytes.last ?? 0) & 0x80 != 0 ? .max : 0
        for byte in bytes.reversed() { value = value << 8 | UInt64(byte) }
        return Int(truncatingIfNeeded: value)
    }
}

import Foundation
import LLoCOCheckpoints
import LLoCOTestSupport
import LLoCOTorch
import Testing

@Suite struct PickleTests {
    @Test(arguments: ["pickled.bin", "pickled-protocol4.bin"])
    func stridesOffsetsAndEveryDType(_ file: String) throws {
        let checkpoint = try CheckpointLoader.open(Fixtures.folder.appendingPathComponent(file))
        let reference = try SafetensorsCheckpoint(Fixtures.folder.appendingPathComponent("pickled.safetensors"))
        #expect(checkpoint.names == reference.names)
        for name in reference.names {
            #expect(try Content(checkpoint.tensor(name)) == Content(reference.tensor(name)), "\(name)")
            #expect(try checkpoint.shape(of: name) == reference.shape(of: name))
        }
        #expect(try checkpoint.tensor("transposed", as: .bfloat16).dtype == .bfloat16)
    }

    @Test(arguments: [false, true])
    func archivesWithAndWithoutZip64(_ zip64: Bool) throws {
        let value = Pickle.tensor(count: 16, offset: 1, shape: [2, 2], strides: [4, 1])
        let tensor = try open(Pickle.archive(value, zip64: zip64)).tensor("x")
        #expect(tensor.shape == [2, 2])
        #expect(try tensor.bytes() == Array(4..<12) + Array(20..<28))
    }

    @Test func untypedStorages() throws {
        let id = Pickle.tuple([
            Pickle.text("storage"), Pickle.global("torch.storage", "UntypedStorage"), Pickle.text("0"),
            Pickle.text("cpu"),
            Pickle.integer(64),
        ])
        let arguments = Pickle.tuple([
            id + [0x51], Pickle.integer(2), Pickle.tuple([Pickle.integer(3)]), Pickle.tuple([Pickle.integer(1)]),
            [0x89],
            Pickle.global("collections", "OrderedDict") + [0x29, 0x52], Pickle.global("torch", "int16"), [0x4E],
        ])
        let value = Pickle.global("torch._utils", "_rebuild_tensor_v3") + arguments + [0x52]
        let content = try Content(open(Pickle.archive(value)).tensor("x"))
        #expect(content.dtype == .int16)
        #expect(content.bytes == Array(4..<10))
    }

    @Test func sizesMayBeATorchSize() throws {
        let shape = Pickle.global("torch", "Size") + Pickle.tuple([Pickle.tuple([Pickle.integer(2)])]) + [0x52]
        let id = Pickle.tuple([
            Pickle.text("storage"), Pickle.global("torch", "ByteStorage"), Pickle.text("0"), Pickle.text("cpu"),
            Pickle.integer(64),
        ])
        let arguments = Pickle.tuple([
            id + [0x51], Pickle.integer(0), shape, Pickle.tuple([Pickle.integer(1)]), [0x89], [0x4E],
        ])
        let value = Pickle.global("torch._utils", "_rebuild_tensor_v2") + arguments + [0x52]
        #expect(try open(Pickle.archive(value)).tensor("x").bytes() == [0, 1])
    }
}

// MARK: - Foreign classes

extension PickleTests {
    static let foreign: [(String, [UInt8], String)] = [
        (
            "GLOBAL", Pickle.global("os", "system") + Pickle.tuple([Pickle.text("touch x")]) + [0x52],
            "the class os.system,"
        ),
        ("GLOBAL alone", Pickle.global("builtins", "eval"), "the class builtins.eval,"),
        ("STACK_GLOBAL", Pickle.text("posix") + Pickle.text("system") + [0x93], "the class posix.system,"),
        (
            "STACK_GLOBAL of torch", Pickle.text("torch") + Pickle.text("load") + [0x93], "the class torch.load,"
        ),
        ("INST", [0x28] + Pickle.text("x") + Array("ios\nsystem\n".utf8), "the class os.system,"),
        (
            "OBJ", [0x28] + Pickle.global("collections", "OrderedDict") + [UInt8(ascii: "o")],
            "creates an object of a class"
        ),
        ("NEWOBJ", Pickle.global("collections", "OrderedDict") + [0x29, 0x81], "creates an object of a class"),
        (
            "NEWOBJ_EX", Pickle.global("collections", "OrderedDict") + [0x29, 0x7D, 0x92],
            "creates an object of a class"
        ),
        ("EXT1", [0x82, 1], "with an extension registry code"),
        ("EXT2", [0x83, 1, 0], "with an extension registry code"),
        ("EXT4", [0x84, 1, 0, 0, 0], "with an extension registry code"),
        ("submodule", Pickle.global("torch", "nn.Module"), "the class torch.nn.Module,"),
        ("codecs", Pickle.global("_codecs", "encode"), "the class _codecs.encode,"),
        ("getattr", Pickle.global("builtins", "getattr"), "the class builtins.getattr,"),
        (
            "rebuild from type", Pickle.global("torch._tensor", "_rebuild_from_type_v2"),
            "the class torch._tensor._rebuild_from_type_v2,"
        ),
    ]

    @Test(arguments: foreign.indices)
    func foreignClassesAreNamedAndNothingIsRun(_ index: Int) {
        let (what, value, message) = Self.foreign[index]
        let error = fault { _ = try open(Pickle.archive(value)) }
        #expect(error?.code == .foreignClass, "\(what)")
        #expect(error?.description.contains(message) == true, "\(what): \(error?.description ?? "no error")")
        #expect(error?.description.contains("nothing was run") == true, "\(what)")
    }

    static let malformed: [(String, [UInt8], String)] = [
        ("REDUCE of a string", Pickle.text("f") + [0x29, 0x52], "a call of something other than a class"),
        ("REDUCE of a storage class", Pickle.global("torch", "FloatStorage") + [0x29, 0x52], "a call of a storage"),
        (
            "REDUCE without a tuple", Pickle.global("collections", "OrderedDict") + [0x4E, 0x52],
            "a call of something other"
        ),
        ("BUILD of a class", Pickle.global("torch", "Size") + [0x7D, 0x62], "attributes of something other"),
        (
            "BUILD of a tensor", Pickle.tensor(count: 1, shape: [1], strides: [1]) + [0x7D, 0x62],
            "attributes of something other"
        ),
        ("POP of nothing", [0x30, 0x30, 0x30, 0x30], "an empty stack"),
        ("TUPLE without a mark", [0x74], "no mark"),
        ("values below a mark", [0x28, 0x30], "an empty stack"),
        ("GET of nothing", [0x68, 9], "no value 9 in the memo"),
        ("an old opcode", Array("I1\n".utf8), "the opcode 0x49"),
        ("a long number", [0x8A, 200] + [UInt8](repeating: 1, count: 200), "a number of 200 bytes"),
        ("a long string", [0x58, 0xFF, 0xFF, 0xFF, 0xFF], "the file ends within a string of the pickle"),
        ("a frame", [0x95, 1, 2], "the file ends"),
        ("no tensor", Pickle.integer(1), "something other than tensors"),
        ("protocol 9", [0x80, 9], "pickle protocol 9"),
        ("missing storage", Pickle.tensor(key: "1", count: 1, shape: [1], strides: [1]), "the storage 1 of tensor x"),
        ("path as key", Pickle.tensor(key: "../data.pkl", count: 1, shape: [1], strides: [1]), "is not in the archive"),
        ("storage too small", Pickle.tensor(count: 17, shape: [1], strides: [1]), "the storage 0 of 64 bytes"),
        ("overflowing storage", Pickle.tensor(count: .max, shape: [1], strides: [1]), "the storage 0 of 64 bytes"),
        ("negative count", Pickle.tensor(count: -1, shape: [1], strides: [1]), "a persistent id that is not a storage"),
        ("past the end", Pickle.tensor(count: 16, offset: 15, shape: [2], strides: [1]), "within its storage"),
        ("stride past the end", Pickle.tensor(count: 16, shape: [2, 2], strides: [15, 1]), "within its storage"),
        ("negative offset", Pickle.tensor(count: 16, offset: -1, shape: [1], strides: [1]), "within its storage"),
        ("negative stride", Pickle.tensor(count: 16, shape: [2], strides: [-1]), "within its storage"),
        ("negative size", Pickle.tensor(count: 16, shape: [-2], strides: [1]), "within its storage"),
        (
            "10^15 elements", Pickle.tensor(count: 16, shape: [1 << 25, 1 << 25], strides: [0, 0]), "within its storage"
        ),
        ("overflowing shape", Pickle.tensor(count: 16, shape: [.max, .max], strides: [0, 0]), "within its storage"),
        ("overflowing stride", Pickle.tensor(count: 16, shape: [3], strides: [.max]), "within its storage"),
        ("ranks", Pickle.tensor(count: 16, shape: [2], strides: [1, 1]), "within its storage"),
    ]

    @Test(arguments: malformed.indices)
    func malformedPicklesAreRefused(_ index: Int) {
        let (what, value, message) = Self.malformed[index]
        let error = fault { _ = try open(Pickle.archive(value)) }
        #expect(error?.description.contains(message) == true, "\(what): \(error?.description ?? "no error")")
    }

    @Test func anOffsetWithoutElementsIsHarmless() throws {
        let value = Pickle.tensor(count: 16, offset: .max, shape: [0, 3], strides: [3, 1])
        #expect(try open(Pickle.archive(value)).tensor("x").shape == [0, 3])
    }

    @Test func deepNestingIsHarmless() {
        let nested = [UInt8(0x4E)] + [UInt8](repeating: 0x85, count: 1_000_000)
        #expect(fault { _ = try open(Pickle.archive(nested)) }?.description.contains("other than tensors") == true)
        let marks = [UInt8](repeating: 0x28, count: 5_000_000)
        #expect(fault { _ = try open(Pickle.archive(marks)) }?.description.contains("more than 4000000") == true)
    }

    @Test func aListThatContainsItselfIsHarmless() {
        let value: [UInt8] = [0x5D, 0x71, 0, 0x68, 0, 0x61]
        #expect(fault { _ = try open(Pickle.archive(value)) }?.description.contains("other than tensors") == true)
    }
}

// MARK: - Archives

extension PickleTests {
    @Test func compressedAndEncryptedEntriesAreRefused() {
        let value = Pickle.tensor(count: 1, shape: [1], strides: [1])
        let deflated = fault { _ = try open(Pickle.archive(value, method: 8)) }
        #expect(deflated?.code == .unsupported)
        #expect(deflated?.description.contains("is compressed (method 8)") == true)
        #expect(fault { _ = try open(Pickle.archive(value, flags: 1)) }?.description.contains("is encrypted") == true)
    }

    @Test func otherArchivesAreRefused() {
        let old = fault { _ = try open([0x80, 2, 0x8A, 10] + [UInt8](repeating: 0, count: 20)) }
        #expect(old?.description.contains("a pickle without a zip archive") == true)
        #expect(fault { _ = try open(zip([("x/y", [1])])) }?.description.contains("0 data.pkl entries") == true)
        let twice = zip([("a/data.pkl", [0x2E]), ("b/data.pkl", [0x2E])])
        #expect(fault { _ = try open(twice) }?.description.contains("2 data.pkl entries") == true)
        let bigEndian = zip([("a/data.pkl", [0x2E]), ("a/byteorder", Array("big".utf8))])
        #expect(fault { _ = try open(bigEndian) }?.description.contains("the byte order big") == true)
        let list = zip([("a/data.pkl", [0x80, 2, 0x5D, 0x2E])])
        #expect(fault { _ = try open(list) }?.description.contains("something other than a state dict") == true)
    }

    @Test func truncatedArchivesAreRefused() {
        let whole = Pickle.archive(Pickle.tensor(count: 1, shape: [1], strides: [1]))
        for length in 2..<whole.count {
            #expect(fault { _ = try open(Array(whole.prefix(length))) } != nil, "\(length)")
        }
    }
}

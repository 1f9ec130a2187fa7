import LLoCOBase

/// Typed access to the keys of a `config.json`.
struct ConfigurationReader {
    let file: FileBytes
    let object: JSONObject
    /// Prefix of keys in messages, for nested objects.
    var prefix = ""
    /// Values of missing keys.
    var defaults: [String: JSONValue] = [:]

    private func value(_ key: String) -> JSONValue? { object.value(key) ?? defaults[key] }

    private func fault(_ key: String, _ value: JSONValue, _ expected: String) -> CheckpointError {
        file.fault("\(prefix)\(key) is \(value.summary)", expected: expected)
    }

    private func missing(_ key: String, _ expected: String) -> CheckpointError {
        file.fault("no \(prefix)\(key)", expected: expected, code: .missing)
    }

    func integer(_ key: String) throws -> Int {
        guard let value = try optionalInteger(key) else { throw missing(key, "an integer") }
        return value
    }

    func integer(_ key: String, default value: Int) throws -> Int { try optionalInteger(key) ?? value }

    func optionalInteger(_ key: String) throws -> Int? {
        guard let value = value(key) else { return nil }
        guard let integer = value.integer else { throw fault(key, value, "an integer") }
        return integer
    }

    func number(_ key: String) throws -> Double {
        guard let value = try optionalNumber(key) else { throw missing(key, "a number") }
        return value
    }

    func optionalNumber(_ key: String) throws -> Double? {
        guard let value = value(key) else { return nil }
        guard let number = value.double else { throw fault(key, value, "a number") }
        return number
    }

    func bool(_ key: String, default defaultValue: Bool) throws -> Bool {
        guard let value = value(key) else { return defaultValue }
        guard let bool = value.bool else { throw fault(key, value, "true or false") }
        return bool
    }

    func optionalString(_ key: String) throws -> String? {
        guard let value = value(key) else { return nil }
        guard let string = value.string else { throw fault(key, value, "a string") }
        return string
    }

    func optionalObject(_ key: String) throws -> ConfigurationReader? {
        guard let value = value(key) else { return nil }
        guard let inner = value.object else { throw fault(key, value, "an object") }
        return ConfigurationReader(file: file, object: inner, prefix: "\(prefix)\(key).")
    }

    /// One integer or a list of integers; empty if the key is missing.
    func integers(_ key: String) throws -> [Int] {
        guard let value = value(key) else { return [] }
        let values = value.array ?? [value]
        let integers = values.compactMap(\.integer)
        guard integers.count == values.count, integers.count <= 1024 else {
            throw fault(key, value, "an integer or a list of integers")
        }
        return integers
    }

    /// A list of at most 1024 numbers.
    func numbers(_ key: String) throws -> [Float] {
        guard let value = value(key) else { throw missing(key, "a list of numbers") }
        let numbers = value.array?.compactMap(\.double) ?? []
        guard let array = value.array, numbers.count == array.count, numbers.count <= 1024 else {
            throw fault(key, value, "a list of at most 1024 numbers")
        }
        return numbers.map(Float.init)
    }

    /// A list of strings; nil if the key is missing.
    func strings(_ key: String) throws -> [String]? {
        guard let value = value(key) else { return nil }
        guard let strings = value.array?.compactMap(\.string), strings.count == value.array?.count else {
            throw fault(key, value, "a list of strings")
        }
        return strings
    }
}

internal import Foundation
internal import GRDB

extension Row {
    /// The value of a column. GRDB's subscript would end the process on a missing value or a wrong type.
    ///
    /// - Throws: ``DamagedValue`` if the value is missing or has another type.
    func checked<Value: DatabaseValueConvertible>(_ column: String, as type: Value.Type = Value.self) throws -> Value {
        guard let value = try optional(column, as: type) else {
            throw DamagedValue("a row's \(column) is missing")
        }
        return value
    }

    /// The value of a column that may be NULL.
    func optional<Value: DatabaseValueConvertible>(
        _ column: String, as type: Value.Type = Value.self
    ) throws -> Value? {
        guard let stored = self[column] as DatabaseValue?, !stored.isNull else { return nil }
        guard let value = Value.fromDatabaseValue(stored) else {
            throw DamagedValue("a row's \(column) has the wrong type")
        }
        return value
    }

    /// The value of a column that holds a count or an offset: a non-negative integer.
    func count(_ column: String) throws -> Int {
        let value: Int = try checked(column)
        guard value >= 0 else { throw DamagedValue("a row's \(column) is \(value)") }
        return value
    }

    func date(_ column: String) throws -> Date {
        Date(timeIntervalSince1970: try checked(column, as: Double.self))
    }

    /// The vector identity in a row of compressions, adapters or training runs.
    func identity() throws -> VectorIdentity {
        VectorIdentity(
            model: try checked("model"), compressor: try checked("compressor"), variant: try checked("variant"))
    }
}

extension Database {
    /// Throws if a value is empty or exceeds the size limit of a stored value.
    static func checkSize(_ data: Data, _ what: String, path: String) throws {
        guard data.count < largestStoredValue else {
            throw LibraryError(.invalid, "\(path): \(what): \(data.count) bytes, expected less than 1 GB")
        }
        guard !data.isEmpty else {
            throw LibraryError(.invalid, "\(path): \(what): empty, expected 1 byte or more")
        }
    }
}

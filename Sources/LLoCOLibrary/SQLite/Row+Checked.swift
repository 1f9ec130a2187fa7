internal import Foundation
internal import GRDB

extension Row {
    /// The value of a column, or ``DamagedValue`` where a damaged file holds nothing or another type there.
    ///
    /// GRDB's own subscript ends the process on a value that does not fit.
    func checked<Value: DatabaseValueConvertible>(_ column: String, as type: Value.Type = Value.self) throws -> Value {
        guard let value = try optional(column, as: type) else {
            throw DamagedValue("a row's \(column) is missing")
        }
        return value
    }

    /// The same for a column that may be NULL.
    func optional<Value: DatabaseValueConvertible>(
        _ column: String, as type: Value.Type = Value.self
    ) throws -> Value? {
        guard let stored = self[column] as DatabaseValue?, !stored.isNull else { return nil }
        guard let value = Value.fromDatabaseValue(stored) else {
            throw DamagedValue("a row's \(column) has the wrong type")
        }
        return value
    }

    /// A count or an offset: an integer that is not negative.
    func count(_ column: String) throws -> Int {
        let value: Int = try checked(column)
        guard value >= 0 else { throw DamagedValue("a row's \(column) is \(value)") }
        return value
    }

    func date(_ column: String) throws -> Date {
        Date(timeIntervalSince1970: try checked(column, as: Double.self))
    }

    /// What made vectors, or what an adapter is bound to.
    func identity() throws -> VectorIdentity {
        VectorIdentity(
            model: try checked("model"), compressor: try checked("compressor"), variant: try checked("variant"))
    }
}

extension Database {
    /// Refuses what one value of an SQLite file cannot hold.
    static func checkSize(_ data: Data, _ what: String, path: String) throws {
        guard data.count < largestStoredValue else {
            throw LibraryError(.invalid, "\(path): \(what) of \(data.count) bytes, a library stores 1 GB at most each")
        }
        guard !data.isEmpty else {
            throw LibraryError(.invalid, "\(path): \(what) is empty")
        }
    }
}

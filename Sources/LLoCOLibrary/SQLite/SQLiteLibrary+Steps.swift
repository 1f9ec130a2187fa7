internal import GRDB
internal import GRDBSQLite

extension SQLiteLibrary {
    /// How often SQLite's virtual machine goes round or branches for the statements of `body`: what tests compare costs by,
    /// since it is the same on every machine.
    package func steps(of body: () throws -> Void) throws -> Int {
        final class Counter {
            var count = 0
        }
        let counter = Counter()
        func watch(_ every: Int32, _ context: UnsafeMutableRawPointer?) {
            queue.writeWithoutTransaction { db in
                sqlite3_progress_handler(
                    db.sqliteConnection, every,
                    { context in
                        if let context { Unmanaged<Counter>.fromOpaque(context).takeUnretainedValue().count += 1 }
                        return 0
                    }, context)
            }
        }
        watch(1, Unmanaged.passUnretained(counter).toOpaque())
        defer { watch(0, nil) }
        try withExtendedLifetime(counter) { try body() }
        return counter.count
    }
}

internal import GRDB
internal import GRDBSQLite

extension SQLiteLibrary {
    /// The number of virtual-machine steps that SQLite executes in `body`. Tests compare costs by it, since it is the
    /// same on every machine.
    package func steps(of body: () throws -> Void) throws -> Int {
        final class Counter {
            var count = 0
        }
        let counter = Counter()
        func setHandler(_ every: Int32, _ context: UnsafeMutableRawPointer?) {
            queue.writeWithoutTransaction { db in
                sqlite3_progress_handler(
                    db.sqliteConnection, every,
                    { context in
                        if let context { Unmanaged<Counter>.fromOpaque(context).takeUnretainedValue().count += 1 }
                        return 0
                    }, context)
            }
        }
        setHandler(1, Unmanaged.passUnretained(counter).toOpaque())
        defer { setHandler(0, nil) }
        try withExtendedLifetime(counter) { try body() }
        return counter.count
    }
}

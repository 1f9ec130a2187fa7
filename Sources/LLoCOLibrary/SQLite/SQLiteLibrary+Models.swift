internal import GRDB

extension SQLiteLibrary {
    /// The model that documents were last added with; nil before the first.
    public func rememberedModel() throws -> ModelRecord? {
        try read { db in
            // A library of an older format has no such table when it is opened for reading, and nothing in it after that.
            if try db.tableExists("models"),
                let row = try Row.fetchOne(db, sql: "SELECT identity, name, path FROM models ORDER BY id DESC LIMIT 1")
            {
                return ModelRecord(
                    identity: try row.checked("identity"), name: try row.optional("name"),
                    path: try row.checked("path"))
            }
            // Then its vectors say which.
            return try String.fetchOne(db, sql: "SELECT model FROM compressions ORDER BY id DESC LIMIT 1")
                .map { ModelRecord(identity: $0, name: nil, path: nil) }
        }
    }

    /// Remembers a model in the place of the one before it. Nothing is written where that is the same.
    public func remember(_ model: ModelRecord) throws {
        guard try rememberedModel() != model else { return }
        try write { db in
            try db.execute(sql: "DELETE FROM models WHERE identity = ?", arguments: [model.identity])
            try db.execute(
                sql: "INSERT INTO models (identity, name, path) VALUES (?, ?, ?)",
                arguments: [model.identity, model.name, model.path ?? ""])
        }
    }
}

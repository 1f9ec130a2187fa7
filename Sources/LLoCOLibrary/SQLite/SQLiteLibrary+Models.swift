internal import GRDB

extension SQLiteLibrary {
    /// The model that documents were last added with; nil before the first addition.
    public func rememberedModel() throws -> ModelRecord? {
        try read { db in
            // A library of an older format lacks the table if it is opened for reading. After migration the table is
            // empty.
            if try db.tableExists("models"),
                let row = try Row.fetchOne(db, sql: "SELECT identity, name, path FROM models ORDER BY id DESC LIMIT 1")
            {
                return ModelRecord(
                    identity: try row.checked("identity"), name: try row.optional("name"),
                    path: try row.checked("path"))
            }
            // Fall back to the model of the stored vectors.
            return try String.fetchOne(db, sql: "SELECT model FROM compressions ORDER BY id DESC LIMIT 1")
                .map { ModelRecord(identity: $0, name: nil, path: nil) }
        }
    }

    /// Stores the model that documents are added with. Writes nothing if it is unchanged.
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

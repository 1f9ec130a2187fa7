internal import GRDB

/// The tables of a library file, as migrations. A new migration raises `formatVersion` by one.
enum LibrarySchema {
    /// "LLCO", in the header of every library.
    static let applicationID = 0x4C4C_434F
    /// The format that this version writes, and the newest that it reads.
    static let formatVersion = 6

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            try db.execute(sql: documents)
            try db.execute(sql: passages)
            try db.execute(sql: vectors)
            try db.execute(sql: training)
            try db.execute(sql: "PRAGMA user_version = 1")
        }
        migrator.registerMigration("2") { db in
            try db.execute(sql: study)
            try db.execute(sql: "PRAGMA user_version = 2")
        }
        migrator.registerMigration("3") { db in
            try db.execute(sql: tuning)
            try db.execute(sql: "PRAGMA user_version = 3")
        }
        migrator.registerMigration("4") { db in
            try db.execute(sql: biases)
            try db.execute(sql: "PRAGMA user_version = 4")
        }
        migrator.registerMigration("5") { db in
            try db.execute(sql: models)
            try db.execute(sql: "PRAGMA user_version = 5")
        }
        migrator.registerMigration("6") { db in
            try db.execute(sql: runStates)
            try db.execute(sql: "PRAGMA user_version = 6")
        }
        return migrator
    }

    // Texts are in a separate table, so that listing documents does not read their pages. Texts and passages are BLOBs,
    // since offsets count UTF-8 bytes and a text may contain U+0000.
    private static let documents = """
        CREATE TABLE state (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            revision BLOB NOT NULL
        ) STRICT;
        INSERT INTO state VALUES (1, randomblob(16));
        CREATE TABLE groups (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            created REAL NOT NULL
        ) STRICT;
        CREATE TABLE documents (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            group_id INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
            name TEXT NOT NULL UNIQUE,
            path TEXT NOT NULL,
            location TEXT NOT NULL UNIQUE,
            digest TEXT NOT NULL,
            byte_count INTEGER NOT NULL,
            token_count INTEGER NOT NULL,
            added REAL NOT NULL
        ) STRICT;
        CREATE INDEX documents_by_group ON documents (group_id);
        CREATE TABLE document_texts (
            document_id INTEGER PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
            text BLOB NOT NULL
        ) STRICT;
        """

    private static let passages = """
        CREATE TABLE passages (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            byte_start INTEGER NOT NULL,
            byte_end INTEGER NOT NULL,
            text BLOB NOT NULL,
            embedder TEXT,
            dimension INTEGER,
            embedding BLOB,
            UNIQUE (document_id, position)
        ) STRICT;
        CREATE VIRTUAL TABLE passage_index USING fts5(
            text, content='passages', content_rowid='id', tokenize="porter unicode61 remove_diacritics 2"
        );
        CREATE TRIGGER passages_inserted AFTER INSERT ON passages BEGIN
            INSERT INTO passage_index (rowid, text) VALUES (new.id, CAST(new.text AS TEXT));
        END;
        CREATE TRIGGER passages_deleted AFTER DELETE ON passages BEGIN
            INSERT INTO passage_index (passage_index, rowid, text)
            VALUES ('delete', old.id, CAST(old.text AS TEXT));
        END;
        CREATE TRIGGER passages_changed AFTER UPDATE OF text ON passages BEGIN
            INSERT INTO passage_index (passage_index, rowid, text)
            VALUES ('delete', old.id, CAST(old.text AS TEXT));
            INSERT INTO passage_index (rowid, text) VALUES (new.id, CAST(new.text AS TEXT));
        END;
        """

    private static let vectors = """
        CREATE TABLE compressions (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
            model TEXT NOT NULL,
            compressor TEXT NOT NULL,
            variant TEXT NOT NULL,
            complete INTEGER NOT NULL,
            UNIQUE (document_id, model, compressor, variant)
        ) STRICT;
        CREATE TABLE segments (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            compression_id INTEGER NOT NULL REFERENCES compressions (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            token_start INTEGER NOT NULL,
            token_end INTEGER NOT NULL,
            byte_start INTEGER NOT NULL,
            byte_end INTEGER NOT NULL,
            token_digest TEXT NOT NULL,
            vector_count INTEGER NOT NULL,
            dimension INTEGER NOT NULL,
            vectors_digest TEXT NOT NULL,
            vectors BLOB NOT NULL,
            UNIQUE (compression_id, position)
        ) STRICT;
        """

    private static let training = """
        CREATE TABLE training_runs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            group_id INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
            model TEXT NOT NULL,
            compressor TEXT NOT NULL,
            variant TEXT NOT NULL,
            settings TEXT NOT NULL,
            data_digest TEXT NOT NULL,
            step INTEGER NOT NULL,
            total_steps INTEGER NOT NULL,
            state_digest TEXT,
            finished INTEGER NOT NULL,
            started REAL NOT NULL,
            updated REAL NOT NULL,
            state BLOB
        ) STRICT;
        CREATE INDEX training_runs_by_group ON training_runs (group_id);
        CREATE TABLE training_losses (
            run_id INTEGER NOT NULL REFERENCES training_runs (id) ON DELETE CASCADE,
            step INTEGER NOT NULL,
            loss REAL NOT NULL,
            PRIMARY KEY (run_id, step)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE adapters (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            group_id INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
            run_id INTEGER REFERENCES training_runs (id) ON DELETE SET NULL,
            model TEXT NOT NULL,
            compressor TEXT NOT NULL,
            variant TEXT NOT NULL,
            config TEXT NOT NULL,
            created REAL NOT NULL,
            weights_digest TEXT NOT NULL,
            weights BLOB NOT NULL
        ) STRICT;
        CREATE INDEX adapters_by_group ON adapters (group_id);
        CREATE INDEX adapters_by_run ON adapters (run_id);
        """

    // Passages are identified by their text, so that a changed document keeps the items of its unchanged passages.
    private static let study = """
        CREATE TABLE studied_passages (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
            model TEXT NOT NULL,
            settings TEXT NOT NULL,
            text_digest TEXT NOT NULL,
            UNIQUE (document_id, model, settings, text_digest)
        ) STRICT;
        CREATE TABLE study_items (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            passage_id INTEGER NOT NULL REFERENCES studied_passages (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            kind TEXT NOT NULL,
            question BLOB NOT NULL,
            answer BLOB NOT NULL,
            rejection TEXT,
            width INTEGER,
            targets_digest TEXT,
            targets BLOB,
            UNIQUE (passage_id, position)
        ) STRICT;
        """

    // Vectors that were tuned with an adapter, and are used only with it. `source_digest` identifies the vectors that
    // the tuning started from; the shape is the same.
    private static let tuning = """
        CREATE TABLE tuned_vectors (
            adapter_id INTEGER NOT NULL REFERENCES adapters (id) ON DELETE CASCADE,
            document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
            source_digest TEXT NOT NULL,
            vectors_digest TEXT NOT NULL,
            vectors BLOB NOT NULL,
            PRIMARY KEY (adapter_id, document_id)
        ) STRICT;
        CREATE INDEX tuned_vectors_by_document ON tuned_vectors (document_id);
        """

    // The attention bias of a segment's vectors: one number per head and vector.
    private static let biases = """
        CREATE TABLE segment_biases (
            segment_id INTEGER PRIMARY KEY REFERENCES segments (id) ON DELETE CASCADE,
            bias_digest TEXT NOT NULL,
            bias BLOB NOT NULL
        ) STRICT;
        """

    // The models that documents were added with, newest last. The newest is the default for this library.
    private static let models = """
        CREATE TABLE models (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            identity TEXT NOT NULL UNIQUE,
            name TEXT,
            path TEXT NOT NULL
        ) STRICT;
        """

    // A run's state, in pieces with one transaction each, since readers wait while a commit writes. `run_states` names
    // the complete generation of pieces; other generations are leftovers.
    private static let runStates = """
        CREATE TABLE run_states (
            run_id INTEGER PRIMARY KEY REFERENCES training_runs (id) ON DELETE CASCADE,
            generation INTEGER NOT NULL,
            state_digest TEXT NOT NULL
        ) STRICT;
        CREATE TABLE run_state_pieces (
            run_id INTEGER NOT NULL REFERENCES training_runs (id) ON DELETE CASCADE,
            generation INTEGER NOT NULL,
            position INTEGER NOT NULL,
            bytes BLOB NOT NULL,
            PRIMARY KEY (run_id, generation, position)
        ) STRICT;
        """
}

// Synchronous methods satisfy the asynchronous requirements.
extension SQLiteLibrary: DocumentStore, VectorStore, PassageIndex, AdapterStore, RunStore, StudyStore, ModelStore {}

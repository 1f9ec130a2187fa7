// Its calls are synchronous, which satisfies the roles' asynchronous ones.
extension SQLiteLibrary: DocumentStore, VectorStore, PassageIndex, AdapterStore, RunStore, StudyStore, ModelStore {}

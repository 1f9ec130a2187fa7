import Foundation
import LLoCO
import LLoCOBase

/// The models of a server: its groups, each in every mode, and the base model without documents.
struct ServedModels: Sendable {
    /// The base model's name
    let base: String
    let library: DocumentLibrary

    /// The group and mode of a model name.
    struct Choice: Sendable, Equatable {
        /// nil for the base model
        let group: String?
        /// nil for the default mode
        let mode: AnswerMode?
    }

    struct Model: Encodable {
        let id: String
        let object = "model"
        let created: Int
        let ownedBy = "lloco"
        let root: String
        let parent: String?
    }

    struct List: Encodable {
        let object = "list"
        let data: [Model]
    }

    /// The visible models, the base model first.
    func list(for access: Access, since start: Date) async throws -> List {
        let created = Int(start.timeIntervalSince1970)
        let groups = try await groups(for: access).filter { $0 != base }
        return List(
            data: [Model(id: base, created: created, root: base, parent: nil)]
                + groups.map { Model(id: $0, created: created, root: base, parent: base) })
    }

    /// A model by name.
    ///
    /// - Throws: ``APIError`` with status 404 if the model does not exist.
    func model(_ name: String, for access: Access, since start: Date) async throws -> Model {
        let choice = try await resolve(name, for: access)
        return Model(
            id: name, created: Int(start.timeIntervalSince1970), root: base, parent: choice.group == nil ? nil : base)
    }

    /// The visible groups.
    private func groups(for access: Access) async throws -> [String] {
        try await library.store.groups().filter(access.sees)
    }

    /// Parses a model name: a group, optionally with a colon and a mode, or the base model.
    ///
    /// - Throws: ``APIError`` with status 404 if the model does not exist.
    func resolve(_ name: String, for access: Access) async throws -> Choice {
        let groups = try await groups(for: access)
        func choice(_ name: String, _ mode: AnswerMode?) throws -> Choice? {
            // Compared byte by byte, like in the store. Returns the stored name.
            if name.hasSameBytes(as: base) {
                guard !groups.contains(where: { $0.hasSameBytes(as: base) }) else {
                    throw APIError.invalid(
                        "the model \"\(base)\" is also the name of a group; rename the group to ask it",
                        parameter: "model")
                }
                return Choice(group: nil, mode: mode)
            }
            return groups.first { $0.hasSameBytes(as: name) }.map { Choice(group: $0, mode: mode) }
        }
        if let found = try choice(name, nil) { return found }
        if let colon = name.lastIndex(of: ":") {
            let (group, suffix) = (String(name[..<colon]), String(name[name.index(after: colon)...]))
            let mode = AnswerMode(rawValue: suffix)
            if mode != nil || suffix == "latest", let found = try choice(group, mode) { return found }
        }
        throw APIError.notFound(
            "the model \"\(name.printable(limit: 100))\" does not exist; /v1/models lists the models",
            parameter: "model", code: "model_not_found")
    }
}

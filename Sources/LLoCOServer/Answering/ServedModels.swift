import Foundation
import LLoCO
import LLoCOBase

/// The models that a server offers: its groups, each in every mode, and the base model without documents.
struct ServedModels: Sendable {
    /// The base model's name
    let base: String
    let library: DocumentLibrary

    /// What a name stands for.
    struct Choice: Sendable, Equatable {
        /// nil for the base model
        let group: String?
        /// nil for the default
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

    /// All that a client sees, the base model first.
    func list(for access: Access, since start: Date) async throws -> List {
        let created = Int(start.timeIntervalSince1970)
        let groups = try await groups(for: access).filter { $0 != base }
        return List(
            data: [Model(id: base, created: created, root: base, parent: nil)]
                + groups.map { Model(id: $0, created: created, root: base, parent: base) })
    }

    /// One of them.
    func model(_ name: String, for access: Access, since start: Date) async throws -> Model {
        let choice = try await resolve(name, for: access)
        return Model(
            id: name, created: Int(start.timeIntervalSince1970), root: base, parent: choice.group == nil ? nil : base)
    }

    /// Groups that a client does not see are not there.
    private func groups(for access: Access) async throws -> [String] {
        try await library.store.groups().filter(access.sees)
    }

    /// The group, and after the last colon the mode, that a name stands for.
    ///
    /// - Throws: ``APIError`` where there is no such group.
    func resolve(_ name: String, for access: Access) async throws -> Choice {
        let groups = try await groups(for: access)
        func choice(_ name: String, _ mode: AnswerMode?) throws -> Choice? {
            // Byte by byte, as the store compares: what is returned is the store's own name.
            if name.hasSameBytes(as: base) {
                guard !groups.contains(where: { $0.hasSameBytes(as: base) }) else {
                    throw APIError.invalid(
                        "the model \"\(base)\" is also a group's name: rename the group to ask about it",
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
            "the model \"\(name.printable(limit: 100))\" does not exist: /v1/models lists those that do",
            parameter: "model", code: "model_not_found")
    }
}

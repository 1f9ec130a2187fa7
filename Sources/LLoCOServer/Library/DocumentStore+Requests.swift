import LLoCOBase
import LLoCOLibrary

// Groups and documents that requests name. Hidden groups are treated as missing. Names are compared byte by byte, like
// in the store.
extension DocumentStore {
    /// The stored name of a group.
    ///
    /// - Throws: ``APIError`` with status 404 if no visible group has this name.
    func group(named name: String, for access: Access) async throws -> String {
        guard let group = try await groups().first(where: { $0.hasSameBytes(as: name) && access.sees($0) }) else {
            throw APIError.noGroup(name)
        }
        return group
    }

    /// The documents of a group with these names.
    ///
    /// - Throws: ``APIError`` if there are more than `limit` names, or the group has no such document.
    func documents(
        _ names: [String], of group: String, maximum limit: Int, parameter: String = "documents"
    ) async throws -> [DocumentRecord] {
        guard names.count <= limit else {
            throw APIError.invalid("\"\(parameter)\": expected at most \(limit) names", parameter: parameter)
        }
        let known = try await documents(in: .group(group))
        return try names.map { name in
            guard let document = known.first(where: { $0.name.hasSameBytes(as: name) }) else {
                throw APIError.notFound(
                    "the group has no document \"\(name.printable(limit: 100))\"", parameter: parameter,
                    code: "document_not_found")
            }
            return document
        }
    }
}

extension APIError {
    /// Status 404: the group is missing or hidden.
    static func noGroup(_ name: String) -> APIError {
        .notFound("group \"\(name.printable(limit: 100))\" not found", parameter: "group", code: "group_not_found")
    }
}

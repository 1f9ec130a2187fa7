import LLoCOBase
import LLoCOLibrary

// What requests name, of what their client sees. Names are compared byte by byte, as the store does.
extension DocumentStore {
    /// A group's name.
    ///
    /// - Throws: ``APIError`` where the client sees none of this name.
    func group(named name: String, for access: Access) async throws -> String {
        guard let own = try await groups().first(where: { $0.hasSameBytes(as: name) && access.sees($0) }) else {
            throw APIError.noGroup(name)
        }
        return own
    }

    /// Documents of a group. Those of other groups are not there for whoever asks this one.
    func documents(
        _ names: [String], of group: String, atMost limit: Int, parameter: String = "documents"
    ) async throws -> [DocumentRecord] {
        guard names.count <= limit else {
            throw APIError.invalid("\"\(parameter)\": expected at most \(limit) names", parameter: parameter)
        }
        let known = try await documents(in: .group(group))
        return try names.map { name in
            guard let own = known.first(where: { $0.name.hasSameBytes(as: name) }) else {
                throw APIError.notFound(
                    "the group has no document \"\(name.printable(limit: 100))\"", parameter: parameter,
                    code: "document_not_found")
            }
            return own
        }
    }
}

extension APIError {
    static func noGroup(_ name: String) -> APIError {
        .notFound("there is no group \"\(name.printable(limit: 100))\"", parameter: "group", code: "group_not_found")
    }
}

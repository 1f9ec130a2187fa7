import HTTPTypes
import LLoCOBase

/// The permissions of a client.
public struct Access: Sendable, Hashable {
    /// The permissions of a key; each scope includes those before it.
    public enum Scope: String, Sendable, CaseIterable, Comparable {
        /// Ask, list and show
        case read
        /// Add, remove and tune
        case write
        /// Everything else
        case admin

        public static func < (a: Scope, b: Scope) -> Bool {
            (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
        }
    }

    /// The visible groups; nil for all
    public let groups: Set<String>?
    /// The highest permission
    public let scope: Scope
    /// The line number of the key; nil if the server requires no key
    let key: Int?

    /// Describes a client's permissions.
    ///
    /// - Parameter key: a number that identifies the key
    public init(groups: Set<String>?, scope: Scope, key: Int? = nil) {
        self.groups = groups
        self.scope = scope
        self.key = key
    }

    /// All permissions: every client of a server without keys.
    public static let all = Access(groups: nil, scope: .admin)

    /// Whether a group is visible. A hidden group is reported as missing.
    func sees(_ group: String) -> Bool {
        // Compared byte by byte, like names in the store.
        groups?.contains { $0.hasSameBytes(as: group) } ?? true
    }

    /// Checks that the client has a scope.
    ///
    /// - Throws: ``APIError`` with status 403 if the client's scope is lower.
    func require(_ scope: Scope) throws {
        guard self.scope >= scope else {
            throw APIError(
                status: .forbidden, message: "the key has scope \(self.scope.rawValue); expected \(scope.rawValue)",
                type: "invalid_request_error", code: "insufficient_scope")
        }
    }
}

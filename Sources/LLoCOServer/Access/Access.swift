import HTTPTypes
import LLoCOBase

/// What a client may do.
public struct Access: Sendable, Hashable {
    /// What keys allow, each with what stands before it.
    public enum Scope: String, Sendable, CaseIterable, Comparable {
        /// ask, list and show
        case read
        /// add, remove and tune
        case write
        /// everything else
        case admin

        public static func < (a: Scope, b: Scope) -> Bool {
            (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
        }
    }

    /// The groups that are seen; nil for all
    public let groups: Set<String>?
    public let scope: Scope
    /// Which key it is, by its line's number; nil where none is asked for
    let key: Int?

    /// - Parameter key: a number that tells keys from each other
    public init(groups: Set<String>?, scope: Scope, key: Int? = nil) {
        self.groups = groups
        self.scope = scope
        self.key = key
    }

    /// Whoever is on this machine, where no keys are asked for.
    public static let all = Access(groups: nil, scope: .admin)

    /// Whether a group is seen: one that is not is not there.
    func sees(_ group: String) -> Bool {
        // Byte by byte, as the store compares names.
        groups?.contains { $0.hasSameBytes(as: group) } ?? true
    }

    /// - Throws: ``APIError`` where the client may not do what needs this.
    func require(_ scope: Scope) throws {
        guard self.scope >= scope else {
            throw APIError(
                status: .forbidden, message: "this key allows \(self.scope.rawValue), not \(scope.rawValue)",
                type: "invalid_request_error", code: "insufficient_scope")
        }
    }
}

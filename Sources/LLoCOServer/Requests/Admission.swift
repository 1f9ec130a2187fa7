import HTTPTypes
import Synchronization

/// How many requests are answered, or wait, at a time.
final class Admission: Sendable {
    let limit: Int
    private let count = Atomic(0)

    init(limit: Int) { self.limit = limit }

    /// A request's place, until it is left or forgotten.
    final class Place: Sendable {
        private let admission: Admission
        private let isTaken = Atomic(true)

        fileprivate init(_ admission: Admission) { self.admission = admission }

        deinit { leave() }

        func leave() {
            if isTaken.exchange(false, ordering: .relaxed) { admission.count.subtract(1, ordering: .relaxed) }
        }
    }

    /// Requests that have a place
    var taken: Int { count.load(ordering: .relaxed) }

    /// - Throws: ``APIError`` where all places are taken.
    func admit() throws -> Place {
        guard count.add(1, ordering: .relaxed).newValue <= limit else {
            count.subtract(1, ordering: .relaxed)
            throw APIError(
                status: .serviceUnavailable, message: "the server answers \(limit) requests already: try again soon",
                type: "server_error", code: "busy")
        }
        return Place(self)
    }
}

import HTTPTypes
import Synchronization

/// How many answers are given, or wait, at a time.
final class Admission: Sendable {
    let limit: Int
    private let count = Atomic(0)
    private let onRefusal: @Sendable () -> Void

    init(limit: Int, onRefusal: @escaping @Sendable () -> Void) {
        (self.limit, self.onRefusal) = (limit, onRefusal)
    }

    /// The places that are taken
    var taken: Int { count.load(ordering: .relaxed) }

    /// A request's places, until they are left or forgotten.
    final class Places: Sendable {
        private let admission: Admission
        private let taken: Atomic<Int>

        fileprivate init(_ admission: Admission, _ count: Int) {
            self.admission = admission
            taken = Atomic(count)
        }

        deinit { leave() }

        func leave() { admission.count.subtract(taken.exchange(0, ordering: .relaxed), ordering: .relaxed) }
    }

    /// - Throws: ``APIError`` where fewer places are free.
    func admit(_ answers: Int) throws -> Places {
        guard count.add(answers, ordering: .relaxed).newValue <= limit else {
            count.subtract(answers, ordering: .relaxed)
            onRefusal()
            throw APIError(
                status: .serviceUnavailable, message: "the server gives \(limit) answers at a time: try again soon",
                type: "server_error", code: "busy")
        }
        return Places(self, answers)
    }
}

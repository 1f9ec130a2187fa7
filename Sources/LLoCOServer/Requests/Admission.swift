import Synchronization

/// How many answers are given, or wait, at a time: in all, and of one key at most half of them.
final class Admission: Sendable {
    let limit: Int
    private let state = Mutex(State())
    private let onRefusal: @Sendable () -> Void

    private struct State {
        var taken = 0
        var ofKeys: [Int: Int] = [:]

        mutating func add(_ count: Int, _ key: Int?) {
            taken += count
            guard let key else { return }
            let own = ofKeys[key, default: 0] + count
            ofKeys[key] = own == 0 ? nil : own
        }
    }

    init(limit: Int, onRefusal: @escaping @Sendable () -> Void) {
        (self.limit, self.onRefusal) = (limit, onRefusal)
    }

    /// The places that are taken
    var taken: Int { state.withLock(\.taken) }

    /// A request's places, until they are left or forgotten.
    final class Places: Sendable {
        private let admission: Admission
        private let key: Int?
        private let taken: Atomic<Int>

        fileprivate init(_ admission: Admission, _ count: Int, _ key: Int?) {
            (self.admission, self.key) = (admission, key)
            taken = Atomic(count)
        }

        deinit { leave() }

        func leave() {
            let count = taken.exchange(0, ordering: .relaxed)
            admission.state.withLock { $0.add(-count, key) }
        }
    }

    /// - Parameter key: which key asks; nil where there are none
    /// - Throws: ``APIError`` where fewer places are free.
    func admit(_ answers: Int, key: Int?) throws -> Places {
        let isAdmitted = state.withLock { state in
            let own = key.map { state.ofKeys[$0, default: 0] } ?? 0
            guard state.taken + answers <= limit, key == nil || own + answers <= max(1, limit / 2) else {
                return false
            }
            state.add(answers, key)
            return true
        }
        guard isAdmitted else {
            onRefusal()
            throw APIError.busy(
                "the server gives \(limit) answers at a time, half of them to one key: try again soon")
        }
        return Places(self, answers, key)
    }
}

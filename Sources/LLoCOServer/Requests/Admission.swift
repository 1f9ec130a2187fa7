import Synchronization

/// Limits the answers that are queued or generated: `limit` in total, half of it for one key.
final class Admission: Sendable {
    let limit: Int
    private let state = Mutex(State())
    private let onRefusal: @Sendable () -> Void

    private struct State {
        var taken = 0
        var takenByKey: [Int: Int] = [:]

        mutating func add(_ count: Int, _ key: Int?) {
            taken += count
            guard let key else { return }
            let ofKey = takenByKey[key, default: 0] + count
            takenByKey[key] = ofKey == 0 ? nil : ofKey
        }
    }

    init(limit: Int, onRefusal: @escaping @Sendable () -> Void) {
        (self.limit, self.onRefusal) = (limit, onRefusal)
    }

    /// Number of slots in use
    var taken: Int { state.withLock(\.taken) }

    /// The slots of a request, in use until ``release()`` or deallocation.
    final class Slots: Sendable {
        private let admission: Admission
        private let key: Int?
        private let taken: Atomic<Int>

        fileprivate init(_ admission: Admission, _ count: Int, _ key: Int?) {
            (self.admission, self.key) = (admission, key)
            taken = Atomic(count)
        }

        deinit { release() }

        func release() {
            let count = taken.exchange(0, ordering: .relaxed)
            admission.state.withLock { $0.add(-count, key) }
        }
    }

    /// Takes a slot for each answer.
    ///
    /// - Parameter key: the client's key; nil if the server requires none
    /// - Throws: ``APIError`` with status 503 if too few slots are free.
    func admit(_ answers: Int, key: Int?) throws -> Slots {
        let isAdmitted = state.withLock { state in
            let ofKey = key.map { state.takenByKey[$0, default: 0] } ?? 0
            guard state.taken + answers <= limit, key == nil || ofKey + answers <= max(1, limit / 2) else {
                return false
            }
            state.add(answers, key)
            return true
        }
        guard isAdmitted else {
            onRefusal()
            throw APIError.busy(
                "too many answers at once: the limit is \(limit), and half of it for one key; retry later")
        }
        return Slots(self, answers, key)
    }
}

extension PickleInterpreter {
    func top() throws -> PickleValue {
        guard let value = stack.last, stack.count > (marks.last ?? 0) else { throw fault("an empty stack") }
        return value
    }

    mutating func pop() throws -> PickleValue {
        let value = try top()
        stack.removeLast()
        return value
    }

    mutating func pop(_ count: Int) throws -> [PickleValue] {
        guard stack.count - (marks.last ?? 0) >= count else { throw fault("an empty stack") }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    mutating func popToMark() throws -> [PickleValue] {
        guard let mark = marks.popLast() else { throw fault("no mark on the stack") }
        defer { stack.removeLast(stack.count - mark) }
        return Array(stack[mark...])
    }

    mutating func push(tuple: [PickleValue]) {
        tuples.append(tuple)
        stack.append(.tuple(tuples.count - 1))
    }

    mutating func pushDictionary() {
        dictionaries.append([])
        stack.append(.dictionary(dictionaries.count - 1))
    }

    mutating func get(_ index: Int) throws {
        guard let value = memo[index] else { throw fault("no value \(index) in the memo") }
        stack.append(value)
    }

    mutating func append(_ values: [PickleValue]) throws {
        guard case .list(let index) = try top() else { throw fault("an append to something other than a list") }
        lists[index].append(contentsOf: values)
    }

    mutating func setItems(_ values: [PickleValue]) throws {
        guard case .dictionary(let index) = try top(), values.count % 2 == 0 else {
            throw fault("items of something other than a dict")
        }
        for pair in stride(from: 0, to: values.count, by: 2) {
            dictionaries[index].append((values[pair], values[pair + 1]))
        }
    }
}

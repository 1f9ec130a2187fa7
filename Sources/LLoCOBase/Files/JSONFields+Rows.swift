extension JSONFields {
    /// A list of objects, or a table in column form: an object of lists of the same length, one list per column.
    ///
    /// - Throws: ``Fault`` if the field is neither, or if the columns' lengths differ.
    package func rows(_ key: String) throws -> [JSONFields] {
        guard let columns = object.value(key)?.object else { return try objects(key) }
        var rows: [[(key: String, value: JSONValue)]]?
        for (name, value) in columns.members {
            guard let list = value.array else {
                throw Fault(reason: "\"\(path)\(key).\(name.printable(limit: 40))\" is \(value.kind); expected a list")
            }
            if rows == nil { rows = Array(repeating: [], count: list.count) }
            guard rows?.count == list.count else {
                throw Fault(
                    reason: "\"\(path)\(key).\(name.printable(limit: 40))\" holds \(list.count) values; expected "
                        + "\(rows?.count ?? 0), as many as in the previous column")
            }
            for (index, value) in list.enumerated() { rows?[index].append((name, value)) }
        }
        return (rows ?? []).enumerated().map { index, members in
            JSONFields(JSONObject(distinct: members), path: "\(path)\(key)[\(index)].")
        }
    }
}

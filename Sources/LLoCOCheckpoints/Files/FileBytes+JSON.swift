package import LLoCOBase

extension FileBytes {
    /// Parses the bytes in `range`, by default the whole file, as one JSON value.
    package func json(_ range: Range<Int>? = nil) throws -> JSONValue {
        let range = range ?? 0..<count
        do throws(JSONError) {
            return try JSONParser.parse(self[range])
        } catch {
            throw fault("\(error.found) at byte \(range.lowerBound + error.offset)", expected: "valid JSON")
        }
    }

    /// Parses the whole file as a JSON object.
    package func jsonObject() throws -> JSONObject {
        guard case .object(let object) = try json() else {
            throw fault("JSON that is not an object", expected: "a JSON object")
        }
        return object
    }
}

package import LLoCOBase

extension FileBytes {
    /// The JSON value that the bytes `range` are; all of them by default.
    package func json(_ range: Range<Int>? = nil) throws -> JSONValue {
        let range = range ?? 0..<count
        do throws(JSONError) {
            return try JSONParser.parse(self[range])
        } catch {
            throw fault("\(error.found) at byte \(range.lowerBound + error.offset)", expected: "valid JSON")
        }
    }

    /// The JSON object that the whole file is.
    package func jsonObject() throws -> JSONObject {
        guard case .object(let object) = try json() else {
            throw fault("JSON that is not an object", expected: "a JSON object")
        }
        return object
    }
}

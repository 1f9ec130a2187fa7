import ArgumentParser
import Foundation

/// Token ids on the command line, as 1,2,3.
enum TokenIDs {
    /// - Throws: `ValidationError` that names the part that is not an id.
    static func parse(_ text: String) throws -> [Int] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            guard let id = Int(part.trimmingCharacters(in: .whitespaces)), id >= 0 else {
                throw ValidationError("--ids: '\(part)' is not a token id, expected comma-separated numbers")
            }
            return id
        }
    }
}

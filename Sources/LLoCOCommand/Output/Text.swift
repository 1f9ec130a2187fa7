import Foundation
import LLoCOBase

/// Formats numbers, tables and remarks for people.
enum Text {
    static func seconds(_ seconds: Double) -> String {
        seconds < 10 ? String(format: "%.2f s", seconds) : String(format: "%.0f s", seconds)
    }

    /// The remark that --max-tokens truncated generated text, `what`.
    static func cut(_ what: String, after tokens: Int) -> String {
        "\(what) was truncated after \(tokens) \(tokens == 1 ? "token" : "tokens"): --max-tokens allows no more"
    }

    /// The lines of a table with aligned columns; columns of numbers are aligned right.
    static func table(_ header: [String], _ rows: [[String]]) -> [String] {
        let rows = rows.map { $0.map { $0.printable(limit: 200) } }
        let columns = header.indices.map { column in [header[column]] + rows.map { $0[column] } }
        let widths = columns.map { $0.map(\.count).max() ?? 0 }
        let numeric = columns.map { column in
            column.dropFirst().allSatisfy { cell in
                cell.isEmpty || cell == "–" || Double(cell.replacingOccurrences(of: ",", with: "")) != nil
            }
        }
        return ([header] + rows).map { row in
            row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return numeric[column] ? padding + row[column] : row[column] + padding
            }.joined(separator: "  ").trimmingTrailingSpaces()
        }
    }
}

extension String {
    /// The text with spaces behind it up to `width` characters.
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

    fileprivate func trimmingTrailingSpaces() -> String {
        String(self[..<(lastIndex { $0 != " " }.map { index(after: $0) } ?? startIndex)])
    }
}

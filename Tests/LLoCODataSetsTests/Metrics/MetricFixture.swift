import Foundation

/// Values of public Python code, written by `Fixtures/make_metrics.py`.
enum MetricFixture {
    static func read<Rows: Decodable>(_ name: String, as type: Rows.Type = Rows.self) throws -> Rows {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: "Fixtures/\(name).json")))
    }
}

import Foundation
import LLoCOTestSupport

/// Reference values of public Python code, written by `Fixtures/make_metrics.py`.
enum MetricFixture {
    private static let folder = packageRoot.appending(path: "Tests/LLoCODataSetsTests/Fixtures")

    static func read<Rows: Decodable>(_ name: String, as type: Rows.Type = Rows.self) throws -> Rows {
        try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: "\(name).json")))
    }
}

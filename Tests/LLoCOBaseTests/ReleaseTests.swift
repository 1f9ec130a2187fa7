import Foundation
import LLoCOBase
import LLoCOTestSupport
import Testing

@Suite struct ReleaseTests {
    @Test func changelogBeginsWithTheRelease() throws {
        let text = try String(contentsOf: packageRoot.appending(path: "CHANGELOG.md"), encoding: .utf8)
        let headings = text.split(separator: "\n").filter { $0.hasPrefix("## [") && !$0.hasPrefix("## [Unreleased]") }
        #expect(headings.first?.hasPrefix("## [\(Release.version)]") == true)
    }
}

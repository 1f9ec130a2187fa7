import Foundation
import LLoCO
import LLoCOTestSupport
import Testing

/// Where a program finds what comes along: in a checkout, and where it is installed.
@Suite struct InstallationTests {
    private func make(_ folders: [String], in folder: TemporaryFolder) throws {
        for name in folders {
            try FileManager.default.createDirectory(
                at: folder.url.appending(path: name), withIntermediateDirectories: true)
        }
    }

    private func root(above file: String, in folder: TemporaryFolder) -> String? {
        Installation.above(folder.url.appending(path: file))?.standardizedFileURL.path
    }

    @Test func aCheckoutIsFoundAboveItsBuild() throws {
        let folder = try TemporaryFolder()
        try make(["lloco/Recipes", "lloco/Compressors", "lloco/.build/release"], in: folder)
        #expect(root(above: "lloco/.build/release/lloco", in: folder) == folder.path("lloco"))
    }

    @Test func anInstallationIsFoundBesideItsProgram() throws {
        let folder = try TemporaryFolder()
        try make(["usr/bin", "usr/share/lloco/Recipes", "usr/share/lloco/Compressors"], in: folder)
        #expect(root(above: "usr/bin/lloco", in: folder) == folder.path("usr/share/lloco"))
    }

    @Test func theNearestFolderCounts() throws {
        let folder = try TemporaryFolder()
        try make(["share/lloco/Recipes", "share/lloco/Compressors", "src/Recipes", "src/Compressors"], in: folder)
        #expect(root(above: "src/.build/lloco", in: folder) == folder.path("src"))
        #expect(root(above: "bin/lloco", in: folder) == folder.path("share/lloco"))
    }

    @Test func modelsLieInTheFolderOfDependenciesOrBesideTheRest() {
        let installed = Installation.dependencies(of: URL(filePath: "/usr/share/lloco"))
        #expect(installed.map(\.standardizedFileURL.path) == ["/usr/share/lloco/.deps", "/usr/share/lloco"])
        let dependent = Installation.dependencies(of: URL(filePath: "/app/.build/checkouts/lloco"))
        #expect(
            dependent.map(\.standardizedFileURL.path) == [
                "/app/.build/checkouts/lloco/.deps", "/app/.deps", "/app/.build/checkouts/lloco",
            ])
    }
}

import Foundation
import LLoCOTestSupport

enum CommandUnderTest {
    /// The command: `$LLOCO_COMMAND`, else the product that was built beside the tests.
    static let url: URL? = {
        if let given = TestFiles.environment("LLOCO_COMMAND") { return given }
        var folders: [URL] = []
        #if os(Linux)
            if let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
                folders.append(URL(fileURLWithPath: path).deletingLastPathComponent())
            }
        #endif
        // The test runner gets the path of the bundle, or lies in it.
        for argument in CommandLine.arguments where argument.contains("/") {
            folders.append(URL(fileURLWithPath: argument))
        }
        folders += Bundle.allBundles.map(\.bundleURL)
        for start in folders {
            var folder = start
            for _ in 0..<5 where folder.path != "/" {
                let file = folder.appending(path: "lloco")
                if FileManager.default.isExecutableFile(atPath: file.path), !isFolder(file) { return file }
                folder.deleteLastPathComponent()
            }
        }
        return nil
    }()

    private static func isFolder(_ url: URL) -> Bool {
        (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true
    }
}

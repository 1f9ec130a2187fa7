package import Foundation

/// The folder that holds `Tests`.
package let packageRoot: URL = {
    var url = URL(fileURLWithPath: #filePath)
    while url.path != "/", url.lastPathComponent != "Tests" { url.deleteLastPathComponent() }
    return url.deletingLastPathComponent()
}()

package import Foundation

/// The package's root folder, which contains `Tests`.
package let packageRoot: URL = {
    var url = URL(fileURLWithPath: #filePath)
    while url.path != "/", url.lastPathComponent != "Tests" { url.deleteLastPathComponent() }
    return url.deletingLastPathComponent()
}()

import Hummingbird
import NIOCore

/// The page, and the description of the API: files of the program's own, which hold no data.
struct PageRoutes: Sendable {
    private static let files: [(path: String, type: String, content: [UInt8])] = [
        ("/", "text/html; charset=utf-8", PackageResources.page_html),
        ("/page.css", "text/css; charset=utf-8", PackageResources.page_css),
        ("/page.js", "text/javascript; charset=utf-8", PackageResources.page_js),
        ("/openapi.json", "application/json", PackageResources.openapi_json),
    ]
    static let paths = files.map(\.path) + [icon]
    /// What browsers ask for by themselves; there is none.
    private static let icon = "/favicon.ico"

    func add(to router: Router<ServerContext>) {
        router.get(RouterPath(Self.icon)) { _, _ in Response(status: .noContent) }
        for file in Self.files {
            router.get(RouterPath(file.path)) { _, _ in
                Response(
                    status: .ok,
                    headers: [
                        .contentType: file.type, .cacheControl: "no-cache",
                        // Nothing from elsewhere runs in the page, and no other page shows it.
                        .contentSecurityPolicy:
                            "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
                        .xContentTypeOptions: "nosniff", .init("Referrer-Policy")!: "no-referrer",
                    ], body: .init(byteBuffer: ByteBuffer(bytes: file.content)))
            }
        }
    }
}

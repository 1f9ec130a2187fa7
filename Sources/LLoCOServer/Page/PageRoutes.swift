import HTTPTypes
import Hummingbird
import LLoCOBase
import NIOCore

/// The routes of the page and of the API's description: static files of the program, without data.
struct PageRoutes: Sendable {
    /// The files that `page.html` loads from `/page/`
    private static let files: [(name: String, content: [UInt8])] = [
        ("adding.js", PackageResources.adding_js),
        ("answers.js", PackageResources.answers_js),
        ("api.js", PackageResources.api_js),
        ("ask.js", PackageResources.ask_js),
        ("bytes.js", PackageResources.bytes_js),
        ("cards.js", PackageResources.cards_js),
        ("choice.js", PackageResources.choice_js),
        ("conversation.js", PackageResources.conversation_js),
        ("curve.js", PackageResources.curve_js),
        ("dialogs.js", PackageResources.dialogs_js),
        ("dom.js", PackageResources.dom_js),
        ("failures.js", PackageResources.failures_js),
        ("groups.js", PackageResources.groups_js),
        ("history.js", PackageResources.history_js),
        ("jobforms.js", PackageResources.jobforms_js),
        ("jobs.js", PackageResources.jobs_js),
        ("keys.js", PackageResources.keys_js),
        ("library.js", PackageResources.library_js),
        ("main.js", PackageResources.main_js),
        ("page.css", PackageResources.page_css),
        ("panel.js", PackageResources.panel_js),
        ("passages.js", PackageResources.passages_js),
        ("questions.js", PackageResources.questions_js),
        ("state.js", PackageResources.state_js),
        ("theme.js", PackageResources.theme_js),
        ("tuning.js", PackageResources.tuning_js),
        ("words.js", PackageResources.words_js),
    ]

    func add(to router: Router<ServerContext>) {
        router.get("/") { _, _ in Self.file("text/html; charset=utf-8", PackageResources.page_html) }
        router.get("/page/:file") { _, context in
            let name = try context.plainParameter("file")
            guard let file = Self.files.first(where: { $0.name == name }) else {
                throw APIError.notFound("the page has no file \"\(name.printable(limit: 60))\"")
            }
            let type = name.hasSuffix(".css") ? "text/css" : "text/javascript"
            return Self.file(type + "; charset=utf-8", file.content)
        }
        // Browsers request an icon unasked; the page has none.
        router.get("/favicon.ico") { _, _ in Response(status: .noContent) }
        router.get("/openapi.json") { _, _ in Self.file("application/json", PackageResources.openapi_json) }
    }

    private static func file(_ type: String, _ content: [UInt8]) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: type, .cacheControl: "no-cache",
                // No scripts of other origins, and no embedding in other pages.
                .contentSecurityPolicy:
                    "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
                .xContentTypeOptions: "nosniff", .init("Referrer-Policy")!: "no-referrer",
            ], body: .init(byteBuffer: ByteBuffer(bytes: content)))
    }
}

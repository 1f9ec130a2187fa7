import Foundation
import LLoCO
import LLoCOLibrary
import LLoCOModelTestSupport
import LLoCOServer
import LLoCOTestSupport
import Testing

/// `openapi.json` and the server's routes.
@Suite struct APIDescriptionTests {
    private let description: [String: Any]

    init() throws {
        let data = Data(Server.description)
        description = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private func server(jobs: Bool) throws -> Server {
        let library = Engine(try LoadedModel.tiny()).library(try SQLiteLibrary.inMemory())
        var configuration = ServerConfiguration()
        if jobs {
            let folder = FileManager.default.temporaryDirectory.appending(path: "lloco-\(UUID().uuidString)")
            configuration.jobs = .init(folder: folder, executable: URL(filePath: "/usr/bin/false"), options: [])
        }
        return Server(library, model: "tiny", configuration: configuration)
    }

    @Test func routesAndDescriptionAgree() throws {
        let routes = try server(jobs: true).routes.map { route in
            // ":id" becomes "{id}". The only catch-all is a model's name.
            let parts = route.split(separator: "/").map { part in
                part == "**" ? "{model}" : part.first == ":" ? "{\(part.dropFirst())}" : String(part)
            }
            return parts.count == 1 ? parts[0] + "/" : parts.joined(separator: "/")
        }
        let paths = try #require(description["paths"] as? [String: [String: Any]])
        let descriptions = paths.flatMap { path, methods in methods.keys.map { "\($0) \(path)" } }
        #expect(routes.sorted() == descriptions.sorted())
    }

    /// The routes without a key are those with empty `security` in the description.
    @Test func openRoutesAgreeWithTheDescription() throws {
        let paths = try #require(description["paths"] as? [String: [String: [String: Any]]])
        for (path, methods) in paths {
            let isOpen = methods.values.allSatisfy { ($0["security"] as? [Any])?.isEmpty == true }
            #expect(isOpen == Server.isOpen(path), "\(path)")
        }
    }

    @Test func withoutJobsThereAreNoUploadAndJobRoutes() throws {
        let paths = try server(jobs: false).routes
        #expect(!paths.contains { $0.contains("upload") || $0.contains("jobs") })
    }

    @Test func theVersionIsThatOfTheRelease() throws {
        let info = try #require(description["info"] as? [String: Any])
        #expect(info["version"] as? String == Release.version)
    }
}

import Crypto
import Foundation
import LLoCOTestSupport
import Testing

/// Documents and jobs of `lloco serve`, over a real socket.
@Suite struct ServedDocumentsTests {
    private typealias Call = ServerUnderTest.Call

    private static func text(_ item: String, sentences: Int = 60) -> String {
        Sample.text(item, sentences: sentences)
    }

    /// A text that takes some seconds to add.
    private static let manyFiles = (0..<100).map { (name: "file \($0).txt", text: text("dam \($0)")) }

    @Test func documentsAreAddedAskedAndRemoved() async throws {
        let place = try await Workplace.furnished()
        let server = try await ServerUnderTest.start(place)
        let text = Self.text("dam")
        let upload = try await server.upload([("a dam.txt", text), ("hill.md", Self.text("hill"))])
        let (job, events) = try await server.job(#"{"kind": "add", "group": "new/ä", "upload": "\#(upload)"}"#)
        #expect(job["state"] as? String == "done", "\(job) \(events)")
        #expect(events.first?["state"] as? String == "running" && events.last?["state"] as? String == "done")
        #expect(events.compactMap { $0["document"] as? String } == ["a dam.txt", "hill.md"])
        #expect(events.contains { $0["type"] as? String == "progress" })
        let group = try await server.send(Call("/lloco/v1/groups/new%2F%C3%A4"))
        #expect(group.object["documents"] as? Int == 2 && group.object["adapter"] is NSNull, "\(group)")
        let listed = try await server.send(Call("/lloco/v1/documents?group=new%2F%C3%A4"))
        let documents = listed.object["documents"] as? [[String: Any]] ?? []
        let id = try #require(documents.first?["id"] as? Int)
        #expect(documents.allSatisfy { $0["complete"] as? Bool == true })
        var part = Call("/lloco/v1/documents/\(id)/text")
        part.headers = ["Range": "bytes=3-12"]
        let replies = try await server.send([
            Call("/lloco/v1/documents/\(id)/text"), part, .ask("new/ä", "What?", #""max_tokens": 4"#),
            Call("/lloco/v1/search", #"{"query": "dam", "group": "new/ä", "limit": 2}"#),
            Call("/lloco/v1/documents/\(id)"), Call("/v1/models/new/%C3%A4:full"),
        ])
        #expect(replies.map(\.status) == [200, 206, 200, 200, 200, 200], "\(replies)")
        #expect(replies[0].body == text && replies[1].body == String(text.dropFirst(3).prefix(10)))
        let found = replies[3].object["passages"] as? [[String: Any]] ?? []
        #expect(found.count == 2 && found.allSatisfy { ($0["document_id"] as? Int).map { $0 >= id } == true })
        // The same file, longer, is the same document.
        let again = try await server.upload([("a dam.txt", text + "\n\nIt broke.")])
        _ = try await server.job(#"{"kind": "add", "group": "new/ä", "upload": "\#(again)"}"#)
        #expect(
            try await server.send(Call("/lloco/v1/documents/\(id)")).object["bytes"] as? Int == text.utf8.count + 11)
        let gone = try await server.send(.delete("/lloco/v1/documents/\(id)"))
        #expect(gone.status == 204)
        #expect(try await server.send(Call("/lloco/v1/documents/\(id)")).status == 404)
        #expect(try await server.send(.delete("/lloco/v1/groups/new%2F%C3%A4")).status == 204)
        let models = try await server.send(Call("/v1/models")).body
        #expect(!models.contains("new"))
        let jobs = try await server.send(Call("/lloco/v1/jobs")).object["jobs"] as? [[String: Any]] ?? []
        #expect(jobs.count == 2)
        for job in jobs {
            #expect(try await server.send(.delete("/lloco/v1/jobs/\(job["id"] as? String ?? "")")).status == 204)
        }
        try await server.end().expectSuccess()
    }

    @Test func aGroupIsTuned() async throws {
        let place = try await Workplace.furnished()
        let server = try await ServerUnderTest.start(place)
        let questions = #"{"id": "river.txt", "questions": [{"id": "1", "question": "What?", "answers": ["This."]}]}"#
        let upload = try await server.upload([("q.jsonl", questions + "\n")])
        let (job, events) = try await server.job(
            #"{"kind": "finetune", "group": "g", "upload": "\#(upload)", "epochs": 3}"#)
        #expect(job["state"] as? String == "done", "\(job) \(events)")
        let steps = events.filter { $0["type"] as? String == "step" }
        #expect(steps.count == 3 && steps.allSatisfy { $0["loss"] is Double && $0["total"] as? Int == 3 })
        let group = try await server.send(Call("/lloco/v1/groups/g")).object
        #expect(group["reads_with"] as? String == "own" && group["adapter"] is [String: Any])
        #expect(try await server.send(.ask("g", "What?", #""max_tokens": 4"#)).status == 200)
        try await server.end().expectSuccess()
    }

    @Test func invalidRequestsAreRefused() async throws {
        let place = try await Workplace.furnished()
        let server = try await ServerUnderTest.start(place)
        let upload = try await server.upload([("a.pdf", "x")])
        let (job, _) = try await server.job(#"{"kind": "add", "group": "g", "upload": "\#(upload)"}"#)
        #expect(job["state"] as? String == "failed" && (job["error"] as? String)?.contains("a.pdf") == true, "\(job)")
        #expect((job["error"] as? String)?.contains(place.folder.path) == false)
        var plain = Call("/lloco/v1/uploads", "x")
        plain.headers = ["Content-Type": "text/plain"]
        var announced = Call("/lloco/v1/uploads", "x")
        announced.headers = ["Content-Type": "multipart/form-data; boundary=x", "Content-Length": "99999999999"]
        var outside = Call("/lloco/v1/documents/1/text")
        outside.headers = ["Range": "bytes=99999999-"]
        let cases: [(Call, Int, String)] = [
            (plain, 400, "multipart/form-data"), (announced, 413, "more than"), (outside, 416, "Range"),
            (Call.upload([("..", "x")]), 400, "not a valid file name"),
            (Call.upload([("a", "x"), ("a", "y")]), 409, "two files"),
            (Call.upload([]), 400, "no file"), (Call("/lloco/v1/jobs", "{}"), 400, "kind"),
            (Call("/lloco/v1/jobs", #"{"kind": "add", "group": "g"}"#), 400, "upload"),
            (Call("/lloco/v1/jobs", #"{"kind": "add", "group": "g", "upload": "../jobs"}"#), 404, "upload"),
            (Call("/lloco/v1/jobs", #"{"kind": "finetune", "group": "none"}"#), 404, "none"),
            (Call("/lloco/v1/jobs", #"{"kind": "add", "group": "a\u0000", "upload": "x"}"#), 400, "group"),
            (Call("/lloco/v1/jobs", #"{"kind": "add", "group": "g", "upload": "x", "epochs": 2}"#), 404, "upload"),
            (Call("/lloco/v1/jobs/nope"), 404, "job"), (Call("/lloco/v1/documents/0"), 404, "document"),
            (Call("/lloco/v1/documents/x"), 404, "document"), (Call("/lloco/v1/groups/x"), 404, "group"),
            (Call("/lloco/v1/search", #"{"query": "x", "group": "x"}"#), 404, "group"),
            (.delete("/lloco/v1/uploads/" + String(repeating: "0", count: 32)), 404, "upload"),
            (Call("/v1/chat/completions", String(repeating: " ", count: 9 << 20)), 413, "more than"),
        ]
        for (call, status, part) in cases {
            let reply = try await server.send(call)
            let message = reply.error["message"] as? String ?? ""
            #expect(reply.status == status && message.contains(part), "\(call.path): \(reply)")
            #expect(!reply.body.contains(place.folder.path))
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: place.path("library.lloco.jobs/uploads"))
        #expect(left.isEmpty)
        try await server.end().expectSuccess()
    }

    /// A killed server leaves no job running. After a restart it resumes the job.
    @Test func jobsSurviveAKill() async throws {
        let place = try await Workplace.furnished()
        var server = try await ServerUnderTest.start(place)
        let upload = try await server.upload(Self.manyFiles)
        let job = try await server.send(
            Call("/lloco/v1/jobs", #"{"kind": "add", "group": "g", "upload": "\#(upload)"}"#))
        let id = try #require(job.object["id"] as? String)
        for _ in 0..<2 {
            var done = 0
            while done == 0 {
                try await Task.sleep(for: .milliseconds(50))
                let now = try await server.send(Call("/lloco/v1/jobs/\(id)")).object
                try #require(["waiting", "running"].contains(now["state"] as? String ?? ""), "\(now)")
                done = (now["progress"] as? [String: Any])?["done"] as? Int ?? 0
            }
            server.command.send(SIGKILL)
            _ = try await server.command.end()
            server = try await ServerUnderTest.start(place)
        }
        let events = try await server.send(Call("/lloco/v1/jobs/\(id)/events")).events
        #expect(events.last?["state"] as? String == "done", "\(events.suffix(3))")
        #expect(events.count { $0["state"] as? String == "running" } == 3)
        let listed = try await server.send(Call("/lloco/v1/documents?group=g")).object["documents"] as? [[String: Any]]
        let added = try #require(listed).filter { ($0["name"] as? String)?.hasPrefix("file ") == true }
        #expect(added.count == 100 && added.allSatisfy { $0["complete"] as? Bool == true })
        try await server.end().expectSuccess()
    }

    @Test func aJobIsCancelled() async throws {
        let place = try await Workplace.furnished()
        let server = try await ServerUnderTest.start(place)
        func submit() async throws -> String {
            let upload = try await server.upload(Self.manyFiles)
            let job = try await server.send(
                Call("/lloco/v1/jobs", #"{"kind": "add", "group": "g", "upload": "\#(upload)"}"#))
            return try #require(job.object["id"] as? String)
        }
        let (first, second) = (try await submit(), try await submit())
        #expect(try await server.send(.delete("/lloco/v1/jobs/\(first)")).status == 409)
        for id in [second, first] {
            let cancelled = try await server.send(Call("/lloco/v1/jobs/\(id)/cancel", " "))
            #expect(cancelled.status == 202 && cancelled.object["state"] as? String == "cancelled", "\(cancelled)")
            let last = try await server.send(Call("/lloco/v1/jobs/\(id)/events")).events.last
            #expect(last?["state"] as? String == "cancelled")
        }
        // Another job is queued behind it.
        let upload = try await server.upload([("short.txt", Self.text("road"))])
        let (job, _) = try await server.job(#"{"kind": "add", "group": "g", "upload": "\#(upload)"}"#)
        #expect(job["state"] as? String == "done", "\(job)")
        try await server.end().expectSuccess()
    }

    /// A key of one group gives no access to another group, on any documented route.
    @Test func aKeyOfOneGroupRevealsNoOther() async throws {
        let place = try await Workplace.furnished()
        func line(_ key: String, _ rest: String) -> String {
            SHA256.hash(data: Data(key.utf8)).map { String(format: "%02x", $0) }.joined() + " " + rest + "\n"
        }
        try place.write("keys", text: line("one", "write h") + line("reader", "read h") + line("all", "admin *"))
        let server = try await ServerUnderTest.start(place, ["--port", "0", "--api-key-file", "keys"])
        let upload = try await server.upload([("secret.txt", Self.text("secret"))], key: "all")
        let (job, _) = try await server.job(#"{"kind": "add", "group": "g", "upload": "\#(upload)"}"#, key: "all")
        let documents = try await server.send(Call("/lloco/v1/documents?group=g").with(key: "all"))
        let id = try #require(
            (documents.object["documents"] as? [[String: Any]])?.first { $0["name"] as? String == "secret.txt" }?["id"])
        let description = try await server.send(Call("/openapi.json"))
        let paths = try #require(description.object["paths"] as? [String: [String: [String: Any]]])
        let bodies = [
            "/v1/chat/completions": #"{"model": "g", "messages": [{"role": "user", "content": "x"}]}"#,
            "/v1/completions": #"{"model": "g", "prompt": "x"}"#, "/v1/responses": #"{"model": "g", "input": "x"}"#,
            "/api/chat": #"{"model": "g", "messages": [{"role": "user", "content": "x"}]}"#,
            "/api/generate": #"{"model": "g", "prompt": "x"}"#, "/api/show": #"{"model": "g"}"#,
            "/lloco/v1/search": #"{"query": "secret", "group": "g"}"#,
            "/lloco/v1/jobs": #"{"kind": "finetune", "group": "g"}"#,
        ]
        var tried = 0
        for (path, methods) in paths {
            for (method, operation) in methods {
                let isOpen = (operation["security"] as? [Any])?.isEmpty == true
                var call = Call(
                    path.replacing("{group}", with: "g").replacing("{document}", with: "\(id)")
                        .replacing("{model}", with: "g").replacing("{file}", with: "main.js").replacing(
                            "{job}", with: job["id"] as? String ?? ""
                        )
                        .replacing("{upload}", with: upload), method == "get" ? nil : bodies[path] ?? " ")
                call.method = method.uppercased()
                let without = try await server.send(call)
                #expect(isOpen ? without.status < 300 : without.status == 401, "\(method) \(path): \(without)")
                guard !isOpen else { continue }
                for key in ["one", "reader"] where path != "/lloco/v1/stop" {
                    let reply = try await server.send(call.with(key: key))
                    tried += 1
                    let names = path.contains("{") || (method == "post" && bodies[path] != nil)
                    #expect(!names || [403, 404].contains(reply.status), "\(method) \(path) with \(key): \(reply)")
                    #expect(!reply.body.contains("secret"), "\(method) \(path) with \(key): \(reply)")
                }
            }
        }
        #expect(tried > 40)
        let mixed = try await server.send([
            Call.ask("h", "x", #""max_tokens": 2, "lloco": {"documents": ["secret.txt"]}"#).with(key: "one"),
            Call("/lloco/v1/search", #"{"query": "secret", "group": "h", "documents": ["secret.txt"]}"#).with(
                key: "one"),
            Call("/lloco/v1/jobs", #"{"kind": "add", "group": "g", "upload": "x"}"#).with(key: "one"),
            Call("/lloco/v1/jobs", #"{"kind": "finetune", "group": "h"}"#).with(key: "reader"),
            Call("/metrics").with(key: "one"), Call("/lloco/v1/stop", " ").with(key: "one"),
        ])
        #expect(mixed.map(\.status) == [404, 404, 404, 403, 403, 403], "\(mixed)")
        try await server.end().expectSuccess()
    }
}

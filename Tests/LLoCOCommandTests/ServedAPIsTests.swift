import Foundation
import LLoCOTestSupport
import Testing

/// Other clients of `lloco serve`: OpenAI's responses, Ollama's API, the command itself, and monitoring.
@Suite struct ServedAPIsTests {
    private typealias Call = ServerUnderTest.Call

    private func object(_ json: Substring) -> [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(json.utf8))) as? [String: Any] ?? [:]
    }

    @Test func allAPIsGiveTheSameAnswer() async throws {
        let place = try await Workplace.furnished()
        let server = try await ServerUnderTest.start(place)
        let options = #""options": {"num_predict": 8}"#
        let message = #""messages": [{"role": "user", "content": "What is item 1?"}]"#
        let replies = try await server.send([
            .ask("g", "What is item 1?", #""max_tokens": 8"#),
            Call("/v1/responses", #"{"model": "g", "input": "What is item 1?", "max_output_tokens": 8}"#),
            Call(
                "/v1/responses",
                #"{"model": "g", "input": [{"role": "user", "content": [{"type": "input_text", "text": "What is item 1?"}]}], "max_output_tokens": 8, "stream": true}"#
            ),
            Call("/api/chat", #"{"model": "g", "stream": false, \#(message), \#(options)}"#),
            Call("/api/chat", #"{"model": "g", \#(message), \#(options)}"#),
            Call("/api/generate", #"{"model": "g", "prompt": "What is item 1?", \#(options)}"#),
        ])
        #expect(replies.allSatisfy { $0.status == 200 }, "\(replies)")
        let text = replies[0].text()
        let response = replies[1].object
        let output = (response["output"] as? [[String: Any]])?.first?["content"] as? [[String: Any]]
        #expect(output?.first?["text"] as? String == text)
        #expect(response["status"] as? String == "incomplete" && response["error"] is NSNull)
        let events = replies[2].body.components(separatedBy: "\n\n").filter { !$0.isEmpty }.map { event in
            let line = event.split(separator: "\n").last ?? ""
            return object(line.dropFirst("data: ".count))
        }
        #expect(events.map { $0["sequence_number"] as? Int } == Array(0..<events.count))
        #expect(
            events.first?["type"] as? String == "response.created"
                && events.last?["type"] as? String == "response.incomplete")
        #expect(replies[2].body.hasPrefix("event: response.created\n"))
        let deltas = events.compactMap { $0["delta"] as? String }.joined()
        #expect(deltas.trimmingCharacters(in: .whitespacesAndNewlines) == text)
        #expect((replies[3].object["message"] as? [String: Any])?["content"] as? String == text)
        #expect(replies[3].object["done_reason"] as? String == "length" && replies[3].object["eval_count"] as? Int == 8)
        for (reply, key) in [(replies[4], "message"), (replies[5], "response")] {
            let lines = reply.body.split(separator: "\n").map(object)
            let pieces: [String] = lines.map { line in
                (line[key] as? [String: Any])?["content"] as? String ?? line[key] as? String ?? ""
            }
            #expect(pieces.joined().trimmingCharacters(in: .whitespacesAndNewlines) == text)
            #expect(
                lines.last?["done"] as? Bool == true && lines.dropLast().allSatisfy { $0["done"] as? Bool == false })
        }
        try await server.end().expectSuccess()
    }

    @Test func ollamasClientsWork() async throws {
        let place = try await Workplace.furnished()
        let server = try await ServerUnderTest.start(place)
        let replies = try await server.send([
            Call("/api/version"), Call("/api/tags"), Call("/api/show", #"{"model": "g:latest"}"#),
            Call("/api/embed", #"{"model": "m", "input": ["a", "b"]}"#), Call("/api/show", #"{"model": "x"}"#),
            Call("/api/chat", #"{"model": "g", "messages": [{"role": "user", "content": "x"}], "format": "json"}"#),
            Call("/api/generate", #"{"model": "g", "prompt": "x", "options": {"mirostat": 1}}"#),
        ])
        #expect(replies.map(\.status) == [200, 200, 200, 200, 404, 400, 400], "\(replies)")
        let models = replies[1].object["models"] as? [[String: Any]] ?? []
        #expect(models.compactMap { $0["name"] as? String } == ["autocompressor", "g", "h"])
        #expect((replies[3].object["embeddings"] as? [[Double]])?.count == 2)
        #expect(replies[4...].allSatisfy { $0.object["error"] is String })
        try await server.end().expectSuccess()
    }

    @Test func theCommandAsksAServer() async throws {
        let place = try await Workplace.furnished()
        let server = try await ServerUnderTest.start(place)
        let address = "http://127.0.0.1:\(server.address)"
        let local = try await place.run(
            ["ask", "What is item 1?", "--group", "g", "--max-tokens", "8", "--json"] + Sample.segment
        ).expectSuccess().object()
        let arguments = ["ask", "What is item 1?", "--max-tokens", "8", "--server", address]
        let served = try await place.run(arguments + ["--group", "g", "--json"]).expectSuccess().object()
        #expect(Set(local.keys) == Set(served.keys))
        for key in ["answer", "mode"] { #expect(local[key] as? String == served[key] as? String) }
        for key in ["context_tokens", "prompt_tokens", "generated_tokens"] {
            #expect(local[key] as? Int == served[key] as? Int, "\(key)")
        }
        #expect(local["documents"] as? [String] == served["documents"] as? [String])
        let plain = try await place.run(arguments + ["--group", "h"]).expectSuccess()
        #expect(plain.outputText.contains("hybrid from "))
        try await place.run(arguments).expectFailure("--group", "g, h")
        try await place.run(arguments + ["--group", "none"]).expectFailure("none")
        try await place.run(arguments + ["--group", "g", "--no-adapter"]).expectUsage("--no-adapter")
        let status = try await place.run(["ps", "--server", address, "--json"]).expectSuccess().object()
        #expect(status["groups"] as? [String] == ["g", "h"] && status["model"] as? String == "autocompressor")
        try await place.run(["stop", "--server", address]).expectSuccess()
        try await server.command.end().expectSuccess()
        try await place.run(["ps", "--server", address]).expectFailure("no server")
    }

    @Test func metricsAndLogs() async throws {
        let place = try await Workplace.furnished()
        let server = try await ServerUnderTest.start(place, ["--port", "0", "--log-level", "info"])
        _ = try await server.send([
            .ask("g", "What is item 1?", #""max_tokens": 4"#), Call("/nowhere/secret"), Call("/v1/models/g"),
        ])
        let metrics = try await server.send(Call("/metrics"))
        #expect(metrics.type.hasPrefix("text/plain"))
        for line in [
            "lloco_generated_tokens_total 4", "lloco_answers_admitted 0", "lloco_first_token_seconds_count 1",
            #"lloco_requests_total{route="/v1/chat/completions",method="POST",status="200"} 1"#,
            #"lloco_requests_total{route="NotFound",method="GET",status="404"} 1"#, #"lloco_jobs{state="running"} 0"#,
        ] { #expect(metrics.body.contains(line + "\n"), "\(line): \(metrics.body)") }
        let log = try await server.end().expectSuccess().errorText
        let lines = log.split(separator: "\n").map(object)
        #expect(lines.contains { $0["route"] as? String == "/v1/chat/completions" && $0["status"] as? String == "200" })
        #expect(lines.filter { $0["message"] as? String == "request" }.allSatisfy { $0["request"] is String }, "\(log)")
        #expect(!log.contains("secret") && !log.contains("item 1"))
    }

    @Test func requestsOverTheLimitAreRefused() async throws {
        let place = try await Workplace.furnished()
        let server = try await ServerUnderTest.start(place)
        let many = (0..<17).map { _ in Call.ask("g", "What?", #""max_tokens": 200, "n": 8, "temperature": 1"#) }
        let replies = try await server.send(many)
        let refused = replies.filter { $0.status == 503 }
        #expect(refused.count >= 1 && replies.filter { $0.status == 200 }.count >= 16, "\(replies.map(\.status))")
        #expect(refused.allSatisfy { $0.error["code"] as? String == "busy" })
        // All slots are free again.
        #expect(try await server.send(.ask("g", "What?", #""max_tokens": 2, "n": 8"#)).status == 200)
        let metrics = try await server.send(Call("/metrics")).body
        #expect(metrics.contains("lloco_answers_admitted 0\n") && metrics.contains("lloco_answers_refused_total"))
        try await server.end().expectSuccess()
    }

    /// A failing stream has the status of its error.
    @Test func aFailingStreamReportsItsError() async throws {
        let place = try await Workplace.furnished()
        let server = try await ServerUnderTest.start(place)
        let long = String(repeating: "word ", count: 5000)
        let replies = try await server.send([
            .ask("g", long, #""stream": true"#),
            Call("/api/chat", #"{"model": "g", "messages": [{"role": "user", "content": "\#(long)"}]}"#),
        ])
        #expect(replies.map(\.status) == [400, 400], "\(replies)")
        try await server.end().expectSuccess()
    }

    @Test func toolsOverStdio() async throws {
        let place = try await Workplace.furnished()
        try place.write("in.txt", text: Sample.text("dam", sentences: 30))
        try FileManager.default.createDirectory(atPath: place.path("open"), withIntermediateDirectories: true)
        try place.write("open/road.txt", text: Sample.text("road", sentences: 30))
        func call(_ id: Int, _ name: String, _ arguments: String) -> String {
            #"{"jsonrpc": "2.0", "id": \#(id), "method": "tools/call", "params": {"name": "\#(name)", "arguments": {\#(arguments)}}}"#
        }
        let lines = [
            #"{"jsonrpc": "2.0", "id": "i", "method": "initialize", "params": {"protocolVersion": "2025-03-26"}}"#,
            #"{"jsonrpc": "2.0", "method": "notifications/initialized"}"#, "no JSON",
            #"{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}"#, #"{"jsonrpc": "2.0", "id": 2, "method": "x"}"#,
            call(3, "list", ""), call(4, "ask", #""question": "What is item 1?", "group": "g", "max_tokens": 8"#),
            call(5, "search", #""query": "item", "group": "h", "limit": 1"#),
            call(6, "ask", #""question": "x", "group": "none""#), call(7, "nope", ""),
            call(8, "add", #""group": "n", "path": "\#(place.path("in.txt"))""#),
            call(9, "add", #""group": "n", "path": "\#(place.path("open/../in.txt"))""#),
            call(10, "add", #""group": "n", "path": "\#(place.path("open/road.txt"))""#),
        ]
        let outcome = try await place.run(
            ["mcp", "--folder", "open"] + Sample.segment, input: lines.joined(separator: "\n") + "\n"
        ).expectSuccess()
        var replies: [String: [String: Any]] = [:]
        for reply in try outcome.objects() { replies["\(reply["id"] ?? "")"] = reply }
        func text(_ id: Int) -> String {
            let result = replies["\(id)"]?["result"] as? [String: Any]
            return ((result?["content"] as? [[String: Any]])?.first?["text"] as? String) ?? ""
        }
        func isError(_ id: Int) -> Bool? { (replies["\(id)"]?["result"] as? [String: Any])?["isError"] as? Bool }
        func code(_ id: String) -> Int? { (replies[id]?["error"] as? [String: Any])?["code"] as? Int }
        #expect((replies["i"]?["result"] as? [String: Any])?["protocolVersion"] as? String == "2025-03-26")
        #expect(code("<null>") == -32700 && code("2") == -32601 && code("7") == -32602, "\(replies)")
        #expect(text(3).contains("g: ") && text(3).contains("h: "))
        #expect(isError(4) == false && text(4).contains("Passages: "))
        #expect(isError(5) == false && text(5).contains("item"))
        #expect(isError(6) == true && text(6).contains("none"))
        #expect(isError(8) == true && isError(9) == true && text(9).contains("no folder"))
        #expect(isError(10) == false && text(10).hasPrefix("road.txt: "))
        try await place.run("show", "road.txt").expectSuccess()
    }
}

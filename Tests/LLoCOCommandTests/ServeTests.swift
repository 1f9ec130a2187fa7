import Crypto
import Foundation
import LLoCOTestSupport
import Testing

/// `lloco serve` over a real socket.
@Suite struct ServeTests {
    private typealias Call = ServerUnderTest.Call

    /// Concurrent questions to two groups and the base model, in several modes, get the answers of separate ones.
    @Test func concurrentAnswersEqualSeparateOnes() async throws {
        let place = try await Workplace.furnished()
        let server = try await ServerUnderTest.start(place)
        let targets: [(model: String, ask: [String])] = [
            ("g", ["--group", "g"]), ("h", ["--group", "h"]),
            ("g:compressed", ["--group", "g", "--mode", "compressed"]),
            ("h:full", ["--group", "h", "--mode", "full"]), ("g:retrieval", ["--group", "g", "--mode", "retrieval"]),
            ("h:latest", ["--group", "h"]), ("autocompressor", ["--mode", "none"]),
        ]
        let questions = ["What is item 1?", "Which road has a chapter?"]
        var calls: [Call] = []
        for question in questions {
            for (model, _) in targets {
                calls.append(.ask(model, question, #""max_tokens": 12"#))
                calls.append(.ask(model, question, #""max_tokens": 12, "stream": true"#))
            }
        }
        let replies = try await server.send(calls)
        #expect(replies.allSatisfy { $0.status == 200 }, "\(replies)")
        var alone: [String] = []
        for question in questions {
            for (_, options) in targets {
                let answer = try await place.run(
                    ["ask", question, "--max-tokens", "12", "--json"] + options + Sample.segment
                ).expectSuccess().object()
                alone.append(try #require(answer["answer"] as? String))
            }
        }
        for (index, text) in alone.enumerated() {
            #expect(replies[2 * index].text() == text)
            let streamed = replies[2 * index + 1].text().trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(streamed == text)
        }
        #expect(Set(alone).count > 4, "the groups' answers differ")
        let whole = replies[0].object
        #expect(whole["object"] as? String == "chat.completion" && whole["model"] as? String == "g")
        let usage = try #require(whole["usage"] as? [String: Int])
        #expect(usage["total_tokens"] == (usage["prompt_tokens"] ?? 0) + (usage["completion_tokens"] ?? 0))
        let basis = try #require(whole["lloco"] as? [String: Any])
        #expect(basis["mode"] as? String == "hybrid" && (basis["documents"] as? [String])?.isEmpty == false)
        let events = replies[1].events
        #expect(
            events.first?["object"] as? String == "chat.completion.chunk"
                && replies[1].body.hasSuffix("data: [DONE]\n\n"))
        #expect(try await server.end().expectSuccess().errorText.isEmpty)
    }

    @Test func requestedFieldsAreReturned() async throws {
        let place = try await Workplace.furnished()
        let server = try await ServerUnderTest.start(place, ["--socket", "lloco.sock"])
        let replies = try await server.send([
            Call("/healthz"), Call("/v1/models"), Call("/v1/models/g:full"),
            .ask("g", "What?", #""max_tokens": 4, "n": 3, "temperature": 1, "seed": 5"#),
            .ask("g", "What?", #""max_tokens": 4, "n": 3, "temperature": 1, "seed": 5"#),
            .ask("g", "What?", #""max_tokens": 4, "stream": true, "stream_options": {"include_usage": true}"#),
            .ask(
                "h", "What?",
                #""max_tokens": 4, "lloco": {"documents": ["letter.txt"], "mode": "compressed", "budget": "1/60"}"#),
        ])
        #expect(replies.map(\.status) == Array(repeating: 200, count: 7), "\(replies)")
        let models = replies[1].object["data"] as? [[String: Any]] ?? []
        #expect(models.compactMap { $0["id"] as? String } == ["autocompressor", "g", "h"])
        #expect(models.last?["parent"] as? String == "autocompressor")
        #expect(replies[2].object["root"] as? String == "autocompressor")
        #expect(Set((0..<3).map { replies[3].text(choice: $0) }).count > 1)
        #expect((0..<3).allSatisfy { replies[3].text(choice: $0) == replies[4].text(choice: $0) })
        let usage = replies[5].events.last?["usage"] as? [String: Int]
        #expect(usage?["completion_tokens"] == 4)
        let basis = replies[6].object["lloco"] as? [String: Any]
        #expect(basis?["mode"] as? String == "compressed" && basis?["documents"] as? [String] == ["letter.txt"])
        try await server.end().expectSuccess()
    }

    /// Completions of a text, log probabilities, and embeddings.
    @Test func completionsAndEmbeddings() async throws {
        let place = try await Workplace.furnished()
        try place.write("road.txt", text: "A road.")
        let server = try await ServerUnderTest.start(place)
        let complete = #"{"model": "autocompressor", "prompt": "The river of", "max_tokens": 5"#
        let replies = try await server.send([
            Call("/v1/completions", complete + #", "logprobs": 2}"#),
            Call("/v1/completions", complete + #", "stream": true}"#),
            .ask("g", "What?", #""max_tokens": 3, "logprobs": true, "top_logprobs": 2"#),
            .ask("g", "What?", #""max_tokens": 3, "logprobs": true, "stream": true"#),
            Call("/v1/embeddings", #"{"model": "any", "input": ["A road.", "A mill."]}"#),
            Call("/v1/embeddings", #"{"model": "any", "input": "A road.", "encoding_format": "base64"}"#),
            Call("/v1/embeddings", #"{"model": "any", "input": []}"#),
        ])
        #expect(replies.map(\.status) == [200, 200, 200, 200, 200, 200, 400], "\(replies)")
        let generated = try await place.run("generate", "The river of", "--max-tokens", "5", "--json").expectSuccess()
            .object()
        let choice = (replies[0].object["choices"] as? [[String: Any]])?.first
        #expect(choice?["text"] as? String == generated["text"] as? String)
        let streamed = replies[1].events.compactMap { ($0["choices"] as? [[String: Any]])?.first?["text"] as? String }
        #expect(streamed.joined() == generated["text"] as? String)
        let likely = choice?["logprobs"] as? [String: Any]
        let logs = likely?["token_logprobs"] as? [Double] ?? []
        #expect(logs.count == 5 && logs.allSatisfy { $0 < 0 })
        #expect((likely?["tokens"] as? [String])?.joined() == generated["text"] as? String)
        // Greedy: the chosen token is the most likely one.
        let best = (likely?["top_logprobs"] as? [[String: Double]] ?? []).map { $0.values.max() ?? 0 }
        #expect(best == logs)
        for reply in [replies[2].object, replies[3].events.last { $0["choices"] != nil } ?? [:]] {
            let choice = (reply["choices"] as? [[String: Any]])?.first
            let content = (choice?["logprobs"] as? [String: Any])?["content"] as? [[String: Any]]
            #expect(content?.count == 3 && content?.allSatisfy { $0["logprob"] is Double } == true, "\(reply)")
        }
        let vectors = (replies[4].object["data"] as? [[String: Any]] ?? []).compactMap { $0["embedding"] as? [Double] }
        let embedded = try await place.run("embed", "road.txt", "--json").expectSuccess().object()
        #expect(vectors.count == 2 && vectors.first == embedded["vector"] as? [Double])
        let text = (replies[5].object["data"] as? [[String: Any]])?.first?["embedding"] as? String ?? ""
        #expect(Data(base64Encoded: text)?.count == 4 * (vectors.first?.count ?? 0))
        try await server.end().expectSuccess()
    }

    @Test func invalidRequestsAreRefused() async throws {
        let place = try await Workplace.furnished()
        let server = try await ServerUnderTest.start(place)
        let wrong: [(Call, status: Int, part: String)] = [
            (Call("/nowhere"), 404, "/nowhere"), (Call("/v1/models/none"), 404, "none"),
            (.delete("/v1/models"), 405, "expected GET, HEAD"), (Call("/v1/completions"), 405, "expected POST"),
            (.ask("none", "What?"), 404, #""none""#), (.ask("g:sideways", "What?"), 404, "g:sideways"),
            (.ask("g", ""), 400, "empty"), (.ask("g", "What?", #""max_tokens": 0"#), 400, "max_tokens"),
            (.ask("g", "What?", #""n": 99"#), 400, #""n""#),
            (.ask("g", "What?", #""temperature": "hot""#), 400, "temperature"),
            (.ask("g", "What?", #""tools": [{"type": "function"}]"#), 400, "tools"),
            (.ask("g", "What?", #""lloco": {"mode": "sideways"}"#), 400, "sideways"),
            (.ask("g", "What?", #""lloco": {"documents": ["letter.txt"]}"#), 404, "letter.txt"),
            (.ask("autocompressor:full", "What?"), 404, "needs documents"),
            (.ask("g", String(repeating: "What is it? ", count: 4000)), 400, "window"),
            (.ask("\u{FF47}", "What?"), 404, "does not exist"), (.ask("g\u{37E}", "What?"), 404, "does not exist"),
            (.ask("g", "What?", #""lloco": {"documents": ["\u212A.txt"]}"#), 404, "no document"),
            (.ask("g", "What?", #""stop": ["\#(String(repeating: "x", count: 300))"]"#), 400, "stop"),
            (Call("/v1/chat/completions", "{"), 400, "JSON"), (Call("/v1/chat/completions", "[]"), 400, "object"),
            (
                Call("/v1/chat/completions", #"{"model": "g", "messages": [{"role": "robot", "content": "x"}]}"#), 400,
                "role"
            ),
        ]
        let replies = try await server.send(wrong.map(\.0))
        for (reply, (call, status, part)) in zip(replies, wrong) {
            let message = reply.error["message"] as? String ?? ""
            #expect(reply.status == status && message.contains(part), "\(call): \(reply)")
        }
        // Refused requests leave nothing behind.
        #expect(try await server.send(.ask("g", "What?", #""max_tokens": 2"#)).status == 200)
        try await server.end().expectSuccess()
        try await place.run("serve", "--host", "0.0.0.0").expectUsage("0.0.0.0")
        try await place.run("serve", "--port", "99999").expectUsage("--port 99999")
    }

    /// A key of one group reveals no other; foreign origins and host names are refused.
    @Test func keysAndHosts() async throws {
        let place = try await Workplace.furnished()
        func line(_ key: String, _ rest: String) -> String {
            SHA256.hash(data: Data(key.utf8)).map { String(format: "%02x", $0) }.joined() + " " + rest + "\n"
        }
        try place.write("keys", text: "# Two keys\n" + line("one", "read g") + line("all", "admin *"))
        let server = try await ServerUnderTest.start(
            place, ["--port", "0", "--host", "0.0.0.0", "--api-key-file", "keys", "--allow-host", "Lloco.example"])
        func call(_ call: Call, _ headers: [String: String]) -> Call {
            var call = call
            call.headers = headers
            return call
        }
        let (one, all) = (["Authorization": "Bearer one"], ["Authorization": "Bearer all"])
        let ask = Call.ask("g", "What?", #""max_tokens": 2"#)
        let foreign = Call.ask("h", "What?", #""max_tokens": 2"#)
        let cases: [(Call, Int)] = [
            (Call("/healthz"), 200), (Call("/v1/models"), 401), (ask, 401),
            (call(ask, ["Authorization": "Bearer two"]), 401), (call(ask, one), 200), (call(foreign, one), 404),
            (call(Call("/v1/models/h:full"), one), 404), (call(foreign, all), 200),
            (call(ask, one.merging(["Host": "evil.example"]) { $1 }), 421),
            (call(ask, one.merging(["Host": "lloco.example:1"]) { $1 }), 200),
            (call(ask, one.merging(["Origin": "https://evil.example"]) { $1 }), 403),
            (call(ask, one.merging(["Origin": "http://127.0.0.1:1"]) { $1 }), 403),
            (call(ask, one.merging(["Host": "localhost:1", "Origin": "http://localhost:1"]) { $1 }), 200),
            (call(Call("/v1/models"), one), 200), (call(Call("/v1/models"), all), 200),
        ]
        let replies = try await server.send(cases.map(\.0))
        for (reply, (call, status)) in zip(replies, cases) { #expect(reply.status == status, "\(call): \(reply)") }
        // The answer is that of a missing group.
        #expect(replies[5].body == (try await server.send(call(.ask("h", "What?"), one))).body)
        let nowhere = try await server.send(call(.ask("x", "What?"), one)).body
        #expect(replies[5].body.replacing("\\\"h\\\"", with: "\\\"x\\\"") == nowhere)
        func names(_ reply: ServerUnderTest.Reply) -> [String] {
            (reply.object["data"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
        }
        #expect(names(replies[13]) == ["autocompressor", "g"] && names(replies[14]) == ["autocompressor", "g", "h"])
        try await server.end().expectSuccess()
        for (text, part) in [("", "no key"), ("abc read g", "line 1"), (line("k", "maybe g"), "scope")] {
            try place.write("keys", text: text)
            try await place.run(["serve", "--api-key-file", "keys"] + Sample.segment).expectFailure("keys", part)
        }
        try await place.run(["serve", "--api-key-file", "none"] + Sample.segment).expectFailure("none")
    }

    @Test func requestsOverAKeysLimitAreRefused() async throws {
        let place = try await Workplace.furnished()
        let digest = SHA256.hash(data: Data("one".utf8)).map { String(format: "%02x", $0) }.joined()
        try place.write("keys", text: digest + " read *\n")
        let server = try await ServerUnderTest.start(place, ["--port", "0", "--api-key-file", "keys"])
        let replies = try await server.send((0..<300).map { _ in Call("/lloco/v1/status").with(key: "one") })
        #expect(replies.count { $0.status == 429 } > 0 && replies.count { $0.status == 200 } >= 100)
        #expect(replies.allSatisfy { [200, 429].contains($0.status) })
        try await Task.sleep(for: .milliseconds(100))
        #expect(try await server.send(Call("/lloco/v1/status").with(key: "one")).status == 200)
        try await server.end().expectSuccess()
    }

    /// A client that disconnects gets no further answer, and nothing is logged.
    @Test func clientsThatDisconnect() async throws {
        let place = try await Workplace.furnished()
        let server = try await ServerUnderTest.start(place)
        let calls = (0..<6).map { index in
            var call = Call.ask(
                "g", "What is item \(index)?", #""max_tokens": 400, "stream": \#(index.isMultiple(of: 2))"#)
            call.leaves = true
            return call
        }
        for _ in 0..<2 { _ = try await server.send(calls) }
        #expect(try await server.send(.ask("g", "What?", #""max_tokens": 2"#)).status == 200)
        #expect(try await server.end().expectSuccess().errorText.isEmpty)
    }

    /// Current answers are completed, and new requests are refused.
    @Test func theServerEndsAfterItsCurrentAnswers() async throws {
        let place = try await Workplace.furnished()
        let server = try await ServerUnderTest.start(place)
        async let reply = server.send(.ask("g", "What?", #""max_tokens": 300, "stream": true"#))
        while !FileManager.default.fileExists(atPath: place.path("begun")) {
            try await Task.sleep(for: .milliseconds(5))
        }
        let outcome = try await server.end().expectSuccess()
        let answered = try await reply
        #expect(answered.status == 200 && answered.body.hasSuffix("data: [DONE]\n\n"), "\(answered) \(outcome)")
    }

    /// The second signal ends the server at once.
    @Test func theSecondSignalEndsIt() async throws {
        let place = try await Workplace.furnished()
        let server = try await ServerUnderTest.start(place)
        var call = Call.ask("g", "What?", #""max_tokens": 400, "n": 8, "temperature": 1, "stream": true"#)
        call.leaves = false
        let calls = [call, call, call, call]
        async let replies = try? server.send(calls)
        while !FileManager.default.fileExists(atPath: place.path("begun")) {
            try await Task.sleep(for: .milliseconds(5))
        }
        server.command.send(SIGTERM)
        try await Task.sleep(for: .milliseconds(100))
        server.command.send(SIGTERM)
        let start = ContinuousClock.now
        let outcome = try await server.command.end()
        #expect(outcome.status == 128 + SIGTERM || outcome.status == 0, "\(outcome)")
        #expect(start.duration(to: .now) < .seconds(5))
        _ = await replies
    }
}

import Foundation
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// `lloco serve` in a workplace, and a client of it.
struct ServerUnderTest {
    let place: Workplace
    let command: RunningCommand
    /// A port of this machine, or a socket's path
    let address: String

    struct NeverListened: Error { let outcome: Outcome }

    /// A request: GET without a body.
    struct Call {
        let path: String
        var body: String?
        /// nil for POST with a body, GET without
        var method: String?
        var headers: [String: String] = [:]
        /// Whether the client disconnects before the answer is complete
        var leaves = false

        init(_ path: String, _ body: String? = nil) { (self.path, self.body) = (path, body) }

        static func delete(_ path: String) -> Call {
            var call = Call(path)
            call.method = "DELETE"
            return call
        }

        /// An upload of files with these names and texts.
        static func upload(_ files: [(name: String, text: String)]) -> Call {
            let parts = files.map { name, text in
                "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(name)\"\r\n\r\n\(text)\r\n"
            }
            var call = Call("/lloco/v1/uploads", parts.joined() + "--cut--\r\n")
            call.headers = ["Content-Type": "multipart/form-data; boundary=cut"]
            return call
        }

        /// The same request with a key.
        func with(key: String) -> Call {
            var call = self
            call.headers["Authorization"] = "Bearer \(key)"
            return call
        }

        /// A question to a model, with more fields of the request.
        static func ask(_ model: String, _ question: String, _ more: String = "") -> Call {
            Call(
                "/v1/chat/completions",
                #"{"model": \#(Sample.json(model)), "messages": [{"role": "user", "content": \#(Sample.json(question))}]"#
                    + (more.isEmpty ? "" : ", \(more)") + "}")
        }
    }

    struct Reply {
        let status: Int
        let type: String
        let body: String

        /// The body's object
        var object: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
        }

        /// The objects of server-sent events, without the end marker
        var events: [[String: Any]] {
            body.components(separatedBy: "\n\n").filter { !$0.isEmpty && $0 != "data: [DONE]" }.map { event in
                let data = Data(event.dropFirst("data: ".count).utf8)
                return (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] ?? [:]
            }
        }

        /// The text of the only choice, or of a choice of a stream.
        func text(choice: Int = 0) -> String {
            if type.hasPrefix("text/event-stream") {
                return events.flatMap { $0["choices"] as? [[String: Any]] ?? [] }
                    .filter { $0["index"] as? Int == choice }
                    .compactMap { ($0["delta"] as? [String: Any])?["content"] as? String }.joined()
            }
            let choices = object["choices"] as? [[String: Any]] ?? []
            guard choices.indices.contains(choice) else { return "" }
            return (choices[choice]["message"] as? [String: Any])?["content"] as? String ?? ""
        }

        var error: [String: Any] { object["error"] as? [String: Any] ?? [:] }
    }

    /// Starts the server and waits until it listens.
    static func start(_ place: Workplace, _ arguments: [String] = ["--port", "0"]) async throws -> ServerUnderTest {
        let command = try await place.start(["serve"] + arguments + Sample.segment, takesTurn: false)
        while command.isRunning, command.printedLines == 0 { try await Task.sleep(for: .milliseconds(10)) }
        let line = command.printed.split(separator: "\n").first.map(String.init) ?? ""
        guard line.hasPrefix("listening on ") else {
            command.send(SIGKILL)
            let outcome = try await command.end()
            throw NeverListened(outcome: outcome)
        }
        let address = line.dropFirst("listening on ".count)
        return ServerUnderTest(
            place: place, command: command, address: String(address.split(separator: ":").last ?? address))
    }

    /// Sends all calls at once, each on its own connection. The file `begun` appears when a reply begins.
    func send(_ calls: [Call]) async throws -> [Reply] {
        try place.write("client.py", text: Self.client)
        let list = try JSONSerialization.data(
            withJSONObject: calls.map {
                [
                    "path": $0.path, "body": $0.body ?? "", "leaves": $0.leaves, "headers": $0.headers,
                    "method": $0.method ?? ($0.body == nil ? "GET" : "POST"),
                ]
            })
        let outcome = try await place.start(
            program: "/usr/bin/env", ["python3", "client.py", address], input: String(decoding: list, as: UTF8.self),
            takesTurn: false
        ).end().expectSuccess()
        return try outcome.objects().map {
            Reply(
                status: $0["status"] as? Int ?? 0, type: $0["type"] as? String ?? "", body: $0["body"] as? String ?? "")
        }
    }

    /// Submits a job and follows it to its end.
    ///
    /// - Returns: the job and its events
    func job(_ fields: String, key: String = "") async throws -> (job: [String: Any], events: [[String: Any]]) {
        let job = try await send(Call("/lloco/v1/jobs", fields).with(key: key))
        let id = try #require(job.object["id"] as? String, "\(job)")
        let events = try await send(Call("/lloco/v1/jobs/\(id)/events").with(key: key)).events
        return (try await send(Call("/lloco/v1/jobs/\(id)").with(key: key)).object, events)
    }

    /// The id of an upload of files.
    func upload(_ files: [(name: String, text: String)], key: String = "") async throws -> String {
        let reply = try await send(Call.upload(files).with(key: key))
        #expect(reply.status == 201, "\(reply)")
        return try #require(reply.object["id"] as? String)
    }

    func send(_ call: Call) async throws -> Reply { try #require(try await send([call]).first) }

    /// Ends the server with SIGTERM, as a service manager does.
    func end() async throws -> Outcome {
        command.send(SIGTERM)
        return try await command.end()
    }

    private static let client = """
        import http.client, json, socket, sys, time
        from concurrent.futures import ThreadPoolExecutor

        address = sys.argv[1]

        def connection():
            if address.isdigit():
                return http.client.HTTPConnection("127.0.0.1", int(address), timeout=150)
            made = http.client.HTTPConnection("localhost", timeout=150)
            made.sock = socket.socket(socket.AF_UNIX)
            made.sock.connect(address)
            return made

        def send(call):
            with_body = call["body"] != ""
            one = connection()
            headers = dict(call["headers"])
            if with_body:
                headers.setdefault("Content-Type", "application/json")
            one.request(call["method"], call["path"], call["body"].encode() if with_body else None, headers)
            if call["leaves"]:
                time.sleep(0.3)
                one.close()
                return {"status": 0}
            try:
                reply = one.getresponse()
                open("begun", "w").close()
                body = reply.read().decode()
            except (http.client.HTTPException, OSError):
                return {"status": 0}
            return {"status": reply.status, "type": reply.headers.get("Content-Type", ""), "body": body}

        calls = json.load(sys.stdin)
        with ThreadPoolExecutor(max(1, len(calls))) as pool:
            for reply in pool.map(send, calls):
                print(json.dumps(reply))

        """
}

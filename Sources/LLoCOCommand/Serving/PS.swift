import ArgumentParser
import Foundation
import LLoCOBase

struct PS: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ps", abstract: "Show a running server's model, groups and jobs.",
        discussion: """
              lloco ps
              lloco ps --server http://127.0.0.1:9000

            Without --server it asks $LLOCO_SERVER, else the host and port that 'lloco config' shows.
            """)

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    private struct Entry: Encodable {
        let server: String
        let model: String
        let version: String
        let groups: [String]
        let jobs: [Job]
    }

    private struct Job: Encodable {
        let id: String
        let kind: String
        let group: String
        let state: String
        let done: Int
        let total: Int
    }

    func run() async throws {
        let client = try server.client()
        let status = try await client.object("/lloco/v1/status")
        let groups = try await client.object("/lloco/v1/groups").objects("groups").map { try $0.text("name") }
        let jobs = try status.bool("jobs") == true ? await self.jobs(client) : []
        let entry = Entry(
            server: client.name, model: try status.text("model"), version: try status.text("version"), groups: groups,
            jobs: jobs)
        if output.json {
            try Terminal.json(entry)
            return
        }
        Terminal.print("\(entry.server): lloco \(entry.version), \(entry.model)")
        Terminal.print("groups: \(groups.isEmpty ? "none yet" : groups.joined(separator: ", "))")
        let rows = jobs.map { job in
            [job.kind, job.group, job.state, job.total > 0 ? "\(job.done) of \(job.total)" : "–", job.id]
        }
        guard !rows.isEmpty else { return }
        for line in Text.table(["job", "group", "state", "progress", "id"], rows) { Terminal.print(line) }
    }

    private func jobs(_ client: ServerClient) async throws -> [Job] {
        try await client.object("/lloco/v1/jobs").objects("jobs").map { job in
            let progress = job.has("progress") ? try job.fields("progress") : nil
            return Job(
                id: try job.text("id"), kind: try job.text("kind"), group: try job.text("group"),
                state: try job.text("state"), done: try progress?.integer("done") ?? 0,
                total: try progress?.integer("total") ?? 0)
        }
    }
}

import Foundation
import LLoCOTestSupport
import Testing

/// Help, topics, version and wrong usage.
@Suite struct HelpTests {
    static let commands = [
        "add", "list", "show", "remove", "finetune", "train-compressor", "train-selection", "ask", "chat", "generate",
        "compress", "models", "tokenize", "embed", "perplexity", "evaluate", "score", "evaluate-compressor", "bench",
        "serve", "ps", "stop", "mcp", "config", "doctor",
    ]

    /// Subcommands of subcommands.
    static let inner = [
        ["models", "list"], ["models", "pull"], ["models", "remove"], ["models", "verify"], ["config", "show"],
        ["config", "set"], ["config", "unset"], ["config", "path"],
    ]

    static let topics = ["modes", "budgets", "models", "groups"]

    /// Options that only lloco itself uses.
    private static let privateOptions: Set = ["job", "measurement"]

    /// Expects at most 40 lines of 80 columns.
    private func expectPage(_ text: String, _ name: String, location: SourceLocation = #_sourceLocation) {
        let lines = text.trimmingCharacters(in: .newlines).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count <= 40, "\(name) has \(lines.count) lines", sourceLocation: location)
        for line in lines where line.count > 80 { Issue.record("\(name): \(line)", sourceLocation: location) }
    }

    @Test func everyCommandHasHelp() async throws {
        let place = try Workplace()
        let overview = try await place.run("--help").expectSuccess()
        #expect(overview.errorText == "")
        let start = try #require(overview.outputText.range(of: "SUBCOMMANDS:")).upperBound
        let listed = overview.outputText[start...].matches(of: /(?m)^ {2}([a-z-]+)(?: |$)/).map { String($0.1) }
        #expect(listed.sorted() == Self.commands.sorted(), "the overview's commands are those that are tested here")
        for topic in Self.topics { #expect(overview.outputText.contains("\n  \(topic) "), "\(topic)") }
        for command in Self.commands {
            #expect(overview.outputText.contains("  \(command) "), "\(command) is in the overview")
            let help = try await place.run(command, "--help").expectSuccess()
            #expect(help.errorText == "")
            #expect(help.outputText.contains("USAGE: lloco \(command)"))
            #expect(help.outputText.contains("OPTIONS:"))
            if !["chat", "doctor", "serve", "stop", "mcp"].contains(command) {
                #expect(help.outputText.contains("--json"))
            }
        }
        #expect(try await place.run("--version").expectSuccess().outputText.split(separator: ".").count == 3)
    }

    @Test(arguments: commands.map { [$0] } + inner) func helpIsShort(command: [String]) async throws {
        let place = try Workplace()
        let name = command.joined(separator: " ")
        let help = try await place.run(command + ["--help"]).expectSuccess().outputText
        expectPage(help, name)
        let example = try Regex("(?m)^ {2}.*lloco \(name == "config show" ? "config" : name)( |$)")
        #expect(help.contains(example), "\(name) has an example")
        // The help announces hidden options, and --help-hidden shows them.
        let hidden = try await place.run(command + ["--help-hidden"]).expectSuccess().outputText
        let isAnnounced = help.contains("\n--help-hidden shows all options.\n")
        let options = try await self.options(of: command, in: place)
        let isComplete = options.allSatisfy { help.contains("  --\($0)") }
        #expect(isAnnounced != isComplete, "\(name)")
        for option in options { #expect(hidden.contains("  --\(option)"), "\(name) --\(option)") }
        for option in Self.privateOptions { #expect(!hidden.contains("--\(option)")) }
    }

    /// The names of a command's options, from the argument parser.
    private func options(of command: [String], in place: Workplace) async throws -> [String] {
        let dump = try await place.run(command + ["--experimental-dump-help"]).expectSuccess()
        let tool = try #require(JSONSerialization.jsonObject(with: dump.output) as? [String: Any])
        let description = try #require(tool["command"] as? [String: Any])
        let arguments = try #require(description["arguments"] as? [[String: Any]])
        let names = arguments.filter { $0["kind"] as? String != "positional" }.compactMap { argument in
            (argument["preferredName"] as? [String: Any])?["name"] as? String
        }
        return names.filter { !["version", "help"].contains($0) && !Self.privateOptions.contains($0) }
    }

    @Test(arguments: topics) func topic(name: String) async throws {
        let place = try Workplace()
        let page = try await place.run("help", name).expectSuccess()
        #expect(page.errorText == "" && page.outputText.hasPrefix("\(name.uppercased()): "))
        expectPage(page.outputText, name)
        #expect(page.outputText.contains("\n  lloco "), "\(name) has an example")
    }

    @Test func helpOfCommands() async throws {
        let place = try Workplace()
        for command in [["ask"], ["models", "pull"], ["config", "set"]] {
            let help = try await place.run(command + ["--help"]).expectSuccess().outputText
            #expect(try await place.run(["help"] + command).expectSuccess().outputText == help)
            #expect(try await place.run(["help"] + command + ["--help"]).expectSuccess().outputText == help)
        }
        let overview = try await place.run("--help").expectSuccess().outputText
        #expect(try await place.run("help").expectSuccess().outputText == overview)
        for wrong in [["modesty"], ["ask", "modes"], ["models", "fetch"]] {
            let run = try await place.run(["help"] + wrong)
            run.expectUsage("found '\(wrong.last ?? "")'")
            run.expectUsage("a topic: modes, budgets, models, groups")
        }
    }

    /// The topic has the order in which a model is chosen, and the commands refer to it.
    @Test func theDefaultModelInHelp() async throws {
        let place = try Workplace()
        let page = try await place.run("help", "models").expectSuccess().outputText
        let order = ["the library was made with", "LLOCO_MODEL", "lloco config set model", "Qwen2.5-Coder-0.5B"]
        let start = try #require(page.range(of: "Without --model")).upperBound
        let places = order.compactMap { page[start...].range(of: $0)?.lowerBound }
        #expect(places.count == order.count && places == places.sorted(), "\(page)")
        for command in ["ask", "generate", "serve"] {
            let help = try await place.run(command, "--help").outputText
            #expect(help.contains("See 'lloco help models'."))
        }
    }

    @Test(arguments: [
        (["frobnicate"], "frobnicate"),
        (["add"], "paths"),
        (["ask"], "question"),
        (["ask", "q", "--mode", "telepathy"], "telepathy"),
        (["ask", "q", "--max-tokens", "0"], "--max-tokens 0"),
        (["ask", "q", "--max-tokens", "many"], "many"),
        (["ask", "q", "--temperature=-1"], "-1"),
        (["ask", "q", "--documents", "0"], "--documents 0"),
        (["add", "x", "--threads", "0"], "--threads 0"),
        (["add", "x", "--device", "abacus"], "abacus"),
        (["add", "x", "--dtype", "int3"], "int3"),
        (["add", "x", "--segment", "0"], "--segment 0"),
        (["ask", "q", "--chat-template", "smoke-signals"], "smoke-signals"),
        (["add", "x", "--seed=-4"], "-4"),
        (["add", "x", "--groop", "g"], "--groop"),
        (["finetune"], "--group"),
        (["finetune", "--group", "g", "--epochs", "0"], "--epochs 0"),
        (["finetune", "--group", "g", "--learning-rate", "0"], "--learning-rate"),
        (["finetune", "--group", "g", "--study-per-passage", "0"], "--study-per-passage 0"),
        (["finetune", "--group", "g", "--questions", "x", "--study-per-passage", "3"], "--questions"),
        (["evaluate", "x", "--modes", "compressed,other"], "other"),
        (["evaluate", "x", "--modes", ""], "--modes"),
        (["evaluate", "x", "--limit", "0"], "--limit 0"),
        (["compress", "--out", "x"], "--ids"),
        (["compress", "x", "--ids", "1", "--out", "x"], "--ids"),
        (["compress", "--ids", "1,x", "--out", "x"], "'x'"),
        (["compress", "--ids", "1,,2", "--out", "x"], "--ids"),
        (["compress", "x"], "--out"),
        (["perplexity", "x", "--tokens", "1"], "--tokens 1"),
        (["perplexity"], "a text file or --ids"),
        (["perplexity", "x", "--ids", "1,2"], "one of the two"),
        (["generate", "x", "--ids", "1,2"], "a prompt or --ids, one of the two"),
        (["generate", "--ids", "1,x"], "'x' is not a token id"),
        (["ask", "x", "--budget", "1/0"], "--budget"), (["ask", "x", "--text-share", "2"], "--text-share 2"),
        (["add", "x", "--ratio", "0.5"], "--ratio 0.5"),
        (["train-selection", "--questions", "x"], "--out"),
        (["train-selection", "--out", "x"], "--questions"),
        (["train-selection", "--questions", "x", "--out", "x", "--steps", "0"], "--steps 0"),
        (["train-selection", "--questions", "x", "--out", "x", "--minutes", "0"], "--minutes"),
        (["train-compressor", "--text", "x"], "--out"),
        (["train-compressor", "--text", "x", "--out", "x", "--steps", "0"], "--steps 0"),
        (["train-compressor", "--text", "x", "--out", "x", "--minutes", "0"], "--minutes"),
        (["models", "pull"], "name"), (["models", "pull", "qwen"], "expected OWNER/REPO"),
        (["models", "pull", "a/../b"], "expected OWNER/REPO"), (["models", "remove", "./a"], "expected OWNER/REPO"),
        (["models", "verify", "a"], "expected OWNER/REPO"),
        (["bench", "juggle"], "juggle"),
        (["bench", "--runs", "0"], "--runs 0"),
        (["bench", "--tokens", "1k,"], "1k,"),
        (["bench", "answer", "--contexts", "8kk"], "8kk"),
        (["bench", "answer", "--contexts", "0"], "--contexts"),
        (["bench", "answer", "--answer-tokens", "1"], "--answer-tokens 1"),
        (["bench", "finetune", "--document-tokens", "long"], "long"),
        (["bench", "retrieve", "--passages", "-3"], "--passages"),
        (["list", "surplus"], "surplus"),
        (["config", "surplus"], "surplus"),
        (["config", "set", "group", "g"], "group"), (["config", "set", "threads"], "value"),
        (["config", "set", "threads", "0"], "threads '0': expected 1 to 4096"),
        (["config", "set", "port", "65536"], "port '65536': expected 1 to 65535"),
        (["config", "set", "device", "abacus"], "device 'abacus': expected cpu"),
        (["config", "unset", "document"], "document"),
    ])
    func wrongUsage(arguments: [String], part: String) async throws {
        let place = try Workplace()
        try await place.run(arguments).expectUsage(part)
        #expect(!TestFiles.exists(place.folder.appending(path: "library.lloco")))
    }
}

import Foundation
import LLoCOTestSupport
import Testing

/// Help, version and wrong usage.
@Suite struct HelpTests {
    static let commands = [
        "add", "list", "show", "remove", "finetune", "train-compressor", "train-selection", "ask", "chat", "generate",
        "compress", "models", "tokenize", "embed", "perplexity", "evaluate", "score", "evaluate-compressor", "bench",
        "serve", "ps", "stop", "mcp", "doctor",
    ]

    @Test func everyCommandHasHelp() async throws {
        let place = try Workplace()
        let overview = try await place.run("--help").expectSuccess()
        #expect(overview.errorText == "")
        let start = try #require(overview.outputText.range(of: "SUBCOMMANDS:")).upperBound
        let listed = overview.outputText[start...].matches(of: /(?m)^ {2}([a-z-]+)(?: |$)/).map { String($0.1) }
        #expect(listed.sorted() == Self.commands.sorted(), "the overview's commands are those that are tested here")
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

    /// What `--model` stands for by default is said as it is, of commands that open a library and of others.
    @Test func theDefaultModelInHelp() async throws {
        let place = try Workplace()
        for command in Self.commands {
            let help = try await place.run(command, "--help").outputText
            let words = help.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            guard words.contains("the one that this was made with") || words.contains("library was made with") else {
                continue
            }
            #expect(words.contains("in a command with --library the one that this was made with, else $LLOCO_MODEL"))
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
        (["generate", "--ids", "1,x"], "'x' is no token id"),
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
    ])
    func wrongUsage(arguments: [String], part: String) async throws {
        let place = try Workplace()
        try await place.run(arguments).expectUsage(part)
        #expect(!TestFiles.exists(place.folder.appending(path: "library.lloco")))
    }
}

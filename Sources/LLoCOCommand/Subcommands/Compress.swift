import ArgumentParser
import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
import LLoCOModels
import LLoCOTokenizers
import LLoCOTorch

struct Compress: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compress a text to vectors in a safetensors file.",
        usage: "lloco compress <file> --out <file.safetensors> [<options>]",
        discussion: """
            Writes the tensor 'vectors' [n, D], float32.

              lloco compress book.txt --out book.safetensors

            \(HelpText.allOptions)
            """)

    @Argument(help: "A text file, or - for stdin. None with --ids.")
    var file: String?

    @Option(help: ArgumentHelp("Token ids instead of a text, as 1,2,3.", valueName: "ids"))
    var ids: String?

    @Option(help: ArgumentHelp("The file to write.", valueName: "file.safetensors"))
    var out: String

    @OptionGroup var engine: EngineOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (file == nil) != (ids == nil) else {
            throw ValidationError("expected a text file or --ids, one of the two")
        }
        _ = try ids.map(TokenIDs.parse)
    }

    private struct Result: Encodable {
        let tokens: Int
        let vectors: Int
        let seconds: Double
    }

    func compute() throws {
        let text = try file.map { try TextInput.read($0) }
        let loaded = try engine.load(withEmbedder: false, withAdapter: false, exact: true)
        let ids =
            try self.ids.map(TokenIDs.parse) ?? loaded.languageModel.tokenizer.encode(text ?? "", special: .asText)
        guard !ids.isEmpty else { throw CommandError("\(file ?? "--ids"): empty, expected tokens to compress") }
        let compressor = loaded.compressor
        try compressor.check(tokens: ids.count, named: file ?? "--ids")
        let bar = ProgressBar("compressing")
        let start = ContinuousClock.now
        let vectors = try compressor.compress(ids) { bar.update($0, of: ids.count) }.rows
        bar.finish()
        let seconds = start.duration(to: .now).seconds
        try SafetensorsWriter.write(["vectors": vectors], to: URL(filePath: out))
        let result = Result(tokens: ids.count, vectors: vectors.size(0), seconds: seconds)
        if output.json {
            try Terminal.json(result)
        } else {
            Terminal.print(
                String(format: "%d tokens to %d vectors in %.1f s: %@", result.tokens, result.vectors, seconds, out))
        }
    }
}

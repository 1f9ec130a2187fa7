import ArgumentParser
import Foundation
import LLoCO
import LLoCOModelFiles

struct Models: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List, fetch, remove and check language models.",
        discussion: """
              lloco models pull qwen2.5-coder-1.5b
              lloco add report.pdf --model qwen2.5-coder-1.5b

            Names, also for --model and $LLOCO_MODEL:

            \(catalogue)
              OWNER/REPO          a repository of a model hub: its safetensors model, or
                                  its only GGUF file
              OWNER/REPO:FILE     one GGUF file of it

            Models are looked for in $LLOCO_MODELS (default: lloco/models in the user's data folder), in .deps/models \
            beside the program, and in Hugging Face's cache ($HF_HUB_CACHE, $HF_HOME), which is never written to. \
            HF_ENDPOINT names another hub, HF_TOKEN is sent to it alone, and HF_HUB_OFFLINE=1 asks none. --json \
            prints JSON Lines with the fields in each subcommand's help.
            """,
        subcommands: [ModelsList.self, ModelsPull.self, ModelsRemove.self, ModelsVerify.self])

    private static let catalogue = ModelCatalogue.models.map { model in
        let isDefault = model == ModelCatalogue.defaultModel ? ", the default" : ""
        let name = model.name + String(repeating: " ", count: max(2, 20 - model.name.count))
        return "  \(name)\(model.title), \(megabytes(model.bytes))\(isDefault)"
    }.joined(separator: "\n")

    /// `1,117 MB`
    static func megabytes(_ bytes: Int) -> String {
        let digits = String(max(1, Int((Double(bytes) / 1e6).rounded())))
        let groups = stride(from: digits.count, to: 0, by: -3).map { end in
            String(digits.dropLast(digits.count - end).suffix(3))
        }
        return groups.reversed().joined(separator: ",") + " MB"
    }

    /// The model that a name to pull stands for.
    static func reference(_ name: String) throws -> ModelReference {
        guard let reference = ModelReference(name: name) else {
            throw ValidationError(
                "\(name): expected OWNER/REPO, OWNER/REPO:FILE, or one of "
                    + ModelCatalogue.models.map(\.name).joined(separator: ", "))
        }
        return reference
    }
}

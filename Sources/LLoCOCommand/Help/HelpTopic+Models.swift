import LLoCOModelFiles

extension HelpTopic {
    static let models = HelpTopic(
        name: "models", summary: "how to name, fetch and choose a model",
        page: """
            MODELS: how to name, fetch and choose a language model

            --model takes the path of a GGUF file or of a Hugging Face folder, or a name:

            \(catalogue)
              OWNER/REPO          a repository of a model hub: its safetensors model, or
                                  its only GGUF file
              OWNER/REPO:FILE     one GGUF file of it

            'lloco models pull' fetches a model by name, 'lloco models list' shows the
            installed ones.

              lloco models pull qwen2.5-coder-1.5b
              lloco add report.pdf --model qwen2.5-coder-1.5b --library report.lloco
              lloco ask "What was decided?" --library report.lloco

            Without --model a command takes the first of:

              1. the model that the library was made with, in commands with --library
              2. LLOCO_MODEL
              3. the configuration file: lloco config set model NAME
              4. \(ModelCatalogue.defaultModel.title)

            A document's vectors belong to one model and one compressor. For another model,
            add the documents again, to another library.

            The retrieval model finds documents and passages. It is --embedder, else
            LLOCO_EMBEDDER, else the configuration file's, else all-MiniLM-L6-v2.

            See also: 'lloco models --help' for the command, Docs/models.md.
            """)

    private static let catalogue = ModelCatalogue.models.map { model in
        let isDefault = model == ModelCatalogue.defaultModel
        return "  \(model.name.padded(to: 20))\(model.title)\(isDefault ? ", the default" : "")"
    }.joined(separator: "\n")
}

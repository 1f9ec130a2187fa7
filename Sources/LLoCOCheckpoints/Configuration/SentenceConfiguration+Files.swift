import Foundation
import LLoCOBase

extension SentenceConfiguration {
    /// Reads `modules.json`: a Transformer, a Pooling, then Dense, Normalize and Dropout modules in any order.
    mutating func readModules(_ file: FileBytes, in root: Folder) throws {
        let known = "sentence_transformers' Transformer, Pooling, then Dense, Normalize or Dropout"
        guard let modules = try file.json().array, modules.count <= 64 else {
            throw file.fault("not a list of modules, or more than 64", expected: known)
        }
        for (index, module) in modules.enumerated() {
            guard let type = module.object?["type"]?.string, let path = module.object?["path"]?.string else {
                throw file.fault("module \(index) without type or path", expected: known)
            }
            let name = type.split(separator: ".").last.map(String.init) ?? type
            guard type.hasPrefix("sentence_transformers."),
                ["Transformer", "BERT", "Pooling", "Dense", "Normalize", "Dropout"].contains(name)
            else { throw file.fault("the module \(type)", expected: known, code: .unsupported) }
            // The encoder may be in the root folder.
            func folder() throws -> URL {
                index == 0 && path.isEmpty ? root.url : try root.member(path, namedBy: file.url)
            }
            func configuration() throws -> FileBytes {
                try FileBytes(mapping: folder().appendingPathComponent("config.json"))
            }
            let isFirst = name == "Transformer" || name == "BERT"
            guard isFirst == (index == 0), (name == "Pooling") == (index == 1) else {
                throw file.fault("\(name) as module \(index)", expected: known, code: .unsupported)
            }
            switch name {
            case "Pooling":
                try readPooling(configuration())
            case "Dense":
                steps.append(.dense(try Dense(configuration(), folder: folder())))
            case "Normalize":
                // The folder may be missing, because Git stores no empty folders.
                if root.file(path) != nil, let url = try Folder(folder()).file("config.json") {
                    try ConfigurationReader.sentenceModule(FileBytes(mapping: url))
                }
                steps.append(.normalize)
            case "Dropout": break
            default: encoder = try folder()
            }
        }
        // The loop accepts only a Pooling as module 1.
        guard modules.count > 1 else {
            throw file.fault("\(modules.count) modules without a Pooling", expected: known, code: .unsupported)
        }
    }

    mutating func readPooling(_ file: FileBytes) throws {
        let object = try file.jsonObject()
        let known = Pooling.allCases.map(\.rawValue).joined(separator: ", ")
        func modes(_ names: [JSONValue]) throws -> [Pooling] {
            try names.map { name in
                guard let mode = name.string.flatMap(Pooling.init) else {
                    throw file.fault("the pooling \(name.summary)", expected: known, code: .unsupported)
                }
                return mode
            }
        }
        let reader = ConfigurationReader(file: file, object: object)
        for (key, value) in object.members
        where key.hasPrefix("pooling_mode_") && value != .bool(false) && !Pooling.allCases.map(\.flag).contains(key) {
            throw file.fault("\(key) is \(value.summary)", expected: known, code: .unsupported)
        }
        if let mode = object.value("pooling_mode") {
            pooling = try modes(mode.array ?? [mode])
        } else {
            pooling = try Pooling.allCases.filter { try reader.bool($0.flag, default: false) }
        }
        // The default of sentence-transformers.
        if pooling.isEmpty { pooling = [.mean] }
        guard pooling.count <= Pooling.allCases.count else {
            throw file.fault("\(pooling.count) poolings", expected: "at most \(Pooling.allCases.count)")
        }
        poolsPrompt = try reader.bool("include_prompt", default: true)
        try reader.refuseEnabledKeys(except: Set(["include_prompt", "pooling_mode"] + Pooling.allCases.map(\.flag)))
        pooledSize =
            try reader.optionalInteger("embedding_dimension") ?? reader.optionalInteger("word_embedding_dimension")
    }

    /// Reads `sentence_bert_config.json` in the encoder's folder.
    mutating func readTransformer() throws {
        guard let url = encoder.flatMap({ Folder($0).file(Self.fileName) }) else { return }
        let file = try FileBytes(mapping: url)
        let reader = ConfigurationReader(file: file, object: try file.jsonObject())
        maximumTokens = try reader.optionalInteger("max_seq_length")
        if let maximumTokens, maximumTokens < 3 {
            throw file.fault("max_seq_length \(maximumTokens)", expected: "at least 3: a token and two special tokens")
        }
        lowercases = try reader.bool("do_lower_case", default: false)
        for (key, known) in [("transformer_task", "feature-extraction"), ("module_output_name", "token_embeddings")] {
            guard let value = try reader.optionalString(key), value != known else { continue }
            throw file.fault("\(key) \(value)", expected: known, code: .unsupported)
        }
        if let modality = try reader.optionalObject("modality_config") {
            let text = try modality.optionalObject("text")
            guard modality.object.count == 1, try text?.optionalString("method") == "forward",
                try text?.optionalString("method_output_name") == "last_hidden_state"
            else {
                throw file.fault(
                    "an unsupported modality_config",
                    expected: "only text, with method forward and output last_hidden_state", code: .unsupported)
            }
        }
        try reader.refuseEnabledKeys(except: ["do_lower_case", "modality_config", "unpad_inputs"])
    }

    /// Reads `config_sentence_transformers.json`.
    mutating func readPrompts(in root: Folder) throws {
        guard let url = root.file("config_sentence_transformers.json") else { return }
        let file = try FileBytes(mapping: url)
        let reader = ConfigurationReader(file: file, object: try file.jsonObject())
        if let type = try reader.optionalString("model_type"), type != "SentenceTransformer" {
            throw file.fault("model_type \(type)", expected: "SentenceTransformer", code: .unsupported)
        }
        // Search compares unit vectors by dot product, which equals the cosine and ranks as the Euclidean distance
        // does.
        let similarity = try reader.optionalString("similarity_fn_name") ?? "cosine"
        let allowed = steps.last == .normalize ? ["cosine", "dot", "euclidean"] : ["cosine"]
        guard allowed.contains(similarity) else {
            throw file.fault(
                "similarity_fn_name \(similarity)",
                expected: "cosine, or dot or euclidean with Normalize as the last module", code: .unsupported)
        }
        try reader.refuseEnabledKeys(except: ["__version__", "prompts"])
        let named = try reader.optionalObject("prompts")
        func prompt(_ name: String) throws -> String? {
            guard let named, named.object[name] != nil else { return nil }
            return try named.optionalString(name) ?? ""
        }
        let defaultPrompt = try reader.optionalString("default_prompt_name").map { name in
            guard let text = try prompt(name) else {
                throw file.fault("default_prompt_name \(name)", expected: "the name of one of the prompts")
            }
            return text
        }
        prompts.question = try prompt("query") ?? defaultPrompt ?? ""
        // sentence-transformers writes an empty "document" next to a non-empty "passage".
        let passages = try ["document", "passage", "corpus"].compactMap(prompt)
        prompts.passage = passages.first { !$0.isEmpty } ?? passages.first ?? defaultPrompt ?? ""
    }

    /// `model_max_length` in `tokenizer_config.json`, the default maximum of sentence-transformers.
    func tokenizerLimit() throws -> Int? {
        guard let url = encoder.flatMap({ Folder($0).file("tokenizer_config.json") }) else { return nil }
        let file = try FileBytes(mapping: url)
        // A number too large for an integer means no limit.
        guard let limit = try file.jsonObject().value("model_max_length")?.integer else { return nil }
        guard limit >= 3 else {
            throw file.fault("model_max_length \(limit)", expected: "at least 3: a token and two special tokens")
        }
        return limit
    }
}

extension SentenceConfiguration.Dense {
    fileprivate init(_ file: FileBytes, folder: URL) throws {
        let reader = try ConfigurationReader.sentenceModule(file)
        self.folder = folder
        (inputs, outputs) = (try reader.integer("in_features"), try reader.integer("out_features"))
        for (key, size) in [("in_features", inputs), ("out_features", outputs)] where !(1...1 << 16).contains(size) {
            throw file.fault("\(key) \(size)", expected: "1 to \(1 << 16)")
        }
        hasBias = try reader.bool("bias", default: true)
        hasResidual = try reader.bool("use_residual", default: false)
        let name = try reader.optionalString("activation_function") ?? "torch.nn.modules.activation.Tanh"
        guard name.hasPrefix("torch.nn."), let last = name.split(separator: ".").last,
            let activation = Activation(rawValue: String(last))
        else {
            throw file.fault(
                "activation_function \(name)",
                expected: "torch.nn's \(Activation.allCases.map(\.rawValue).joined(separator: ", "))",
                code: .unsupported)
        }
        self.activation = activation
    }
}

extension ConfigurationReader {
    /// The configuration of a module that maps sentence embeddings to sentence embeddings.
    @discardableResult
    fileprivate static func sentenceModule(_ file: FileBytes) throws -> ConfigurationReader {
        let reader = ConfigurationReader(file: file, object: try file.jsonObject())
        for key in ["module_input_name", "module_output_name"] {
            guard let value = try reader.optionalString(key), value != "sentence_embedding" else { continue }
            throw file.fault("\(key) \(value)", expected: "sentence_embedding", code: .unsupported)
        }
        try reader.refuseEnabledKeys(except: ["bias", "use_residual"])
        return reader
    }
}

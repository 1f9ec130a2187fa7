import LLoCOBase

extension AdapterRules {
    /// Far more than any model has layers.
    private static let maximumPatterns = 4096

    /// Reads `adapter_config.json`.
    /// - Throws: `CheckpointError`, also for every setting that this package would compute wrongly.
    init(json file: FileBytes) throws {
        let object = try file.jsonObject()
        let reader = ConfigurationReader(file: file, object: object)
        let type = try reader.optionalString("peft_type") ?? "LORA"
        guard type == "LORA" else {
            throw file.fault("peft_type \(type)", expected: "LORA", code: .unsupported)
        }
        try Self.refuseVariants(reader)
        guard let targets = try Self.modules("target_modules", object, file) else {
            throw file.fault(
                "no target_modules", expected: "a list of module names, a regular expression or \"all-linear\"",
                code: .missing)
        }
        self.targets = targets
        excluded = try Self.modules("exclude_modules", object, file)
        layers = try Self.layers(reader)
        if layers != nil {
            guard case .named = targets else {
                throw file.fault(
                    "layers_to_transform with target_modules of \(object.value("target_modules")?.summary ?? "null")",
                    expected: "a list of module names", code: .unsupported)
            }
        }
        ranks = try Self.patterns(reader, "rank_pattern") { $0.integer }
        alphas = try Self.patterns(reader, "alpha_pattern") { $0.double }
        var names: [String] = []
        if case .named(let modules) = targets { names = modules }
        settings = AdapterConfiguration(
            rank: try reader.integer("r"), alpha: try reader.number("lora_alpha"),
            dropout: try reader.optionalNumber("lora_dropout") ?? 0, targetModules: names,
            rankPattern: ranks.map { .init(suffix: $0.key.source, value: $0.value) },
            alphaPattern: alphas.map { .init(suffix: $0.key.source, value: $0.value) },
            isRankStabilized: try reader.bool("use_rslora", default: false),
            baseModel: try reader.optionalString("base_model_name_or_path"))
        try settings.validate(file: file.path)
    }

    private static func modules(_ key: String, _ object: JSONObject, _ file: FileBytes) throws -> Modules? {
        guard let value = object.value(key) else { return nil }
        if let text = value.string {
            if key == "target_modules", text.lowercased() == "all-linear" { return .allLinear }
            return .matching(try pattern(text, key, file), text: text)
        }
        guard let modules = value.array?.compactMap(\.string), modules.count == value.array?.count,
            modules.count <= maximumPatterns
        else {
            throw file.fault(
                "\(key) is \(value.summary)", expected: "a list of module names or a regular expression",
                code: .unsupported)
        }
        return modules.isEmpty ? nil : .named(modules)
    }

    private static func layers(_ reader: ConfigurationReader) throws -> [Int]? {
        let layers = try reader.integers("layers_to_transform")
        guard !layers.isEmpty else { return nil }
        // The name before the layer's number in its path. Here it is always `layers`.
        let patterns = reader.object.value("layers_pattern").map { $0.array?.map(\.string) ?? [$0.string] } ?? []
        guard patterns.isEmpty || patterns == [""] || patterns.contains("layers") else {
            throw reader.file.fault(
                "layers_pattern is \(reader.object.value("layers_pattern")?.summary ?? "null")", expected: "\"layers\"",
                code: .unsupported)
        }
        return layers
    }

    private static func patterns<Value>(
        _ reader: ConfigurationReader, _ key: String, _ convert: (JSONValue) -> Value?
    ) throws -> [(key: ModulePattern, value: Value)] {
        guard let patterns = try reader.optionalObject(key)?.object else { return [] }
        guard patterns.count <= maximumPatterns else {
            throw reader.file.fault("\(key) of \(patterns.count) entries", expected: "at most \(maximumPatterns)")
        }
        return try patterns.members.map { text, number in
            guard let value = convert(number) else {
                throw reader.file.fault("\(key) holds no number for \(text)", expected: "a number")
            }
            return (try pattern(text, key, reader.file), value)
        }
    }

    private static func pattern(_ text: String, _ key: String, _ file: FileBytes) throws -> ModulePattern {
        do { return try ModulePattern(text) } catch {
            throw file.fault(
                "the regular expression \(text) in \(key): \(error.reason)",
                expected: "one without backreferences, lookbehind and flags", code: .unsupported)
        }
    }

    /// Rejects PEFT's LoRA variants that compute something else or change other parts of the model.
    private static func refuseVariants(_ reader: ConfigurationReader) throws {
        let (object, file) = (reader.object, reader.file)
        if let bias = object.value("bias"), bias != .string("none") {
            throw file.fault("bias is \(bias.summary)", expected: "\"none\"", code: .unsupported)
        }
        // The other initializations subtract the initial B A from the base weights, which then differ from the model's.
        if let start = object.value("init_lora_weights"), start.bool == nil,
            !["gaussian", "eva", "orthogonal"].contains(start.string?.lowercased())
        {
            throw file.fault(
                "init_lora_weights is \(start.summary)", expected: "an adapter converted to plain LoRA",
                code: .unsupported)
        }
        let known: Set = [
            "target_modules", "exclude_modules", "layers_to_transform", "layers_pattern", "rank_pattern",
            "alpha_pattern", "use_rslora", "init_lora_weights", "inference_mode", "auto_mapping", "loftq_config",
            "eva_config", "corda_config", "runtime_config",
        ]
        try reader.refuseEnabledKeys(except: known)
    }
}

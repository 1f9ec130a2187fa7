import LLoCOBase

extension AdapterConfiguration {
    /// Reads `adapter_config.json`. What this package would compute wrongly is refused by name.
    package init(json file: FileBytes) throws {
        let object = try file.jsonObject()
        let reader = ConfigurationReader(file: file, object: object)
        let type = try reader.optionalString("peft_type") ?? "LORA"
        guard type == "LORA" else {
            throw file.fault("peft_type \(type)", expected: "LORA", code: .unsupported)
        }
        try Self.refuseVariants(object, file)
        guard let targets = object.value("target_modules") else {
            throw file.fault("no target_modules", expected: "a list of module names", code: .missing)
        }
        guard let modules = targets.array?.compactMap(\.string), modules.count == targets.array?.count, !modules.isEmpty
        else {
            throw file.fault(
                "target_modules is \(targets.summary)", expected: "a list of module names, no pattern",
                code: .unsupported)
        }
        self.init(
            rank: try reader.integer("r"), alpha: try reader.number("lora_alpha"),
            dropout: try reader.optionalNumber("lora_dropout") ?? 0, targetModules: modules,
            rankPattern: try Self.patterns(reader, "rank_pattern") { $0.integer },
            alphaPattern: try Self.patterns(reader, "alpha_pattern") { $0.double },
            isRankStabilized: try reader.bool("use_rslora", default: false),
            baseModel: try reader.optionalString("base_model_name_or_path"))
        try validate(file: file.path)
    }

    func validate(file: String) throws {
        func fault(_ found: String, _ expected: String) -> CheckpointError {
            CheckpointError(.malformed, file: file, found: found, expected: expected)
        }
        for rank in [rank] + rankPattern.map(\.value) where !(1...(1 << 16)).contains(rank) {
            throw fault("the rank \(rank)", "1 to \(1 << 16)")
        }
        for alpha in [alpha] + alphaPattern.map(\.value) where !(alpha.isFinite && alpha > 0 && alpha <= 1e9) {
            throw fault("lora_alpha \(alpha)", "a number above 0")
        }
        guard (0..<1).contains(dropout) else { throw fault("lora_dropout \(dropout)", "0 to below 1") }
    }

    private static func patterns<Value: Equatable & Sendable>(
        _ reader: ConfigurationReader, _ key: String, _ convert: (JSONValue) -> Value?
    ) throws -> [Pattern<Value>] {
        guard let patterns = try reader.optionalObject(key)?.object else { return [] }
        return try patterns.members.map { suffix, number in
            guard !suffix.utf8.contains(where: { "^$*+?[](){}|\\".utf8.contains($0) }) else {
                throw reader.file.fault(
                    "the regular expression \(suffix) in \(key)", expected: "the end of a module's path",
                    code: .unsupported)
            }
            guard let value = convert(number) else {
                throw reader.file.fault("\(key) holds no number for \(suffix)", expected: "a number")
            }
            return Pattern(suffix: suffix, value: value)
        }
    }

    /// PEFT's variants of LoRA that compute something else, or change other parts of the model.
    private static func refuseVariants(_ object: JSONObject, _ file: FileBytes) throws {
        if let bias = object.value("bias"), bias != .string("none") {
            throw file.fault("bias is \(bias.summary)", expected: "\"none\"", code: .unsupported)
        }
        for key in [
            "use_dora", "use_qalora", "use_bdlora", "lora_bias", "fan_in_fan_out", "modules_to_save",
            "layer_replication",
            "target_parameters", "trainable_token_indices", "alora_invocation_tokens", "arrow_config",
            "ensure_weight_tying",
        ] {
            guard let value = object.value(key), value != .bool(false), value != .array([]), value.object?.count != 0
            else { continue }
            throw file.fault("\(key) is \(value.summary)", expected: "plain LoRA, \(key) not used", code: .unsupported)
        }
        // These start from another base weight than the model's own.
        if let start = object.value("init_lora_weights")?.string,
            ["pissa", "olora", "corda", "loftq"].contains(where: start.lowercased().hasPrefix)
        {
            throw file.fault(
                "init_lora_weights is \"\(start)\"", expected: "an adapter converted to plain LoRA", code: .unsupported)
        }
    }

    /// The text of `adapter_config.json`, always the same for the same configuration.
    package var json: String {
        func patterns<Value>(_ patterns: [Pattern<Value>], _ convert: (Value) -> JSONValue) -> JSONValue {
            var object = JSONObject()
            for pattern in patterns { object.insert(convert(pattern.value), for: pattern.suffix) }
            return .object(object)
        }
        func number(_ value: Double) -> JSONValue { Int(exactly: value).map { .integer($0) } ?? .number(value) }
        let object = JSONObject([
            "alpha_pattern": patterns(alphaPattern, number),
            "base_model_name_or_path": baseModel.map { .string($0) } ?? .null,
            "bias": .string("none"),
            "fan_in_fan_out": .bool(false),
            "inference_mode": .bool(true),
            "init_lora_weights": .bool(true),
            "lora_alpha": number(alpha),
            "lora_dropout": .number(dropout),
            "modules_to_save": .null,
            "peft_type": .string("LORA"),
            "r": .integer(rank),
            "rank_pattern": patterns(rankPattern) { .integer($0) },
            "target_modules": .array(targetModules.map { .string($0) }),
            "task_type": .string("CAUSAL_LM"),
            "use_dora": .bool(false),
            "use_rslora": .bool(isRankStabilized),
        ])
        return JSONValue.object(object).text(indent: true) + "\n"
    }
}

import LLoCOBase

extension AdapterConfiguration {
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

    /// The text of `adapter_config.json`. Equal configurations give equal bytes.
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

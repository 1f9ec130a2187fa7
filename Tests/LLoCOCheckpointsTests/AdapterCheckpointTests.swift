import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOTorch
import Testing

@Suite struct AdapterCheckpointTests {
    private func adapter() throws -> AdapterCheckpoint {
        var weights: [AdapterTarget: AdapterCheckpoint.Weights] = [:]
        for layer in 0..<12 {
            for module in [AdapterModule.query, .value, .down] {
                let rank = module == .down ? 2 : 4
                weights[AdapterTarget(layer: layer, module: module)] = .init(
                    a: try .randn([rank, 6]), b: try .randn([10, rank]))
            }
        }
        let configuration = AdapterConfiguration(
            rank: 4, alpha: 8, dropout: 0.05, targetModules: ["q_proj", "v_proj", "down_proj"],
            rankPattern: [.init(suffix: "down_proj", value: 2)],
            alphaPattern: [.init(suffix: "mlp.down_proj", value: 1.5)],
            baseModel: "some/base")
        return AdapterCheckpoint(configuration: configuration, weights: weights)
    }

    @Test func adaptersSurviveARoundTrip() throws {
        try withTemporaryFolder { folder in
            let folder = folder.appendingPathComponent("new/adapter")
            let adapter = try adapter()
            try adapter.write(to: folder)
            let read = try AdapterCheckpoint.read(folder)
            #expect(read.configuration == adapter.configuration)
            #expect(Set(read.weights.keys) == Set(adapter.weights.keys))
            for (target, weights) in adapter.weights {
                #expect(try Content(#require(read.weights[target]).a) == Content(weights.a))
                #expect(try Content(#require(read.weights[target]).b) == Content(weights.b))
            }
            let encoded = try adapter.encoded()
            #expect(
                try Array(encoded.configuration.utf8) == bytes(of: folder.appendingPathComponent("adapter_config.json"))
            )
            #expect(try Array(encoded.weights) == bytes(of: folder.appendingPathComponent("adapter_model.safetensors")))
            let checkpoint = try CheckpointLoader.open(folder.appendingPathComponent("adapter_model.safetensors"))
            #expect(checkpoint.names.contains("base_model.model.model.layers.11.self_attn.q_proj.lora_A.weight"))
            #expect(checkpoint.names.contains("base_model.model.model.layers.0.mlp.down_proj.lora_B.weight"))
            #expect(
                try AdapterCheckpoint.read(folder, as: .bfloat16).weights.values.allSatisfy { $0.a.dtype == .bfloat16 })
        }
    }

    @Test func scaleDependsOnRankAndStabilization() throws {
        var configuration = try adapter().configuration
        let query = AdapterTarget(layer: 3, module: .query)
        #expect(configuration.scale(of: query) == 2)
        #expect(configuration.scale(of: AdapterTarget(layer: 3, module: .down)) == 0.75)
        configuration.isRankStabilized = true
        #expect(configuration.scale(of: query) == 4)
    }

    @Test func patternsMatchWholeNamesOnly() {
        let configuration = AdapterConfiguration(
            rank: 1, alpha: 1, targetModules: ["q_proj"],
            rankPattern: [.init(suffix: "layers.1.self_attn.q_proj", value: 3), .init(suffix: "proj", value: 5)])
        #expect(configuration.rank(of: AdapterTarget(layer: 1, module: .query)) == 3)
        #expect(configuration.rank(of: AdapterTarget(layer: 11, module: .query)) == 1)
    }

    @Test func wrongShapesAreNotWritten() throws {
        try withTemporaryFolder { folder in
            var adapter = try adapter()
            adapter.weights[AdapterTarget(layer: 0, module: .query)]?.a = try .zeros([5, 6])
            #expect(fault { try adapter.write(to: folder) }?.code == .mismatch)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }

    static let refusals: [(change: [String: JSONValue], message: String)] = [
        (["peft_type": .string("IA3")], "peft_type IA3"),
        (["bias": .string("all")], "bias is \"all\""),
        (["use_dora": .bool(true)], "use_dora is true"),
        (["target_modules": .string(".*k_proj")], "expected only the target_modules \".*k_proj\""),
        (["target_modules": .string("q_proj")], "expected only the target_modules \"q_proj\""),
        (["target_modules": .integer(3)], "target_modules is 3"),
        (["exclude_modules": .array([.string("q_proj")])], "expected no module in exclude_modules"),
        (["layers_to_transform": .integer(1)], "expected only layers_to_transform 1"),
        (["layers_to_transform": .integer(0), "layers_pattern": .string("h")], "layers_pattern is \"h\""),
        (
            ["layers_to_transform": .integer(0), "target_modules": .string(".*")],
            "layers_to_transform with target_modules"
        ),
        (["alpha_pattern": .object(JSONObject(["q_proj": .string("8")]))], "alpha_pattern holds no number for q_proj"),
        (["rank_pattern": .object(JSONObject(["q_.*": .integer(3)]))], "expected A [3, in] and B [out, 3]"),
        (["rank_pattern": .object(JSONObject(["(q": .integer(4)]))], "the regular expression (q in rank_pattern"),
        (["init_lora_weights": .string("lora_ga")], "init_lora_weights is \"lora_ga\""),
        (["fan_in_fan_out": .bool(true)], "fan_in_fan_out is true"),
        (["lora_bias": .bool(true)], "lora_bias is true"),
        (["use_something_new": .bool(true)], "use_something_new is true"),
        (["new_config": .object(JSONObject(["a": .integer(1)]))], "new_config is an object"),
        (["target_modules": .null], "no target_modules"),
        (["target_modules": .array([.string("q_proj"), .string("k_proj")])], "no tensor for the target module k_proj"),
        (["target_modules": .array([.string("v_proj")])], "expected only the target_modules v_proj"),
        (["r": .integer(8)], "expected A [8, in] and B [out, 8]"),
        (["r": .integer(0)], "the rank 0"),
        (["r": .string("4")], "r is \"4\"; expected an integer"),
        (["lora_alpha": .null], "no lora_alpha"),
        (["lora_alpha": .integer(-1)], "lora_alpha -1"),
        (["lora_dropout": .integer(1)], "lora_dropout 1"),
        (["modules_to_save": .array([.string("lm_head")])], "modules_to_save is a list of 1"),
        (["init_lora_weights": .string("pissa_niter_4")], "init_lora_weights is \"pissa_niter_4\""),
        (["rank_pattern": .object(JSONObject(["(?<!q)k": .integer(1)]))], "the regular expression (?<!q)k"),
        (["layer_replication": .array([.array([.integer(0), .integer(1)])])], "layer_replication"),
    ]

    @Test(arguments: refusals.indices)
    func unsupportedConfigurationsAreRefused(_ index: Int) throws {
        let (change, message) = Self.refusals[index]
        var object = JSONObject()
        let plain: KeyValuePairs<String, JSONValue> = [
            "peft_type": .string("LORA"), "r": .integer(4), "lora_alpha": .integer(8), "bias": .string("none"),
            "target_modules": .array([.string("q_proj")]),
        ]
        for (key, value) in change { object.insert(value, for: key) }
        for (key, value) in plain { object.insert(value, for: key) }
        try withTemporaryFolder { folder in
            let text = JSONValue.object(object).text()
            try Data(text.utf8).write(to: folder.appendingPathComponent("adapter_config.json"))
            let prefix = "base_model.model.model.layers.0.self_attn.q_proj.lora_"
            try SafetensorsWriter.write(
                ["\(prefix)A.weight": .zeros([4, 6]), "\(prefix)B.weight": .zeros([6, 4])],
                to: folder.appendingPathComponent("adapter_model.safetensors"))
            let error = fault { _ = try AdapterCheckpoint.read(folder) }
            #expect(error?.description.contains(message) == true, "\(message): \(error?.description ?? "no error")")
        }
    }

    /// Keys that enable nothing are accepted, whether PEFT writes them now or in later versions.
    @Test func settingsWithoutEffectAreAccepted() throws {
        let text = """
            {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": "ALL-linear", "use_dora": false,
            "loftq_config": {"loftq_bits": 4}, "eva_config": {"rho": 2.0}, "init_lora_weights": "eva",
            "revision": "main", "auto_mapping": {"base_model_class": "LlamaForCausalLM"}, "qalora_group_size": 16,
            "later": 3,
            "rank_pattern": {"^q": 1}, "layers_pattern": []}
            """
        let prefix = "base_model.model.model.layers.2.mlp.up_proj.lora_"
        let weights = try SafetensorsWriter.data([
            "\(prefix)A.weight": .zeros([4, 6]), "\(prefix)B.weight": .zeros([6, 4]),
        ])
        let read = try AdapterCheckpoint(configuration: text, weights: weights, name: "adapter")
        let target = AdapterTarget(layer: 2, module: .up)
        #expect(read.configuration.scale(of: target) == 2 && read.configuration.targetModules == [target.path])
        // The written configuration is equivalent, but lists module paths.
        let encoded = try read.encoded()
        let again = try AdapterCheckpoint(configuration: encoded.configuration, weights: encoded.weights, name: "again")
        #expect(again.configuration == read.configuration)
    }

    @Test func rulesAreAppliedToThePathsInTheFile() throws {
        let text = """
            {"r": 2, "lora_alpha": 8, "target_modules": ["q_proj"], "use_rslora": true,
            "rank_pattern": {"^layers.0.self_attn.q_proj": 4}, "alpha_pattern": {"layers\\\\.(0|1)\\\\..*": 6}}
            """
        // An adapter of a model without a head, whose paths begin with `layers`.
        func tensors(_ rank: Int, _ layer: Int) throws -> [String: Tensor] {
            let prefix = "base_model.model.layers.\(layer).self_attn.q_proj.lora_"
            return ["\(prefix)A.weight": try .zeros([rank, 6]), "\(prefix)B.weight": try .zeros([6, rank])]
        }
        let weights = try SafetensorsWriter.data(
            tensors(4, 0).merging(tensors(2, 1)) { $1 }.merging(tensors(2, 2)) { $1 })
        let read = try AdapterCheckpoint(configuration: text, weights: weights, name: "adapter").configuration
        func scale(_ layer: Int) -> Double { read.scale(of: AdapterTarget(layer: layer, module: .query)) }
        #expect(scale(0) == 3 && scale(1) == 6 / 2.0.squareRoot() && scale(2) == 8 / 2.0.squareRoot())
    }

    @Test func tensorsOfSeveralAdaptersAreRefused() throws {
        let path = "base_model.model.model.layers.0.self_attn.q_proj"
        func read(_ names: [String], _ shape: [Int] = [4, 4]) throws -> AdapterCheckpoint {
            let text = #"{"r": 4, "lora_alpha": 8, "target_modules": ["q_proj"]}"#
            let tensors = try names.map { ("\($0.hasPrefix("base") ? "" : path + ".")\($0)", try Tensor.zeros(shape)) }
            return try AdapterCheckpoint(
                configuration: text,
                weights: SafetensorsWriter.data(Dictionary(uniqueKeysWithValues: tensors)), name: "adapter")
        }
        #expect(try read(["lora_A.default.weight", "lora_B.default.weight"]).weights.count == 1)
        func message(_ names: [String], _ shape: [Int] = [4, 4]) -> String {
            fault { _ = try read(names, shape) }?.description ?? "no error"
        }
        #expect(
            message(["lora_A.default.weight", "lora_B.default.weight", "lora_A.other.weight"])
                .contains("2 adapters: default, other"))
        #expect(message(["lora_A.weight", "lora_B.default.weight"]).contains("2 adapters"))
        let headless = "base_model.model.layers.0.self_attn.q_proj.lora_"
        #expect(
            message(["lora_A.weight", "lora_B.weight", headless + "A.weight", headless + "B.weight"])
                .contains("layers of one model"))
        #expect(message(["lora_A.weight", "lora_B.weight"], [0]).contains("which are empty"))
        #expect(message([]).contains("no tensors"))
    }

    @Test(arguments: [
        "base_model.model.lm_head.lora_A.weight", "base_model.model.model.layers.x.self_attn.q_proj.lora_A.weight",
        "base_model.model.model.layers.0.self_attn.q_proj.lora_C.weight",
        "base_model.model.model.layers.0.self_attn.q_proj.weight", "model.layers.0.self_attn.q_proj.lora_A.weight",
        "base_model.model.model.layers.-1.self_attn.q_proj.lora_A.weight", "layers",
    ])
    func tensorsThatAreNotLoRAMatricesAreRefused(_ name: String) throws {
        try withTemporaryFolder { folder in
            try adapter().write(to: folder)
            try SafetensorsWriter.write(
                [name: .zeros([4, 6])], to: folder.appendingPathComponent("adapter_model.safetensors"))
            #expect(
                fault { _ = try AdapterCheckpoint.read(folder) }?.description.contains("the tensor \(name)") == true)
        }
    }

    @Test func missingFilesAreNamed() throws {
        try withTemporaryFolder { folder in
            #expect(
                fault { _ = try AdapterCheckpoint.read(folder) }?.description.contains("no adapter_config.json") == true
            )
            try Data("{}".utf8).write(to: folder.appendingPathComponent("adapter_config.json"))
            #expect(
                fault { _ = try AdapterCheckpoint.read(folder) }?.description.contains("no adapter weights") == true)
        }
    }
}

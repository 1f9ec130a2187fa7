import LLoCOBase

/// What an `adapter_config.json` says: settings, and by names and expressions which layers they are of.
///
/// Which layers there are is known from the tensors beside it; ``configuration(for:file:)`` settles the rest.
struct AdapterRules {
    /// The names of modules that a key holds.
    enum Modules {
        /// The ends of paths.
        case named([String])
        case matching(ModulePattern, text: String)
        /// Every linear layer but the head.
        case allLinear
    }

    /// With ranks and alphas by keys that may be expressions.
    let settings: AdapterConfiguration
    let targets: Modules
    let excluded: Modules?
    /// Layers' numbers; nil for all.
    let layers: [Int]?
    let ranks: [(key: ModulePattern, value: Int)]
    let alphas: [(key: ModulePattern, value: Double)]

    /// What the layers of an adapter are computed with.
    ///
    /// - Parameters:
    ///   - paths: each layer's path within the model that the adapter was trained on: `model.layers.0.self_attn.q_proj`, or
    ///     `layers.0.self_attn.q_proj` of a model without a head
    ///   - file: the weights' file, for errors
    /// - Returns: the settings as they stand where names alone say the same, else with layers named one by one
    /// - Throws: `CheckpointError` where a layer is not among those that the rules name.
    func configuration(for paths: [AdapterTarget: String], file: String) throws -> AdapterConfiguration {
        var ranks: [AdapterTarget: Int] = [:]
        var alphas: [AdapterTarget: Double] = [:]
        for (target, path) in paths.sorted(by: { $0.key < $1.key }) {
            do {
                if let expected = try objection(to: path, layer: target.layer) {
                    throw CheckpointError(.mismatch, file: file, found: "the tensor \(path)", expected: expected)
                }
                ranks[target] = try self.ranks.first { try $0.key.matchesEnd(of: path) }?.value ?? settings.rank
                alphas[target] = try self.alphas.first { try $0.key.matchesEnd(of: path) }?.value ?? settings.alpha
            } catch let fault as ModulePattern.Fault {
                throw CheckpointError(
                    .unsupported, file: file, found: "a regular expression of the configuration: \(fault.reason)")
            }
        }
        if case .named(let modules) = targets, excluded == nil {
            for module in modules where !paths.values.contains(where: { AdapterConfiguration.path($0, endsIn: module) })
            {
                throw CheckpointError(
                    .mismatch, file: file, found: "no tensor for the target module \(module)",
                    expected: "lora_A and lora_B of each")
            }
        }
        var hasNamesAlone = layers == nil && (self.ranks.map(\.key) + self.alphas.map(\.key)).allSatisfy(\.isPlain)
        if case .named = targets {} else { hasNamesAlone = false }
        if hasNamesAlone,
            paths.keys.allSatisfy({
                settings.names($0) && settings.rank(of: $0) == ranks[$0] && settings.alpha(of: $0) == alphas[$0]
            })
        {
            return settings
        }
        var settled = settings
        let layers = paths.keys.sorted()
        settled.targetModules = layers.map(\.path)
        settled.rankPattern = layers.filter { ranks[$0] != settings.rank }.map {
            .init(suffix: $0.path, value: ranks[$0]!)
        }
        settled.alphaPattern = layers.filter { alphas[$0] != settings.alpha }.map {
            .init(suffix: $0.path, value: alphas[$0]!)
        }
        return settled
    }

    /// What was to be expected in place of a layer; nil where it is among those that the rules name.
    private func objection(to path: String, layer: Int) throws -> String? {
        if let excluded, try excluded.contain(path) { return "nothing of exclude_modules" }
        if try !targets.contain(path) {
            switch targets {
            case .named(let modules): return "only the target_modules \(modules.joined(separator: ", "))"
            case .matching(_, let text): return "only the target_modules \"\(text)\""
            case .allLinear: return "only linear layers"
            }
        }
        if let layers, !layers.contains(layer) {
            return "only layers_to_transform \(layers.map(String.init).joined(separator: ", "))"
        }
        return nil
    }
}

extension AdapterRules.Modules {
    func contain(_ path: String) throws(ModulePattern.Fault) -> Bool {
        switch self {
        case .named(let modules): modules.contains { AdapterConfiguration.path(path, endsIn: $0) }
        case .matching(let pattern, _): try pattern.matches(path)
        case .allLinear: true
        }
    }
}
